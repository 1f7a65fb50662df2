"""Systems are values with names: found, compared, copied, sent to other processes."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import Any

import pytest

from crmid import checkdigits
from crmid.alphabets import ALPHABETS, CROCKFORD, Alphabet
from crmid.checkdigits import LUHN, CheckSystem, System
from crmid.checkdigits.groups import DAMM
from crmid.errors import InvalidScheme

from .samples import IDS, SYSTEMS


every_system = pytest.mark.parametrize("system", SYSTEMS, ids=IDS)

#: A totally anti-symmetric quasigroup of order 5, x * y = 2 (y - x) modulo 5.
FIVE = ["02413", "30241", "13024", "41302", "24130"]
FIVE_DIGITS = Alphabet("five", "01234")
#: A quasigroup of order 4 that is not: x * y = y - x modulo 4.
FOUR = ["0123", "3012", "2301", "1230"]
FOUR_DIGITS = Alphabet("four", "0123")


def test_names_are_the_published_ones() -> None:
    assert set(checkdigits.NAMES) == {
        "luhn", "verhoeff", "damm", "gtin", "isbn10", "mod11_2", "mod37_2", "mod97_10",
        "mod661_26", "mod1271_36", "mod11_10", "mod27_26", "mod37_36", "crockford", "uscc",
    }  # fmt: skip
    for name in checkdigits.NAMES:
        assert checkdigits.get(name).name == name
        assert checkdigits.get(name) is getattr(checkdigits, name.upper())


@pytest.mark.parametrize("alphabet", ALPHABETS.values(), ids=str)
def test_luhn_of_every_named_alphabet_is_found(alphabet: Alphabet) -> None:
    system = checkdigits.get(f"luhn_{alphabet.name}")
    assert system.name == f"luhn_{alphabet.name}"
    assert system.alphabet == system.check_alphabet == alphabet.characters
    assert system is checkdigits.get(f"luhn_{alphabet.name}")
    assert system == checkdigits.luhn_mod_n(alphabet)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("lunh", "did you mean luhn"),
        ("mod97", "did you mean mod97_10"),
        ("luhn_crokford", "did you mean luhn_crockford"),
        ("crc", "there are luhn, verhoeff, damm, "),
        ("", "there are luhn"),
        ("n", "there are luhn"),
        ("LUHN", "there are luhn"),
    ],
)
def test_an_unknown_name_gets_a_hint(name: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint) as caught:
        checkdigits.get(name)
    assert str(caught.value).startswith(f"no check character system {name!r}: ")


@every_system
def test_the_facts_about_a_system_fit_together(system: System) -> None:
    def checked(anything: CheckSystem) -> CheckSystem:
        return anything

    assert checked(system).name.isidentifier()
    assert len(set(system.alphabet)) == len(system.alphabet)
    assert len(set(system.check_alphabet)) == len(system.check_alphabet)
    assert (system.alphabet + system.check_alphabet).isascii()
    assert system.check_length in {1, 2}
    assert not system.takes(0)
    assert not system.takes(-1)
    assert all(map(system.takes, system.lengths or range(1, 50)))
    assert repr(system) == f"<check character system {system.name}>"


@every_system
def test_every_check_character_occurs_and_no_other(system: System) -> None:
    """And each state of the automaton gives its own: no two are mixed up."""
    checks = list(system.rule().checks.values())
    assert len(set(checks)) == len(checks)
    last = {check[-1] for check in checks}
    assert last == set(system.check_alphabet)


@every_system
def test_every_character_permutes_the_states(system: System) -> None:
    """So every single substitution is found, and every step can be undone."""
    rule = system.rule()
    for values in rule.values:
        for value in values:
            assert len({rule.fold[state + value] for state in rule.checks}) == len(rule.checks)


@every_system
def test_copies_and_pickles_are_equal(system: System) -> None:
    system.is_valid(system.alphabet * 2)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(system, protocol))
        assert again == system
        assert hash(again) == hash(system)
        assert (again is system) is (system.name in checkdigits.NAMES)
    assert copy.copy(system) == system
    assert copy.deepcopy([system])[0] == system
    length = system.lengths[0] if system.lengths else 5
    assert copy.deepcopy(system).compute(system.alphabet[1] * length) == system.compute(
        system.alphabet[1] * length
    )


def test_systems_are_equal_by_value() -> None:
    other = Alphabet("crockford", CROCKFORD.characters[::-1])
    assert checkdigits.luhn_mod_n(CROCKFORD) == checkdigits.get("luhn_crockford")
    assert checkdigits.luhn_mod_n(other) != checkdigits.get("luhn_crockford")
    assert checkdigits.get("luhn_n") != LUHN
    assert LUHN != "luhn"
    assert len({*SYSTEMS, *SYSTEMS}) == len(SYSTEMS)


@pytest.mark.parametrize("name", ["name", "alphabet", "check_length", "new", "compute"])
def test_nothing_can_be_changed(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(LUHN, name, "other")
    with pytest.raises(AttributeError):
        delattr(LUHN, name)
    assert LUHN.name == "luhn"


def test_luhn_mod_an_odd_n_is_refused_with_two_payloads_that_show_why() -> None:
    for size in (3, 5, 25, 31):
        alphabet = Alphabet("odd", checkdigits.MOD37_2.alphabet[:size])
        with pytest.raises(InvalidScheme, match=f"because {size} is odd") as caught:
            checkdigits.luhn_mod_n(alphabet)
        one, other = (caught.value.witness or "").split()
        assert len(one) == len(other) == 1
        assert one != other
        doubled = [
            sum(divmod(2 * alphabet.characters.index(c), size)) % size for c in (one, other)
        ]
        assert doubled[0] == doubled[1]


def test_luhn_mod_n_takes_an_alphabet_with_a_name() -> None:
    characters: Any = "0123456789ABCDEF"
    with pytest.raises(TypeError, match=r"expected an Alphabet, .*not '0123456789ABCDEF'"):
        checkdigits.luhn_mod_n(characters)


def test_an_own_quasigroup_makes_a_system() -> None:
    five = checkdigits.damm("five", FIVE, FIVE_DIGITS)
    assert five.name == "five"
    assert five == checkdigits.damm("five", tuple(FIVE), FIVE_DIGITS)
    assert five != checkdigits.damm("other", FIVE, FIVE_DIGITS)
    again = pickle.loads(pickle.dumps(five))
    assert again == five
    assert hash(again) == hash(five)
    payloads = [f"{a}{b}{c}" for a in "01234" for b in "01234" for c in "01234"]
    texts = [five.append(payload) for payload in payloads]
    assert five.is_valid_many(texts) == [True] * 125
    for text in texts:
        for place in range(3):
            a, b = [*text[place : place + 2]]
            assert a == b or not five.is_valid(text[:place] + b + a + text[place + 2 :])
            assert not five.is_valid(text[:place] + str((int(a) + 1) % 5) + text[place + 1 :])


def test_damms_quasigroup_given_again_is_damm_under_another_name() -> None:
    table = list(DAMM.table)
    again = checkdigits.damm("mine", table, ALPHABETS["n"])
    assert again != DAMM
    assert again.compute("572") == DAMM.compute("572") == "4"


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (FIVE[:4], "not a quasigroup"),
        ([*FIVE[:4], "2413"], "not a quasigroup"),
        ([*FIVE[:4], FIVE[0]], "not a quasigroup"),
        ([*FIVE[:4], "24131"], "not a quasigroup"),
        ([*FIVE, "01234"], "not a quasigroup"),
        ([row[1:] + row[0] for row in FIVE], "the diagonal"),
        (FOUR, "not totally anti-symmetric"),
    ],
)
def test_a_quasigroup_that_misses_slips_is_refused(table: list[str], reason: str) -> None:
    with pytest.raises(InvalidScheme, match=reason) as caught:
        checkdigits.damm("own", table, FOUR_DIGITS if table is FOUR else FIVE_DIGITS)
    assert caught.value.witness


def test_the_witness_of_a_quasigroup_is_a_transposition_that_goes_unnoticed() -> None:
    with pytest.raises(InvalidScheme) as caught:
        checkdigits.damm("four", FOUR, FOUR_DIGITS)
    ends = set[int]()
    for text in (caught.value.witness or "").split():
        state = 0
        for digit in text:
            state = int(FOUR[state][int(digit)])
        ends.add(state)
    assert len(ends) == 1


def test_threads_share_what_is_built_at_first_use() -> None:
    """Eight threads meet at a fresh system; all of them get right answers."""
    for n in range(10):
        fresh = checkdigits.luhn_mod_n(Alphabet("fresh", CROCKFORD.characters))
        gate, wrong = threading.Barrier(8), list[str]()

        def work(
            system: System = fresh,
            gate: threading.Barrier = gate,
            wrong: list[str] = wrong,
        ) -> None:
            gate.wait()
            for length in range(1, 60):
                text = system.append("7" * length)
                if not (
                    system.is_valid(text) and system.is_valid_many([text] * 40) == [True] * 40
                ):
                    wrong.append(text)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == [], n


def test_an_own_system_needs_no_base_class() -> None:
    """The protocol is all that is asked for."""

    class Parity:
        name = "parity"
        alphabet = "01"
        check_alphabet = "01"
        check_length = 1

        def compute(self, payload: str, /) -> str:
            return str(payload.count("1") % 2)

    system: CheckSystem = Parity()
    assert system.compute("1011") == "1"
    with pytest.raises(NotImplementedError):
        System("bare", "01").rule()
