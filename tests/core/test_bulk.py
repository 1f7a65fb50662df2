"""Many texts at once get the verdicts that each gets alone: the law, by search and by force."""

from __future__ import annotations

import random
import string
from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmid import Alphabet, Scheme, checkdigits
from crmid.directives import Fiscal
from crmid.parts import CheckCharacters, Choice, Code, Fixed, SequenceNumber, Time
from crmid.scheme.bulk.texts import Bulk

from .strategies import (
    FOREIGN,
    PRINTABLE,
    all_numbers,
    mutated,
    numbered,
    small_schemes,
    values_of,
)


TEMPLATES = [
    "C001-{seq:n5}-{check:luhn}-A",
    "C{dept:n3}-{seq:n5}-{tier:A|B|C}",
    "{time:%Y%m%d%H%M%S}{random:n4}",
    "INV-{time:%Y}-{seq:n6,reset=year,per=branch}-{branch:a2}{check:mod37_36}",
    "{ulid}",
    "{seq:n3..6}",
    "{region:NORTH|SOUTH|EASTERN|W}-{seq:n2..4}{check:damm,over=seq}",
    "客户-{plate:京|沪|粤}{seq:n3}?",
    "?{a:an2}?{time:%y%j}",
    "{time:%d.%m.%Y}/{time:%H:%M}{seq:n2}{time:%d}",
    "{a:a4}{check:mod661_26}",
    "{seq:n4}{check:mod97_10}",
    "{seq:n9}{check:isbn10}",
    "X{time:%q/%y%%}{seq:n1}{check:verhoeff,over=seq}",
]


def verdicts(scheme: Scheme, texts: list[str]) -> list[bool]:
    return Bulk(scheme.layout, scheme.is_valid).is_valid_many(texts)


def one_by_one(scheme: Scheme, texts: list[str]) -> list[bool]:
    return [scheme.is_valid(text) for text in texts]


def numbers(scheme: Scheme, count: int) -> list[str]:
    """Some valid texts, different as far as that can be."""
    draw = random.Random(count)

    def value(part: Any) -> Any:
        match part:
            case Choice():
                return draw.choice(part.codes)
            case Code():
                width = draw.randint(part.low, part.high)
                return "".join(draw.choices(part.alphabet.characters, k=width))
            case SequenceNumber():
                return draw.randrange(10 ** draw.randint(part.low, part.high))
            case Time():
                return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(draw.uniform(0, 30_000))
            case _ if part.name == "ulid":
                return "0" + "".join(draw.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=25))
            case _:
                return "".join(draw.choices(part.alphabet.characters, k=part.length))

    values = {p.name: p for p in scheme.parts if not isinstance(p, Fixed) and p.name != "check"}
    return [
        scheme.render(**{name: value(part) for name, part in values.items()})
        for _ in range(count)
    ]


@settings(max_examples=40)
@given(numbered(), st.data())
def test_verdicts_are_those_of_is_valid(
    made: tuple[Scheme, dict[str, Any], str], data: st.DataObject
) -> None:
    """Law 6, over arbitrary schemes, good rows and bad ones in any order."""
    scheme, _, text = made
    good = [text, *(scheme.render(**data.draw(values_of(scheme))) for _ in range(2))]
    bad = [data.draw(mutated(each)) for each in (text, *good)]
    rows = good * 20 + bad * 5
    data.draw(st.randoms(use_true_random=False)).shuffle(rows)
    for texts in (rows, good * 20, *([*good * 16, each, *good] for each in bad)):
        assert verdicts(scheme, texts) == one_by_one(scheme, texts)


@settings(max_examples=40)
@given(small_schemes)
def test_of_small_schemes_all_numbers_are_good_and_nothing_beside_them(scheme: Scheme) -> None:
    """Against the list of all numbers, which owes nothing to reading."""
    good = all_numbers(scheme)
    some = random.Random(0).sample(good, min(len(good), 60))
    near = [
        text[:at] + c + text[at + 1 :]
        for text in some[:20]
        for at in range(len(text))
        for c in "AB01-/京?\n"
    ]
    texts = [*some * 2, *near, *(text[1:] for text in some), *(text + "0" for text in some)]
    known = set(good)
    assert verdicts(scheme, texts) == [text in known for text in texts]


