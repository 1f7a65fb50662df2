"""What the stores of all SQL engines accept, and how it is checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crmid.errors import InvalidValue, shown

from .plans import Dialect
from .sync.sources import Borrowed, Made, Source


__all__ = ["checked_schema", "checked_timeout", "connector", "source_of"]

_A_DAY = 86_400


def source_of(dialect: Dialect, source: Any) -> Source:
    """Where connections come from, by what was handed in.

    Args:
        dialect: The engine.
        source: A pool, an engine of SQLAlchemy, a connection of Django, or a function.
    """
    source = getattr(source, "pool", None) or source if _is_django(source) else source
    if hasattr(source, "getconn"):  # psycopg_pool
        return Borrowed(
            dialect, lambda wait: source.getconn(timeout=wait), source.putconn, source.putconn
        )
    if hasattr(source, "raw_connection"):  # SQLAlchemy
        return Borrowed(
            dialect,
            lambda _: source.raw_connection(),
            lambda holder: holder.close(),
            lambda holder: holder.invalidate(),
        )
    if _is_django(source):
        return Made(dialect, lambda: source.get_new_connection(source.get_connection_params()))
    return Made(dialect, connector(source))


def connector(source: Any) -> Callable[[], Any]:
    """A function that connects, or an error that says what could stand in its place.

    Raises:
        TypeError: It cannot be called.
    """
    if callable(source):
        return source  # type: ignore[no-any-return] # what it returns shows when it is used
    raise TypeError(
        "source must be a function that connects, a pool, an engine or the driver's own "
        f"description of a database, not {type(source).__name__}"
    )


def _is_django(source: Any) -> bool:
    return hasattr(source, "get_new_connection")


def checked_timeout(timeout: object) -> float:
    """Seconds, as a float.

    Raises:
        InvalidValue: Not from 0 to a day.
        TypeError: Not a number.
    """
    if not isinstance(timeout, (int, float)) or isinstance(timeout, bool):
        raise TypeError(f"timeout must be a number of seconds, not {shown(timeout)}")
    if not 0 <= timeout <= _A_DAY:  # NaN is refused too
        raise InvalidValue("timeout", f"{shown(timeout)} is not from 0 to {_A_DAY:,} seconds")
    return float(timeout)


def checked_schema(schema: str | None) -> str | None:
    """A name that can be quoted.

    Raises:
        InvalidValue: Empty, too long, or with characters that names do not have.
        TypeError: Not a text.
    """
    if schema is None:
        return None
    if not isinstance(schema, str):  # pyright: ignore[reportUnnecessaryIsInstance] # callers may be untyped
        raise TypeError(f"schema must be a str, not {shown(schema)}")
    good = schema.isprintable() and not set(schema) & set('%{}"`.\\')
    if not good or not 0 < len(schema.encode()) < 64:
        raise InvalidValue("schema", f"{shown(schema)} is no name of a schema")
    return schema
