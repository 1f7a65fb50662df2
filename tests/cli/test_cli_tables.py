"""CSV files as they come: encodings, delimiters, quirks, damage."""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crmid.cli.failures import Failure
from crmid.cli.tables import Table, opened


Open = Callable[..., Table]
CUSTOMERS = "name,number\n客户甲,C001\n客户乙,C002\n"


@pytest.fixture
def table(tmp_path: Path, request: pytest.FixtureRequest) -> Open:
    """A table over some bytes."""

    def made(
        content: bytes | str,
        column: str | None = "number",
        encoding: str = "auto",
        delimiter: str | None = None,
    ) -> Table:
        path = tmp_path / "t.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        file = path.open("rb")
        request.addfinalizer(file.close)
        return Table(file, "t.csv", column=column, encoding=encoding, delimiter=delimiter)

    return made


def cells(table: Table) -> list[tuple[int, str]]:
    """The column of interest, with row numbers; blank and short rows left out."""
    return [
        (row, cells[table.index])
        for batch in table.batches("")
        for row, cells in enumerate(batch.rows, batch.first)
        if len(cells) > table.index
    ]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (CUSTOMERS.encode("utf-8"), "utf-8"),
        (CUSTOMERS.encode("utf-8-sig"), "utf-8"),
        (CUSTOMERS.encode("gbk"), "gb18030"),
        (CUSTOMERS.replace("甲", "𠀀").encode("gb18030"), "gb18030"),
        ("質|number\n質|C001\n甲|C002\n".encode("gbk"), "gb18030"),  # 質 is D9 and the bar's 7C
        ("質,number\n甲,C001\n質質,C002\n".encode("gbk"), "gb18030"),
        (b"\x84\x31\x95\x33" + CUSTOMERS.encode("gb18030"), "gb18030"),
        (codecs.BOM_UTF16_LE + CUSTOMERS.encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF16_BE + CUSTOMERS.encode("utf-16-be"), "utf-16-be"),
        (codecs.BOM_UTF32_LE + CUSTOMERS.encode("utf-32-le"), "utf-32-le"),
        (codecs.BOM_UTF32_BE + CUSTOMERS.encode("utf-32-be"), "utf-32-be"),
    ],
)
def test_encodings_are_found_out(table: Open, content: bytes, encoding: str) -> None:
    found = table(content)
    assert found.encoding == encoding
    assert cells(found) == [(2, "C001"), (3, "C002")]


def test_rows_that_are_too_short_do_not_speak_against_gb18030(table: Open) -> None:
    """Where more rows have their cells by characters than by bytes."""
    found = table("\n甲|number\n質|C001\n質|C002\n質\n".encode("gbk"))
    assert found.encoding == "gb18030"
    assert cells(found) == [(3, "C001"), (4, "C002")]