@pytest.mark.parametrize("template", TEMPLATES)
def test_one_character_of_good_numbers_changed(template: str) -> None:
    """Every place, every printable character and some foreign ones; left out; doubled."""
    scheme = Scheme("s", template)
    good = numbers(scheme, 40)
    changed = [
        text[:at] + c + text[at + 1 :]
        for text in good[:3]
        for at in range(len(text))
        for c in string.printable + FOREIGN + "京沪粤客"
    ]
    shifted = [text[:at] + text[at + n :] for text in good for at in range(9) for n in (-1, 1)]
    texts = good + changed + shifted
    random.Random(1).shuffle(texts)
    expected = one_by_one(scheme, texts)
    assert verdicts(scheme, texts) == expected
    alike = [text for text in good + changed if len(text) == len(good[0])]
    assert verdicts(scheme, alike) == one_by_one(scheme, alike)
    assert verdicts(scheme, good * 3) == [True] * 120
    assert 40 <= sum(expected) < len(texts)


def test_every_check_system_by_force() -> None:
    """All check characters on all of some payloads: only what ``compute`` gives is good."""
    names = [*checkdigits.NAMES, "luhn_an", "luhn_base32"]
    for name in names:
        system = checkdigits.get(name)
        length = (system.lengths or (5,))[0]
        payload = Code("x", Alphabet("own", system.alphabet), length)
        checked = Scheme("s", [payload, CheckCharacters(system)])
        draw = random.Random(name)
        payloads = ["".join(draw.choices(system.alphabet, k=length)) for _ in range(50)]
        good = list(map(system.append, payloads))
        bad = [text[:-1] + c for text in good for c in system.check_alphabet]
        foreign = [text[:at] + "_" + text[at + 1 :] for text in good for at in range(length)]
        for texts in (good, good + bad + foreign):
            assert verdicts(checked, texts) == one_by_one(checked, texts)
        assert verdicts(checked, good) == [True] * 50
        assert sum(verdicts(checked, bad)) == 50


CALENDARS: list[tuple[str, Fiscal | None]] = [
    ("%Y%m%d", None),
    ("%y%m%d", None),
    ("%d/%m %y", None),
    ("%Y%j", None),
    ("%G%V", None),
    ("%y%q", None),
    ("%Y%q%m", None),
    ("%Y%m", None),
    ("%K", Fiscal(4, "end")),
    ("%k%m", Fiscal(10, "start")),
    ("%Y-%m-%d %d.%m.%y", None),
]


@pytest.mark.parametrize(("text", "fiscal"), CALENDARS)
def test_days_that_exist_and_days_that_do_not(text: str, fiscal: Fiscal | None) -> None:
    """Real dates around the ends of years and months, and their digits changed at random."""
    scheme = Scheme("s", [Time(text, fiscal), Fixed("-"), SequenceNumber(2)])
    draw = random.Random(text)
    days = [date(1999, 12, 1) + timedelta(n) for n in range(0, 900, 7)]
    days += [date(1900, 2, 28), date(2000, 2, 29), date(2024, 12, 31), date(1, 1, 1)]
    good = [
        scheme.render(time=datetime(d.year, d.month, d.day, tzinfo=UTC), seq=n % 100)
        for n, d in enumerate(days)
    ]
    bad = list(good)
    for _ in range(3):
        for place, each in enumerate(bad):
            at = draw.randrange(len(each) - 3)
            bad[place] = each[:at] + draw.choice("0123456789") + each[at + 1 :]
        for texts in (good + bad, [each for each in bad for _ in range(5)]):
            expected = one_by_one(scheme, texts)
            assert verdicts(scheme, texts) == expected
    assert verdicts(scheme, sorted(good)) == [True] * len(good)


