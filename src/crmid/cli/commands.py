"""``crmid check`` and ``crmid explain``: look at numbers that exist."""

from __future__ import annotations

import argparse
import sys

from crmid.errors import shown

from .checking import Check
from .failures import FINE, WRONG, Failure, named
from .progress import Progress
from .reports import JsonReport, LineReport, Report
from .schemes import scheme_of
from .tables import Table, opened


__all__ = ["check", "explain"]


def check(options: argparse.Namespace) -> int:
    """Check one column of a CSV file and report what is wrong with it.

    Args:
        options: ``template``, ``file``, ``column``, ``delimiter``, ``encoding``, ``tz``,
            ``json``, ``show``.

    Returns:
        The exit status.
    """
    scheme = scheme_of(options)
    name = "standard input" if options.file == "-" else named(options.file)
    progress = Progress(sys.stderr)
    report: Report
    if options.json:
        report = JsonReport(sys.stdout, options.file)
    else:
        report = LineReport(sys.stdout, progress, options.show)
    with opened(options.file) as file:
        table = Table(
            file,
            name,
            column=options.column,
            delimiter=options.delimiter,
            encoding=options.encoding,
            progress=progress,
        )
        if options.column is None and scheme.is_valid(table.column):
            # Else the first number of a file without a header would pass for its header.
            raise Failure(
                f"{name}: the first row reads {shown(table.column)}, which is a number itself; "
                "put a header over it, or say --column if it is the header"
            )
        report.begin(table)
        found = Check(scheme, table.index, details=options.json)
        return _checked(found, table, report, progress)


def _checked(found: Check, table: Table, report: Report, progress: Progress) -> int:
    repeated = False
    try:
        for batch in table.batches("checking"):
            report.faults(found.feed(batch))
        for repeat in found.repeats(lambda: table.batches("repeats")):
            report.repeat(repeat, found.cleaned(repeat.rows))
            repeated = True
    except Failure as failure:
        report.fail(found, str(failure))
        raise
    finally:
        progress.clear()
    report.end(found)
    return WRONG if found.invalid or repeated else FINE


def explain(options: argparse.Namespace) -> int:
    """Draw what a number is made of, or what is wrong with it.

    Args:
        options: ``template``, ``number``, ``tz``.

    Returns:
        The exit status.
    """
    scheme = scheme_of(options)
    sys.stdout.write(scheme.explain(options.number).rstrip("\n") + "\n")
    return FINE if scheme.is_valid(options.number) else WRONG
