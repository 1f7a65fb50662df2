"""``crmid issue``: print new numbers, as many as asked for."""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from crmid import IdGenerator, Scheme, SQLiteStore
from crmid.errors import CrmidError, InvalidValue, shown

from .failures import FINE, WRONG, Failure, did_you_mean, listed
from .schemes import scheme_of


__all__ = ["issue"]

# Issued, and written, together: few enough that little is lost when the power fails between
# the two, many enough that a store need not be asked for each number.
_CHUNK = 1000
_PLAIN_NUMBER = re.compile(r"0|[1-9][0-9]{,17}")


def issue(options: argparse.Namespace) -> int:
    """Issue numbers and print them, one a line.

    Args:
        options: ``template``, ``fields``, ``name``, ``count``, ``store``, ``tz``, ``at``.

    Returns:
        The exit status.
    """
    scheme = scheme_of(options, options.name)
    given = _fields(options.fields, scheme)
    at = None if options.at is None else _instant(options.at, options.tz)
    with contextlib.ExitStack() as stack:
        store = None
        if scheme.capacity is not None:
            if options.name is None or options.store is None:
                raise Failure(
                    "this template counts: say --store FILE, where the counter is kept, and "
                    "--name NAME, what it is called there"
                )
            store = stack.enter_context(contextlib.closing(SQLiteStore(options.store)))
        new_number = stack.enter_context(IdGenerator(scheme, store))
        _use_utf8_if_needed(sys.stdout, options.template)
        issued = 0
        while issued < options.count:
            wanted = min(_CHUNK, options.count - issued)
            try:
                texts = _take(new_number, wanted, at, given)
            except CrmidError as error:
                if not issued:
                    raise
                before = f"{issued:,} of {options.count:,} numbers were issued before"
                raise Failure(f"{error} ({before})", WRONG) from error
            sys.stdout.write("\n".join(texts) + "\n")
            sys.stdout.flush()
            issued += len(texts)
    return FINE


def _take(
    new_number: IdGenerator, count: int, at: datetime | None, given: dict[str, str | int]
) -> list[str]:
    """The next numbers; ``given`` is left as the scheme takes it."""
    refused: dict[str, InvalidValue] = {}
    while True:
        try:
            return new_number.generate_many(count, at=at, **given)
        except InvalidValue as error:
            # Nothing was issued. ``dept=1`` is the text '1', which three digits do not take;
            # the number 1 they pad. A zero typed in front belongs to a code and stays.
            value = given.get(error.field)
            if error.field in refused:
                raise refused[error.field] from None
            if not isinstance(value, str) or not _PLAIN_NUMBER.fullmatch(value):
                raise
            refused[error.field] = error
            given[error.field] = int(value)


def _fields(words: Sequence[str], scheme: Scheme) -> dict[str, str | int]:
    """``["dept=1", "tier=A"]`` as values by name."""
    given: dict[str, str | int] = {}
    known = scheme.given
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise Failure(f"{shown(word)} is not of the form field=value")
        if name in scheme.names and name not in known:
            other = "; another instant is said with --at" * (name == "time")
            raise Failure(f"{name} is not given but made with each number{other}")
        if name not in known:
            fields = f"its fields are {listed(known)}" if known else "it has none"
            hint = did_you_mean(name, known)
            raise Failure(f"the template has no field {shown(name)}; {fields}.{hint}")
        if name in given:
            raise Failure(f"field {name} is given twice")
        given[name] = value
    return given


def _instant(text: str, zone: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Failure(f"--at {shown(text)}: not like 2026-01-31T08:00 or 2026-01-31") from None
    # Without an offset it is a time of the zone in which it will be printed.
    return at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(zone))


def _use_utf8_if_needed(out: TextIO, template: str) -> None:
    """Numbers are data: where the locale cannot write them, they are UTF-8, not escapes."""
    if isinstance(out, io.TextIOWrapper):
        try:
            template.encode(out.encoding)
        except UnicodeEncodeError:
            out.reconfigure(encoding="utf-8")