def test_more_days_than_are_remembered() -> None:
    scheme = Scheme("s", "{time:%Y%m%d}-{seq:n1}")
    days = [date(1970, 1, 1) + timedelta(n) for n in range(9000)]
    good = [f"{day:%Y%m%d}-1" for day in days]
    many = Bulk(scheme.layout, scheme.is_valid)
    for _ in range(2):
        assert many.is_valid_many(good) == [True] * 9000
        assert many.is_valid_many([day.replace("0228", "0229") for day in good]) == [
            f"{day:%m%d}" != "0228" or day.year % 4 == 0 for day in days
        ]


@attrs.frozen
class Even:
    """Two digits, an even number; counts how often it is asked."""

    name: str = "even"
    asked: list[str] = attrs.field(factory=list[str], eq=False)

    @property
    def pattern(self) -> str:
        return "[0-9]{2}"

    @property
    def template(self) -> str:
        return "{even:even}"

    def render(self, value: int, /) -> str:
        return f"{value:02}"

    def parse(self, text: str, /) -> int:
        self.asked.append(text)
        if int(text) % 2:
            raise ValueError("odd")
        return int(text)


def test_an_own_part_is_asked_once_for_each_text_that_its_pattern_matches() -> None:
    part = Even()
    scheme = Scheme("s", [Fixed("A"), part, SequenceNumber(3)])
    texts = [f"A{n % 100:02}{n % 1000:03}" for n in range(5000)] + ["Axx001", "A٣٣001"]
    bulk = Bulk(scheme.layout, scheme.is_valid)
    expected = [n % 2 == 0 for n in range(5000)] + [False, False]
    assert bulk.is_valid_many(texts) == expected
    good = [f"{n:02}" for n in range(0, 100, 2)]
    assert sorted(each for each in part.asked if not int(each) % 2) == good
    assert bulk.is_valid_many(texts) == expected
    assert sorted(each for each in part.asked if not int(each) % 2) == good


@attrs.frozen
class Parity:
    """An application's own check system: E or O; refuses payloads that begin with 9."""

    name: str = "parity"
    alphabet: str = "0123456789"
    check_alphabet: str = "EO"
    check_length: int = 1

    def compute(self, payload: str, /) -> str:
        if payload.startswith("9"):
            raise ValueError("not 9")
        return "EO"[sum(map(int, payload)) % 2]


def test_an_own_check_system_sees_payloads_only() -> None:
    """Also one that would fail on anything else."""
    scheme = Scheme("s", "1-{seq:n3}{check:parity}", extensions=[Parity()])
    over = Scheme("s", "1-{seq:n3}{check:parity,over=seq}", extensions=[Parity()])
    texts = [f"1-{n:03}{c}" for n in range(1000) for c in "EOX"]
    texts += ["1-٣٣٣E", "1-12_E", "1- 12E"] * 3
    for each in (scheme, over):
        found = verdicts(each, texts)
        assert found == one_by_one(each, texts)
        assert sum(found) == (1000 if each is scheme else 900)


class Odd(checkdigits.System):
    """Luhn by its rule, and something else by an override."""

    def rule(self) -> Any:
        return checkdigits.LUHN.rule()

    def compute(self, payload: str, /) -> str:
        return "7"


def test_what_compute_says_counts_not_what_a_base_class_makes_of_it() -> None:
    odd = Odd("odd", "0123456789")
    scheme = Scheme("s", "{seq:n4}{check:odd}", extensions=[odd])
    texts = [f"{n:04}{n % 10}" for n in range(1000)]
    assert verdicts(scheme, texts) == [n % 10 == 7 for n in range(1000)]


