"""Many numbers at once: a sheet of bytes, written column by column and cut into rows.

That takes a few steps for each column of a few thousand rows, not for each number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from crmid.checkdigits import CheckSystem, System
from crmid.parts import CheckCharacters, Fixed, Random, SequenceNumber, Ulid
from crmid.scheme.layout import Layout


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
        sheet = _Sheet(len(run))
        these = slice(len(found), len(found) + len(run))
        for part, variable in zip(layout.parts, layout.variables, strict=True):
            begin = len(sheet.row)
            match part:
                case Fixed():
                    sheet.row += part.text.encode()
                case SequenceNumber():
                    sheet.digits(run, width)
                case Random():
                    sheet.texts(randoms[these])
                case Ulid():
                    sheet.texts(ulids[these])
                case CheckCharacters():
                    sheet.checks(layout, part.system)
                case _:
                    sheet.row += fixed[variable].encode()
            sheet.spans.append(range(begin, len(sheet.row)))
        found += sheet.rows()
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
class _Sheet:
    """Rows of one width.

    Attributes:
        count: How many rows.
        row: What stands in each row, with any byte where a column goes.
        columns: Bytes that differ by row, by their place in the row.
        spans: The places of each part that is written.
    """

    count: int
    row: bytearray = attrs.field(factory=bytearray)
    columns: dict[int, bytes] = attrs.field(factory=dict[int, bytes])
    spans: list[range] = attrs.field(factory=list[range])

    def column(self, column: bytes) -> None:
        """One more column."""
        self.columns[len(self.row)] = column
        self.row += b"."

    def digits(self, values: range, width: int) -> None:
        """The digits of numbers, as many for each."""
        if values.step > 1:
            self.texts([f"{value:0{width}d}" for value in values])
            return
        first, last = f"{values[0]:0{width}d}", f"{values[-1]:0{width}d}"
        same = 0
        while same < width and first[same] == last[same]:
            same += 1
        self.row += first[:same].encode()
        for place in range(width - same - 1, -1, -1):
            self.column(_digit(values, place))

    def texts(self, texts: Sequence[str]) -> None:
        """ASCII texts of the same length, one for each row."""
        joined = "".join(texts).encode()
        for place in range(len(texts[0])):
            self.column(joined[place :: len(texts[0])])

    def checks(self, layout: Layout, system: CheckSystem) -> None:
        """The check characters over what was written before."""
        known = system.alphabet.encode()
        row, columns = self.row, self.columns
        over = [
            columns.get(place) or bytes(row[place : place + 1])
            for index in layout.covered
            for place in self.spans[index]
            if place in columns or row[place] in known
        ]
        lanes = system.lanes() if isinstance(system, System) else None
        if max(map(len, over)) == 1:
            row += layout.check_characters(b"".join(over).decode()).encode()
        elif lanes is None:
            payloads = _Sheet(self.count, bytearray(len(over)))
            payloads.columns |= {n: c * (self.count // len(c)) for n, c in enumerate(over)}
            self.texts(list(map(layout.check_characters, payloads.rows())))
        else:
            states, _ = lanes.run(over)
            for codes in lanes.checks:
                self.column(states.translate(codes))

    def rows(self) -> list[str]:
        """The rows as texts."""
        row = self.row + b"\n"  # which no number holds
        sheet = row * self.count
        for place, column in self.columns.items():
            sheet[place :: len(row)] = column
        rows = sheet.decode().split("\n")
        rows.pop()
        return rows


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
