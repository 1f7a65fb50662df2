"""The scheme that a command line describes."""

from __future__ import annotations

import argparse

from crmid import Scheme
from crmid.errors import shown

from .failures import Failure, did_you_mean


__all__ = ["scheme_of"]


def scheme_of(options: argparse.Namespace, name: str | None = None) -> Scheme:
    """The scheme.

    Args:
        options: ``template`` and ``tz``.
        name: What a store calls it; a scheme that meets no store needs no name.

    Raises:
        Failure: There is no such time zone.
        InvalidScheme: The template cannot work.
    """
    if options.tz != "UTC":
        from zoneinfo import ZoneInfo, available_timezones

        try:
            ZoneInfo(options.tz)
        except (LookupError, OSError, ValueError):
            hint = did_you_mean(options.tz, available_timezones())
            raise Failure(f"--tz {shown(options.tz)}: no such time zone.{hint}") from None
    return Scheme("this template" if name is None else name, options.template, tz=options.tz)
