"""Which encoding a text file has: found by decoding all of it once, in pieces."""

from __future__ import annotations

import codecs
import io
import re
from typing import BinaryIO, NamedTuple

from .failures import Failure, did_you_mean


__all__ = ["AUTO", "Encoding", "find_encoding"]

#: The name that asks for detection.
AUTO = "auto"

_PIECE = 1 << 20

# Byte order marks; the longer first where one begins like another.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)

# What people hand over as "the CSV" and is none.
_OTHER_FILES = (
    (b"PK\x03\x04", "an Excel workbook or another zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "a compressed file"),
    (b"%PDF-", "a PDF"),
)

# What may be the first half of a character in GB18030, or the second, and a bar.
_MAYBE_LOST = re.compile(rb"[\x81-\xfe]\|")

_COMMON = ("utf-8", "utf-16", "gb18030", "gbk", "big5", "shift_jis", "cp1252", "latin-1")


class Encoding(NamedTuple):
    """How to turn the bytes of a file into text.

    Attributes:
        name: A codec that Python knows.
        start: Where the text begins: behind the byte order mark.
    """

    name: str
    start: int


class _Undecodable(NamedTuple):
    offset: int
    line: int
    what: str


def find_encoding(file: BinaryIO, shown_name: str, wanted: str = AUTO) -> Encoding:
    """The encoding in which the whole file can be read.

    A byte order mark decides; without one it is UTF-8 if all of the file is, else GB18030
    (and so GBK and GB 2312) if all of the file is and no bars between cells get lost.

    Args:
        file: At any position; left at any position.
        shown_name: What to call the file in a message.
        wanted: The name of an encoding, or ``"auto"``.

    Raises:
        Failure: The file cannot be read so, or not at all.
    """
    file.seek(0)
    head = file.read(4096)
    if not head:
        raise Failure(f"{shown_name} is empty")
    for magic, what in _OTHER_FILES:
        if head.startswith(magic):
            raise Failure(f"{shown_name} is {what}; save it as CSV first")
    if wanted != AUTO:
        choices = [_named(head, wanted)]
    else:
        marked = [Encoding(name, len(mark)) for mark, name in _MARKS if head.startswith(mark)]
        choices = marked[:1] or [Encoding("utf-8", 0), Encoding("gb18030", 0)]
        if not marked and b"\0" in head:
            raise Failure(_about_nul_bytes(shown_name, head))
    found: list[tuple[_Undecodable, str]] = []
    for choice in choices:
        wrong = _first_undecodable(file, choice)
        if wrong is None and len(choices) > 1 and choice.name == "gb18030":
            wrong = _first_lost_bar(file)
        if wrong is None:
            return choice
        found.append((wrong, choice.name))
    # The codec that came furthest is the likeliest, and the place where it stuck the one to
    # look at.
    wrong, name = max(found)
    tried = "neither UTF-8 nor GB18030" if len(found) > 1 else f"not {name}"
    raise Failure(
        f"{shown_name} is {tried}: {wrong.what} at offset {wrong.offset:,}, "
        f"line {wrong.line:,}; name its encoding with --encoding"
    )


def _named(head: bytes, wanted: str) -> Encoding:
    """An encoding by name; a mark that belongs to it is skipped."""
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=wanted)  # refuses codecs that make no text
        name = codecs.lookup(wanted).name
    except (LookupError, ValueError):
        hint = did_you_mean(wanted, _COMMON)
        raise Failure(f"--encoding {wanted!r}: no such encoding.{hint}") from None
    family = name.removesuffix("-sig")
    for mark, marked in _MARKS:
        if head.startswith(mark) and marked.startswith(family):
            return Encoding(marked, len(mark))
    return Encoding(name, 0)


def _about_nul_bytes(shown_name: str, head: bytes) -> str:
    for order, zeros in (("le", head[1::2]), ("be", head[0::2])):
        if zeros.count(0) > len(zeros) // 2:
            return (
                f"{shown_name} holds NUL bytes like UTF-16 without its byte order mark; "
                f"if so, say --encoding utf-16-{order}"
            )
    return f"{shown_name} holds NUL bytes: it is not a CSV file, or a damaged one"


def _first_undecodable(file: BinaryIO, encoding: Encoding) -> _Undecodable | None:
    decoder = codecs.getincrementaldecoder(encoding.name)("strict")
    file.seek(encoding.start)
    offset, line = encoding.start, 1
    while True:
        piece = file.read(_PIECE)
        try:
            line += decoder.decode(piece, final=not piece).count("\n")
        except UnicodeDecodeError as error:
            # What the codec complains about begins with bytes that it kept from before.
            whole = error.object
            offset += len(piece) - len(whole) + error.start
            line += whole[: error.start].decode(encoding.name, "replace").count("\n")
            if error.end >= len(whole) and not piece:
                return _Undecodable(offset, line, "the file ends inside a character")
            return _Undecodable(offset, line, f"byte 0x{whole[error.start]:02X}")
        except UnicodeError as error:  # of codecs that do not say where
            return _Undecodable(offset, line, str(error))
        if not piece:
            return None
        offset += len(piece)


def _first_lost_bar(file: BinaryIO) -> _Undecodable | None:
    """Where GB18030 takes a bar for the second half of a character, if that must be wrong.

    Only the bar is such a half, of all delimiters: ``é|`` in Windows-1252 is one character in
    GB18030. It is wrong if more lines have as many bars as the header by their bytes than by
    their characters.
    """
    file.seek(0)
    first: _Undecodable | None = None
    header: tuple[int, int] | None = None
    offset = votes = 0
    for number, line in enumerate(file, 1):
        by_bytes = by_characters = line.count(b"|")
        if _MAYBE_LOST.search(line):
            by_characters = line.decode("gb18030").count("|")
        if by_characters < by_bytes and first is None:
            at = next(
                each for each in _MAYBE_LOST.finditer(line) if _is_lead(line, each.start())
            )
            what = f"byte 0x{line[at.start()]:02X} would swallow the bar behind it"
            first = _Undecodable(offset + at.start(), number, what)
        offset += len(line)
        if header is None and by_bytes:
            header = by_bytes, by_characters
        if header is not None:
            votes += (by_bytes == header[0]) - (by_characters == header[1])
    return first if votes > 0 else None


def _is_lead(line: bytes, index: int) -> bool:
    """Whether a byte begins a character: what ends with it is not whole."""
    try:
        line[: index + 1].decode("gb18030")
    except UnicodeDecodeError:
        return True
    return False