def test_a_choice_of_very_many_codes() -> None:
    """More than steps in bytes can tell apart; also in foreign letters, up to 128 and over."""
    draw = random.Random(7)
    for letters, size in (("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 600), ("京沪客户éß", 300)):
        codes = {"".join(draw.choices(letters, k=4)) for _ in range(size)}
        scheme = Scheme("s", [Choice("x", sorted(codes)), SequenceNumber(1)])
        texts = ["".join(draw.choices(letters, k=4)) + "1" for _ in range(300)]
        texts += [f"{code}{draw.randrange(10)}" for code in sorted(codes)]
        assert verdicts(scheme, texts) == one_by_one(scheme, texts)
    for count in (128, 129):
        han = [chr(0x4E00 + n) for n in range(count)]
        scheme = Scheme("s", [Choice("x", han), SequenceNumber(1)])
        texts = [
            f"{c}{n}" for c in [*han, "A", "\x80", "\x00", "\x01", "\uffff"] for n in "0١A"
        ]
        assert verdicts(scheme, texts) == [text[0] in han and text[1] == "0" for text in texts]


def test_a_question_mark_is_not_what_an_encoder_writes_for_others() -> None:
    for template in ("?{seq:n2}", "{x:?A|京A}?{seq:n2}"):
        scheme = Scheme("s", template)
        good = numbers(scheme, 50)
        hostile = [
            each.replace("?", c) for each in good for c in "\x00\x01\x1aé沪\ud800\U0001f600"
        ]
        for texts in (good, good + hostile, hostile, good + good[0:1] + ["\x00" * 4] * 40):
            assert verdicts(scheme, texts) == one_by_one(scheme, texts)
        assert verdicts(scheme, hostile) == [False] * len(hostile)


@settings(max_examples=40)
@given(st.lists(st.text(st.sampled_from("AB01\n\r\x00京"), max_size=5), min_size=40))
def test_line_feeds_in_rows_hide_nothing(texts: list[str]) -> None:
    """Rows are joined by line feeds; one that holds some is not taken for others."""
    for template in ("A{seq:n2}", "{x:A|B}{seq:n1..3}", "{x:AA|B1|京0}"):
        scheme = Scheme("s", template)
        assert verdicts(scheme, texts) == one_by_one(scheme, texts)
    mean = ["A01"] * 40 + ["A0", "\nA01", "A01\n", "A1"] + ["A01"] * 40
    scheme = Scheme("s", "A{seq:n2}")
    assert verdicts(scheme, mean) == one_by_one(scheme, mean)
    assert sum(verdicts(scheme, mean)) == 80


@settings(max_examples=50)
@given(st.text(PRINTABLE, min_size=1, max_size=3), st.integers(0, 80))
def test_texts_of_a_length_that_does_not_tell_the_parts(text: str, count: int) -> None:
    """Two parts of varying widths: one by one."""
    scheme = Scheme("s", "{a:n1..3}-{seq:n1..3}")
    texts = [f"{n}-{n * n}" for n in range(1, count)] + [text] * count
    assert verdicts(scheme, texts) == one_by_one(scheme, texts)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_last_row_that_is_cut_short(template: str) -> None:
    """Its columns are missing, which says nothing good about it."""
    scheme = Scheme("s", template)
    good = numbers(scheme, 40)
    for length in range(len(good[-1])):
        texts = [*good[:-1], good[-1][:length]]
        assert verdicts(scheme, texts) == one_by_one(scheme, texts)


def test_digits_of_a_time_are_ascii_and_in_their_range() -> None:
    """Also where a code is a foreign digit, and where calendars would count from 0."""
    foreign = Scheme("s", "{x:٣|A}{time:%Y%m%d}")
    texts = [f"A2023010{c}" for c in "123٣4"] * 10 + ["٣20230101"]
    assert verdicts(foreign, texts) == [*[True, True, True, False, True] * 10, True]
    fiscal = Scheme("s", [Time("%K", Fiscal(4, "start")), SequenceNumber(1)])
    texts = ["00001", "00011", "99991", "20261"] * 10
    assert (
        verdicts(fiscal, texts) == one_by_one(fiscal, texts) == [False, True, True, True] * 10
    )
