"""Bulk answers are those of one text at a time, on any input."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmid import checkdigits
from crmid.alphabets import Alphabet
from crmid.checkdigits import LUHN, MOD11_2, System
from crmid.errors import InvalidCharacter, InvalidNumber

from .samples import IDS, SYSTEMS, payloads, texts


T = TypeVar("T")

every_system = pytest.mark.parametrize("system", SYSTEMS, ids=IDS)


def outcome(action: Callable[[], Any]) -> object:
    """What comes out, or what is raised, with the text that is meant."""
    try:
        return action()
    except InvalidNumber as error:
        return type(error), error.args


def one_by_one(function: Callable[[str], T], many: list[str]) -> list[T]:
    """What a function says of each text; it is asked once for those that are alike."""
    known: dict[str, T] = {}
    for text in many:
        if text not in known:
            known[text] = function(text)
    return [known[text] for text in many]


@cache
def few_rows(system: System) -> st.SearchStrategy[list[str]]:
    alike = payloads(system).map(system.append)
    return st.lists(st.one_of(alike, texts(system)), min_size=1, max_size=6)


TIMES = st.sampled_from([1, 10, 50])


@st.composite
def rows(draw: st.DrawFn, system: System) -> list[str]:
    """Many rows: of one width or of several, good and hostile ones, enough for lanes."""
    few = draw(few_rows(system))
    more = draw(st.lists(st.sampled_from(few), max_size=20))
    return (few + more) * draw(TIMES)


@every_system
@settings(max_examples=12)
@given(data=st.data())
def test_many_verdicts_are_the_verdicts(system: System, data: st.DataObject) -> None:
    many = data.draw(rows(system))
    expected = one_by_one(system.is_valid, many)
    assert system.is_valid_many(many) == expected
    assert system.is_valid_many(tuple(many)) == expected
    assert system.is_valid_many(iter(many)) == expected


@every_system
@settings(max_examples=12)
@given(data=st.data())
def test_many_check_characters_are_the_check_characters(
    system: System, data: st.DataObject
) -> None:
    many = data.draw(rows(system))
    verdicts = one_by_one(system.is_valid, many)
    good = [
        text[: -system.check_length]
        for text, valid in zip(many, verdicts, strict=True)
        if valid
    ]
    assert system.compute_many(good) == one_by_one(system.compute, good)
    expected = outcome(lambda: one_by_one(system.compute, many))
    assert outcome(lambda: system.compute_many(many)) == expected
    assert outcome(lambda: system.compute_many(iter(many))) == expected


@every_system
@settings(max_examples=12)
@given(data=st.data())
def test_a_blob_of_lines_is_its_lines(system: System, data: st.DataObject) -> None:
    many = [
        text.replace("\n", "").encode("utf-8", "replace").decode()
        for text in data.draw(rows(system))
    ]
    blob = "".join(f"{text}\n" for text in many).encode()
    expected = one_by_one(system.is_valid, many)
    assert system.is_valid_many(blob) == expected
    if many[-1]:
        assert system.is_valid_many(blob[:-1]) == expected
    lines = outcome(lambda: one_by_one(system.compute, many))
    assert outcome(lambda: system.compute_many(blob)) == lines


@every_system
@pytest.mark.parametrize("width", [130, 1023, 1024, 1025])
def test_wide_rows_are_like_others(system: System, width: int) -> None:
    """The widest ones that go together have 1,024 characters."""
    payload = (system.alphabet * width)[: width - system.check_length]
    good = payload + system.compute(payload) if system.takes(len(payload)) else payload
    wrong = [
        good[:place] + character + good[place + 1 :]
        for place in range(0, len(good), 31)
        for character in (system.alphabet[0], "é", "_", "\n")
    ]
    many = [good, *wrong, good] * 3
    assert system.is_valid_many(many) == one_by_one(system.is_valid, many)
    plain = [good, *wrong[::4], good] * 3
    assert system.is_valid_many(plain) == one_by_one(system.is_valid, plain)


@pytest.mark.parametrize("count", [31, 32, 33, 4095, 4096, 4097, 8192, 10_000])
@pytest.mark.parametrize("kind", [list, tuple, iter])
def test_blocks_join_without_a_seam(count: int, kind: Callable[[list[str]], Any]) -> None:
    payloads_ = [f"{n:05}" for n in range(count)]
    numbers = [
        payload + check
        for payload, check in zip(payloads_, LUHN.compute_many(kind(payloads_)), strict=True)
    ]
    assert numbers == [LUHN.append(payload) for payload in payloads_]
    numbers[count // 2] = numbers[-1] = "000001"
    verdicts = LUHN.is_valid_many(kind(numbers))
    assert len(verdicts) == count
    assert [n for n, verdict in enumerate(verdicts) if not verdict] == sorted(
        {count // 2, count - 1}
    )
    assert LUHN.is_valid_many("\n".join(numbers).encode()) == verdicts


@every_system
@pytest.mark.parametrize("length", [1, 2, 3, 16, 17, 64, 65, 300])
def test_every_width_runs_in_lanes(system: System, length: int) -> None:
    """All characters in all columns, and the check characters wrong in every way."""
    if not system.takes(length):
        return
    n = len(system.alphabet)
    good = [
        "".join(system.alphabet[(row * (column + 1) + column) % n] for column in range(length))
        for row in range(n + 40)
    ]
    checks = system.compute_many(good)
    assert checks == [system.compute(payload) for payload in good]
    many = [payload + check for payload, check in zip(good, checks, strict=True)]
    many += [text[:-1] + last for text in many[:20] for last in system.check_alphabet + "\n\0é"]
    assert system.is_valid_many(many) == [system.is_valid(text) for text in many]


@every_system
def test_strangers_do_not_spill_into_the_rows_around_them(system: System) -> None:
    length = system.lengths[0] if system.lengths else 24
    good = system.append((system.alphabet * length)[:length])
    many = [good] * 100
    for strange in ("\x7f" * len(good), "é" * len(good), "*" * len(good), "\n" * len(good)):
        for width in (1, 2, len(good)):
            many[50] = strange[:width] + good[width:]
            expected = [True] * 50 + [system.is_valid(many[50])] + [True] * 49
            assert system.is_valid_many(many) == expected


def test_rows_with_line_feeds_are_not_taken_for_other_rows() -> None:
    """Forty rows, and the same characters cut at other places."""
    good = LUHN.append("123")
    several = [good, good]
    cut = [f"{good}\n{good[:2]}", good[3:]]
    assert LUHN.is_valid_many(several * 40) == [True, True] * 40
    assert LUHN.is_valid_many(cut * 40) == [False, False] * 40
    assert LUHN.is_valid_many([good] * 40 + cut * 40) == [True] * 40 + [False] * 80
    feed = [good[:3] + "\n", good] * 40
    assert LUHN.is_valid_many(feed) == [False, True] * 40
    with pytest.raises(InvalidCharacter):
        LUHN.compute_many([good] * 40 + cut)
    assert LUHN.is_valid_many(["12\n4", "12\n4"] * 40) == [False] * 80
    assert LUHN.is_valid_many(["\n"] * 99) == [False] * 99


def test_a_question_mark_of_an_alphabet_is_not_what_replaces_foreign_characters() -> None:
    odd = checkdigits.luhn_mod_n(Alphabet("asked", "?!"))
    good = odd.append("?!?!")
    many = [good, "é" + good[1:], "?" + good[1:]] * 40
    assert odd.is_valid_many(many) == [odd.is_valid(text) for text in many]
    with pytest.raises(InvalidCharacter):
        odd.compute_many(many)


@pytest.mark.parametrize("nothing", [[], (), iter([]), b""])
def test_nothing_in_nothing_out(nothing: Any) -> None:
    assert LUHN.is_valid_many(nothing) == []
    assert LUHN.compute_many(nothing) == []


@pytest.mark.parametrize("system", [LUHN, checkdigits.MOD661_26], ids=str)
def test_empty_lines_are_lines(system: System) -> None:
    assert system.is_valid_many(b"\n") == [False]
    assert system.is_valid_many(b"\n\n") == [False, False]
    assert system.is_valid_many(["", ""]) == [False, False]


def test_long_lines_and_many_of_them_go_in_pieces() -> None:
    long = LUHN.append("7" * 300_000)
    lines = [long, "18", long, *["18", "19"] * 5000, long]
    blob = "\n".join(lines).encode()
    expected = [LUHN.is_valid(line) for line in lines]
    begin = time.process_time()
    assert LUHN.is_valid_many(blob) == expected
    wide = long[:100_000]
    assert LUHN.is_valid_many([wide] * 40) == [LUHN.is_valid(wide)] * 40
    assert time.process_time() - begin < 6  # wide rows are not for lanes


@every_system
def test_bulk_type_errors_say_which(system: System) -> None:
    good = (system.alphabet * 9)[: system.lengths[0] if system.lengths else 4]
    for place, many in ((5000, [good] * 5000 + [7]), (1, [good, b"18"]), (0, [None])):
        for bulk in (system.compute_many, system.is_valid_many):
            with pytest.raises(TypeError, match=f"^item {place}: .* not "):
                bulk(many)  # type: ignore[arg-type]


def test_one_text_is_not_many() -> None:
    for bulk in (LUHN.compute_many, LUHN.is_valid_many, checkdigits.MOD661_26.is_valid_many):
        with pytest.raises(TypeError, match="put it into a list"):
            bulk("79927398713")


@pytest.mark.parametrize("place", [0, 3, 40, 5000])
def test_bulk_errors_are_about_the_first_wrong_row(place: int) -> None:
    many = ["7992"] * place + ["79x2", "7992", "", "799é"] + ["7992"] * 50
    with pytest.raises(InvalidCharacter) as caught:
        LUHN.compute_many(many)
    assert caught.value.text == "79x2"
    assert caught.value.__notes__ == [f"It is item {place}."]


def test_what_a_stream_raises_comes_through() -> None:
    def broken() -> Iterator[str]:
        yield "18"
        raise OSError("the file is gone")

    with pytest.raises(OSError, match="the file is gone"):
        LUHN.is_valid_many(broken())


@pytest.mark.parametrize(
    "system", [LUHN, checkdigits.MOD97_10, checkdigits.MOD1271_36], ids=str
)
def test_a_stream_is_read_in_bounded_memory(system: System) -> None:
    """Beyond the answers, nothing grows with the number of rows."""
    text = system.append("123456")
    system.is_valid_many([text] * 100)
    count = 60_000
    tracemalloc.start()
    try:
        assert system.is_valid_many(text for _ in range(count)) == [True] * count
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Two lists of answers, and one block of rows.
    assert peak < 2.2 * 8 * count + 700_000


def test_x_in_a_payload_is_found_in_bulk() -> None:
    many = [MOD11_2.append("0794"), "079X4", "X7940", "XX", "079X"] * 40
    assert MOD11_2.is_valid_many(many) == [MOD11_2.is_valid(text) for text in many]


def test_columns_that_are_alike_in_all_rows() -> None:
    """One byte stands for a column of it; a stranger there is one in every row."""
    for name in ("luhn", "damm", "mod97_10", "mod37_36"):
        lanes = checkdigits.get(name).lanes()
        assert lanes is not None
        whole, _ = lanes.run([b"1" * 50, b"0123456789" * 5, b"7" * 50])
        assert lanes.run([b"1", b"0123456789" * 5, b"7"]) == (whole, 0)
        _, strangers = lanes.run([b"!", b"0123456789" * 5])
        assert all(strangers.to_bytes(50, "little"))


def test_a_function_for_one_length() -> None:
    """Where there is none of its own it is ``compute``."""
    luhn, gtin = checkdigits.get("luhn"), checkdigits.get("gtin")
    for length in (1, 12, 40, 41, 300):
        assert luhn.computer(length)("7" * length) == luhn.compute("7" * length)
    with pytest.raises(ValueError, match="gtin takes"):
        gtin.computer(5)("12345")