@pytest.mark.parametrize(
    ("content", "asked", "encoding"),
    [
        (CUSTOMERS.encode("utf-8-sig"), "utf-8", "utf-8"),
        (CUSTOMERS.encode("utf-8-sig"), "UTF-8-SIG", "utf-8"),
        (CUSTOMERS.encode("utf-16"), "utf16", "utf-16-" + sys.byteorder[:1] + "e"),
        (CUSTOMERS.encode("utf-16-le"), "utf-16-le", "utf-16-le"),
        (codecs.BOM_UTF16_LE + CUSTOMERS.encode("utf-16-le"), "utf-16-le", "utf-16-le"),
        ("名,number\n甲,C001\n乙,C002\n".encode("big5"), "big5", "big5"),
        ("name,number\nMüller,C001\nMeier,C002\n".encode("cp1252"), "cp1252", "cp1252"),
    ],
)
def test_an_encoding_can_be_named(
    table: Open, content: bytes, asked: str, encoding: str
) -> None:
    found = table(content, encoding=asked)
    assert found.encoding == encoding
    assert cells(found) == [(2, "C001"), (3, "C002")]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_character_may_lie_across_pieces(
    table: Open, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crmid.cli.encodings._PIECE", 7)
    content = "number\n" + "客户甲乙丙\n" * 50
    found = table(content.encode(encoding))
    assert found.encoding == encoding
    assert len(cells(found)) == 50


@pytest.mark.parametrize(
    ("content", "how", "says"),
    [
        (b"", {}, "t.csv is empty"),
        (b"PK\x03\x04rest", {}, "t.csv is an Excel workbook or another zip archive; save"),
        (b"\x1f\x8b", {}, "a compressed file"),
        (b"number\nC\xff\n", {}, "neither UTF-8 nor GB18030: byte 0xFF at offset 8, line 2;"),
        (b"number\n\n\nC\xe5", {}, "ends inside a character at offset 10, line 4;"),
        (
            b"name|number\nRen\xe9|C001\nBob|C002\n",
            {},
            "neither UTF-8 nor GB18030: byte 0xE9 would swallow the bar behind it at offset",
        ),
        (b"pr\xe9nom\xe9|number\nR\xfcn\xe9|C001\nBob|C002\n", {}, "at offset 6, line 1;"),
        (
            b"a|b|number\nZo\xe9\xe9|Ren\xe9|C001\n",
            {},
            "offset 19, line 2; name its encoding with --encoding",
        ),
        (b"number\nC\xff\n", {"encoding": "utf-8"}, "is not utf-8: byte 0xFF at offset 8,"),
        (codecs.BOM_UTF8 + b"n\n\xff", {}, "is not utf-8: byte 0xFF at offset 5, line 2;"),
        (b"n\n", {"encoding": "utf-88"}, "no such encoding. Did you mean 'utf-8'?"),
        (b"n\n", {"encoding": "rot13"}, "--encoding 'rot13': no such encoding."),
        (b"n\n", {"encoding": "a\0b"}, "no such encoding."),
        (b"n\n", {"encoding": "undefined"}, "is not undefined: undefined encoding at offset 0"),
        ("number\n".encode("utf-16-le"), {}, "if so, say --encoding utf-16-le"),
        ("number\n".encode("utf-16-be"), {}, "if so, say --encoding utf-16-be"),
        (b"number\nC\0", {}, "t.csv holds NUL bytes: it is not a CSV file, or a damaged one"),
        (b"\n\n,\n", {}, "t.csv has no header row, nor any other"),
        (b'"number\nC001\n', {}, "t.csv: row 1: a quote opens here and is never closed"),
        (b"name,nr\n", {}, "t.csv has no column 'number'; it has 'name' and 'nr'."),
        (b"Number;nr\n", {}, "has no column 'number'; it has 'Number' and 'nr'. Did you mean"),
        (b"number,number\n", {}, "t.csv: 2 columns are called 'number'"),
        (b"number,\n", {"column": ""}, "no column ''; it has 'number'"),
        (b"number\n", {"delimiter": "::"}, "--delimiter '::': say one character, or tab"),
        (b"number\n", {"delimiter": '"'}, "say one character"),
        (b"number\n", {"delimiter": ""}, "say one character"),
        ((",".join(f"c{n}" for n in range(99)) + "\n").encode(), {}, "'c29' and …"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_line(
    table: Open, content: bytes, how: dict[str, str], says: str
) -> None:
    with pytest.raises(Failure) as caught:
        table(content, **how)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.status == 2


def test_a_column_must_be_named_only_where_there_are_several(table: Open) -> None:
    assert table("number\nC001\n", None).column == "number"
    assert table(";number;\n;C001;\n", None, delimiter=";").column == "number"
    with pytest.raises(Failure, match=r"say which --column .* it has 'a' and 'b'"):
        table("a,b\n", None)


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("number,name\nC001,x\n", ","),
        ("number;name, first\nC001;x\n", ";"),
        ("number\tname\nC001\tx\n", "\t"),
        ("number|name\nC001|x\n", "|"),
        ('"number";"name, first, last"\nC001;x\n', ";"),
        ("a,b,c,d;number\nx;C001\n", ";"),
        ("number\nC001\n", ","),
        ('sep=;\r\nnumber;"a,b,c,d"\r\nC001;x\r\n', ";"),
        ("\ufeffSEP=|\nnumber|a,b\nC001|x\n", "|"),
        ('"sep=\t"\nnumber\ta,b\nC001\tx\n', "\t"),
    ],
)
def test_delimiters_are_found_out(table: Open, content: str, delimiter: str) -> None:
    found = table(content)
    assert found.delimiter == delimiter
    assert cells(found) == [(2, "C001")]


@pytest.mark.parametrize(
    ("said", "delimiter"), [("tab", "\t"), ("\\t", "\t"), ("\t", "\t"), ("Semicolon", ";")]
)
def test_a_delimiter_can_be_named(table: Open, said: str, delimiter: str) -> None:
    content = f"number{delimiter}x,y,z\nC001{delimiter}2\n"
    assert cells(table(content, delimiter=said)) == [(2, "C001")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_are_numbered_as_a_spreadsheet_does(table: Open, end: str) -> None:
    content = 'number,note\nC001,\n\nC002,"two\nlines"\n,\nC003,"a ""b"""\nC004,12" pipe'
    found = table(content.replace("\n", end))
    assert cells(found) == [(2, "C001"), (4, "C002"), (5, ""), (6, "C003"), (7, "C004")]


def test_blank_rows_above_the_header_count(table: Open) -> None:
    assert cells(table("\n,\nnumber,x\nC001,\n")) == [(4, "C001")]


def test_a_pass_can_be_made_again(table: Open) -> None:
    found = table("number\n" + "C001\n" * 10_000)
    assert cells(found) == cells(found) == [(n + 2, "C001") for n in range(10_000)]


def test_a_change_between_passes_is_noticed(table: Open, tmp_path: Path) -> None:
    found = table("number\nC001\n")
    cells(found)
    (tmp_path / "t.csv").write_bytes(b"number\nC001\nC002\n")
    with pytest.raises(Failure, match=r"changed while it was read") as caught:
        cells(found)
    assert caught.value.status == 1


def test_a_reader_that_lost_its_place_stops(table: Open) -> None:
    found = table('number,note\nC001,\nC002,"' + "x" * 200_000 + "\n")
    with pytest.raises(Failure, match=r"row 3: a cell of more than 131,072 characters; is a"):
        cells(found)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path, says in [
        (str(tmp_path / "gone.csv"), "No such file"),
        (str(tmp_path), "directory"),
        ("a\0b", "null"),
    ]:
        with pytest.raises(Failure, match=rf"^cannot read .*{says}"), opened(path):
            pass


def test_standard_input_is_read_several_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"number\nC001\n")))
    with opened("-") as file:
        found = Table(file, "standard input")
        assert cells(found) == cells(found) == [(2, "C001")]
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(Failure, match=r"standard input is closed"), opened("-"):
        pass


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_read_several_times() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"number\nC001\n")
    os.close(writing)
    with opened(f"/dev/fd/{reading}") as file:
        found = Table(file, "pipe")
        assert cells(found) == cells(found) == [(2, "C001")]
    os.close(reading)
