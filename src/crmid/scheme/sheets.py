"""Many numbers at once: a sheet of bytes, written column by column and cut into rows.

That takes a few steps for each column of a few thousand rows, not for each number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from crmid.checkdigits import System
from crmid.parts import CheckCharacters, Fixed, Random, SequenceNumber, Ulid

from .layout import Layout


__all__ = ["numbers"]

_ROWS = 8_192  # on one sheet: it stays in the processor's cache

# The k-th digit of consecutive numbers comes round again after 10**(k + 1) of them.
_CYCLES = [b"".join(b"%d" % digit * 10**k for digit in range(10)) for k in range(4)]


def numbers(
    layout: Layout,
    fixed: Mapping[str, str],
    values: range,
    randoms: Sequence[str],
    ulids: Sequence[str],
) -> list[str]:
    """Numbers that differ by what is drawn for them.

    Args:
        layout: The parts.
        fixed: The texts of given values and of time parts, by variable; see :class:`Layout`.
        values: The sequence numbers, one for each number, if the scheme has any.
        randoms: The random texts, likewise.
        ulids: The ULIDs, likewise.

    Raises:
        InvalidValue: A check character system refuses what it is to check.
    """
    found: list[str] = []
    for run, width in _runs(layout, values or range(len(randoms) or len(ulids))):
        strips: list[_Strip] = []
        these = slice(len(found), len(found) + len(run))
        for part, variable in zip(layout.parts, layout.variables, strict=True):
            strip = _Strip(len(run))
            match part:
                case Fixed():
                    strip.row += part.text.encode()
                case SequenceNumber():
                    strip.digits(run, width)
                case Random() | Ulid():
                    texts = randoms if isinstance(part, Random) else ulids
                    strip.texts(texts[these])
                case CheckCharacters():
                    strip.checks(layout, strips)
                case _:
                    strip.row += fixed[variable].encode()
            strips.append(strip)
        found += _joined(strips).rows()
    return found


def _runs(layout: Layout, values: range) -> Iterator[tuple[range, int]]:
    """The values of one sheet each, and how many digits all of them have."""
    sequence = layout.sequence
    while values:
        size, width = _ROWS, 0
        if sequence is not None:
            width = max(sequence.low, len(str(values[0])))
            size = min(size, len(range(values[0], 10**width, values.step)))
        yield values[:size], width
        values = values[size:]


@attrs.define
class _Strip:
    """Some neighbouring columns of a sheet.

    Attributes:
        count: How many rows.
        row: What stands in each row, with any byte where a column goes.
        columns: Bytes that differ by row, and where in the row they stand.
    """

    count: int
    row: bytearray = attrs.field(factory=bytearray)
    columns: list[tuple[int, bytes]] = attrs.field(factory=list[tuple[int, bytes]])

    def column(self, column: bytes) -> None:
        """One more column."""
        self.columns.append((len(self.row), column))
        self.row += b"."

    def digits(self, values: range, width: int) -> None:
        """The digits of numbers, as many for each."""
        if values.step > 1:
            self.texts([f"{value:0{width}d}" for value in values])
            return
        for place in reversed(range(width)):
            if values[0] // 10**place == values[-1] // 10**place:
                self.row += b"%d" % (values[0] // 10**place % 10)
            else:
                self.column(_digit(values, place))

    def texts(self, texts: Sequence[str]) -> None:
        """ASCII texts of the same length, one for each row."""
        joined = "".join(texts).encode()
        for place in range(len(texts[0])):
            self.column(joined[place :: len(texts[0])])

    def checks(self, layout: Layout, strips: Sequence[_Strip]) -> None:
        """The check characters over what was written before."""
        known = layout.check.system.alphabet.encode() if layout.check else b""
        over: list[_Strip] = []
        for index in layout.covered:
            strip = strips[index]
            if isinstance(layout.parts[index], Fixed):
                strip = _Strip(self.count, bytearray(c for c in strip.row if c in known))
            over.append(strip)
        payloads = _joined(over)
        system = layout.check.system if layout.check else None
        lanes = system.lanes() if isinstance(system, System) else None
        if not payloads.columns:
            self.row += layout.check_characters(payloads.row.decode()).encode()
        elif lanes is None:
            self.texts(list(map(layout.check_characters, payloads.rows())))
        else:
            varying = dict(payloads.columns)
            columns = [varying.get(n, bytes([c])) for n, c in enumerate(payloads.row)]
            states, _ = lanes.run(columns)
            for codes in lanes.checks:
                self.column(states.translate(codes))

    def written(self) -> bytearray:
        """The rows, each with a line feed, which no number holds."""
        self.row += b"\n"
        sheet = self.row * self.count
        for place, column in self.columns:
            sheet[place :: len(self.row)] = column
        return sheet

    def rows(self) -> list[str]:
        """The rows as texts."""
        rows = self.written().decode().split("\n")
        rows.pop()
        return rows


def _joined(strips: Sequence[_Strip]) -> _Strip:
    joined = _Strip(strips[0].count)
    for strip in strips:
        joined.columns += [(len(joined.row) + place, column) for place, column in strip.columns]
        joined.row += strip.row
    return joined


def _digit(values: range, place: int) -> bytes:
    """One digit of consecutive numbers; ``place`` 0 is that of the ones."""
    first, count = values[0], len(values)
    if place < len(_CYCLES):
        cycle = _CYCLES[place]
        first %= len(cycle)
        return (cycle * ((first + count) // len(cycle) + 1))[first : first + count]
    power = 10**place
    ends = [*range((first // power + 1) * power, values[-1] + 1, power), values[-1] + 1]
    begins = [first, *ends[:-1]]
    return b"".join(
        b"%d" % (begin // power % 10) * (end - begin)
        for begin, end in zip(begins, ends, strict=True)
    )
