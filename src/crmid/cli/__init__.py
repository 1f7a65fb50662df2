"""The command line: thin over the library, and never imported by it."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import sys
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import NoReturn, TextIO

from crmid import __version__
from crmid.errors import CrmidError, InvalidScheme, InvalidValue, shown

from .commands import check, explain
from .encodings import AUTO
from .failures import FINE, INTERRUPTED, PIPE_CLOSED, WRONG, WRONG_USAGE, Failure
from .issuing import issue


__all__ = ["main"]

_STATUS = (
    "exit status: 0 everything is fine; 1 something is wrong with the numbers, or it cannot "
    "be done now; 2 the command or its file is not usable"
)
_DIGITS = 15
_DASHED = re.compile("-[^-h]")


class _Parser(argparse.ArgumentParser):
    """Complains in one line, like the rest of the program."""

    def error(self, message: str) -> NoReturn:
        raise Failure(f"{message} (see {self.prog} --help)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: The arguments after the program's name; those of the process if left out.

    Returns:
        The exit status.
    """
    try:
        status = _run(argv)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _forget_output()
        return PIPE_CLOSED
    except OSError as error:
        _forget_output()
        return _complain(f"{error.strerror or error}", WRONG)
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _run(argv: Sequence[str] | None) -> int:
    if sys.stdout is None:  # as after ``>&-``: numbers would be issued to nobody
        return _complain("standard output is closed", WRONG)
    _lenient(sys.stdout)
    try:
        options = _options(argv)
        return int(options.run(options))
    except SystemExit as done:  # argparse, after --help and --version
        return int(done.code or FINE)
    except Failure as failure:
        return _complain(str(failure), failure.status)
    except InvalidScheme as error:
        return _complain(error.diagram() if error.template else str(error), WRONG_USAGE)
    except CrmidError as error:
        return _complain(str(error), WRONG_USAGE if isinstance(error, InvalidValue) else WRONG)


def _lenient(out: TextIO) -> None:
    """A terminal that knows no Chinese shows an escape; that beats a traceback."""
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors="backslashreplace")


def _complain(message: str, status: int) -> int:
    if sys.stderr is not None:
        first = "crmid: "
        # The lines of a drawing stay in place under each other.
        lines = message.replace("\n", "\n" + " " * len(first))
        sys.stderr.write(f"{first}{lines}\n")
    return status


def _forget_output() -> None:
    """Let the interpreter not try, and fail, once more at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    try:
        options, rest = parser.parse_known_args(argv)
    except Failure as failure:
        hint = _dashes(sys.argv[1:] if argv is None else argv)
        raise Failure(f"{failure}{hint * (' required: ' in str(failure))}") from None
    # argparse leaves positional arguments behind that come after an option.
    while options.run is issue and rest and not rest[0].startswith("-"):
        options.fields.append(rest.pop(0))
    if rest:
        options.parser.error(f"no such argument: {' '.join(map(shown, rest))}")
    return options


def _dashes(argv: Sequence[str]) -> str:
    """What to do about a template or a number that passed for an option, if there is one."""
    before = takewhile("--".__ne__, argv)  # no option but -h has a single dash
    dashed = next(filter(_DASHED.match, before), None)
    return "" if dashed is None else f"; put -- before {shown(dashed)}: it is no option"


def _parser() -> _Parser:
    parser = _Parser(
        prog="crmid",
        description="Numbers for business records: issue them, check them, explain them.",
        epilog=_STATUS,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"crmid {__version__}")

    def help_alone(_: argparse.Namespace) -> int:
        parser.print_help()
        return FINE

    parser.set_defaults(run=help_alone, parser=parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], about: str) -> _Parser:
        made = commands.add_parser(
            name, help=about, description=about, epilog=_STATUS, allow_abbrev=False
        )
        made.set_defaults(run=run, parser=made)
        made.add_argument(
            "template",
            metavar="TEMPLATE",
            help="what a number looks like: 'C{dept:n3}-{seq:n5}'",
        )
        made.add_argument(
            "--tz", default="UTC", metavar="ZONE", help="the zone of printed times (UTC)"
        )
        return made

    _issue_arguments(command("issue", issue, "Print new numbers, one a line."))
    _check_arguments(command("check", check, "Check a column of a CSV file."))
    explaining = command("explain", explain, "Draw what a number is made of.")
    explaining.add_argument("number", metavar="NUMBER", help="the text in question")
    return parser


def _issue_arguments(parser: _Parser) -> None:
    parser.add_argument(
        "fields",
        nargs="*",
        default=[],
        metavar="FIELD=VALUE",
        help="the given parts: dept=1 tier=A",
    )
    parser.add_argument("--name", metavar="NAME", help="what the store calls the counter")
    parser.add_argument(
        "--count", type=_at_least(1), default=1, metavar="N", help="how many (1)"
    )
    parser.add_argument(
        "--store", metavar="FILE", help="the SQLite file of the counters; made if missing"
    )
    parser.add_argument(
        "--at", metavar="TIME", help="the instant to print, like 2026-01-31T08:00 (now)"
    )


def _check_arguments(parser: _Parser) -> None:
    parser.add_argument("file", metavar="FILE", help="a CSV file; - is standard input")
    parser.add_argument("--column", metavar="NAME", help="the header over the numbers")
    parser.add_argument("--delimiter", metavar="CHARACTER", help="found out if left out")
    parser.add_argument(
        "--encoding", default=AUTO, metavar="NAME", help="UTF-8, UTF-16, GBK are found out"
    )
    parser.add_argument(
        "--json", action="store_true", help="one JSON document with every fault"
    )
    parser.add_argument(
        "--show",
        type=_at_least(0),
        default=20,
        metavar="N",
        help="how many faults of each sort to show; 0 shows all (20)",
    )


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) <= _DIGITS and int(text) >= least:
            return int(text)
        raise argparse.ArgumentTypeError(f"{shown(text)} is not a whole number from {least}")

    return number
