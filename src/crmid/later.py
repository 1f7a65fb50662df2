"""Names of a package that are loaded when they are first asked for (PEP 562).

Plain imports would be simpler. But all of crmid takes three times as long to load as attrs,
and a program that only parses numbers, or catches an error, needs a small part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from sys import modules
from typing import Any


__all__ = ["loader"]


def loader(package: str, homes: Mapping[str, Iterable[str]]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a package.

    Args:
        package: Its name.
        homes: The names in each of its modules; an empty list for the module itself.
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def __getattr__(name: str) -> Any:  # noqa: N807 - it becomes that of the package
        if name in home_of:
            value = getattr(import_module(f"{package}.{home_of[name]}"), name)
        elif name in homes:
            value = import_module(f"{package}.{name}")
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        setattr(modules[package], name, value)  # the next time it is found without this
        return value

    return __getattr__
