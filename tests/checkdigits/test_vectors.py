"""Published numbers, each with where it stands."""

from __future__ import annotations

import pytest

from crmid import checkdigits
from crmid.alphabets import Alphabet
from crmid.errors import InvalidCheckDigit


#: By system: a source, and the numbers that stand there, with their check characters.
PUBLISHED = {
    "luhn": [
        ("Wikipedia, Luhn algorithm", ["79927398713", "17893729974"]),
        (
            "test card numbers of payment providers (Stripe, PayPal)",
            ["4242424242424242", "4111111111111111", "378282246310005", "5555555555554444"],
        ),
        ("3GPP TS 23.003, IMEI; the number of Wikipedia's article", ["490154203237518"]),
    ],
    "verhoeff": [
        ("Wikipedia, Verhoeff algorithm", ["2363"]),
        ("Wikibooks, Algorithm Implementation/Checksums", ["123451", "1428570"]),
        ("the same, the long number", ["847364309548372845678922"]),
    ],
    "damm": [
        ("Wikipedia, Damm algorithm, from page 111 of the thesis", ["5724"]),
        ("the test numbers of several implementations", ["112946", "123456789018"]),
    ],
    "gtin": [
        ("GS1, How to calculate a check digit manually", ["6291041500213"]),
        ("Wikipedia, Universal Product Code", ["036000291452"]),
        ("Wikipedia, International Article Number", ["4006381333931", "73513537"]),
        ("GS1 General Specifications, SSCC", ["376104250021234569"]),
        ("GS1, SSCC; Wikipedia, SSCC", ["106141412345678908"]),
        ("GS1, GTIN-14 of a case", ["10614141000415"]),
        ("Wikipedia, ISBN", ["9780306406157"]),
    ],
    "isbn10": [
        ("Wikipedia, ISBN", ["0306406152", "080442957X"]),
        ("the books themselves: K&R, Design Patterns", ["0131103628", "0201633612"]),
        ("the books themselves: two of Wikipedia's examples", ["0198526636", "1861972717"]),
    ],
    "mod11_2": [
        ("ISO/IEC 7064:2003, section 7.1.2", ["079X", "07940"]),
        (
            "ORCID, Structure of the ORCID Identifier",
            ["0000000218250097", "0000000151093700", "000000021694233X"],
        ),
        (
            "GB 11643-1999, the examples of the resident identity number",
            ["11010519491231002X", "440524188001010014"],
        ),
        ("ISO 27729, ISNI, its article in Wikipedia", ["0000000121032683"]),
    ],
    "mod37_2": [
        ("ISBT 128 donation numbers, stdnum.iso7064.mod_37_2", ["A999914123456N"]),
        ("the same, A9999 22 123459", ["A999922123459H"]),
        ("the tests of cdigit", ["SAH538PZB3"]),
    ],
    "mod97_10": [
        ("ISO/IEC 7064:2003, section 8.4", ["79444"]),
        ("Wikipedia, IBAN, GB82 WEST 1234 5698 7654 32", ["3214282912345698765432161182"]),
        ("the same with letters", ["WEST12345698765432GB82"]),
        ("GLEIF, LEI", ["5493001KJTIIGC8Y1R12", "213800WSGIIZCXF1P572"]),
        ("ISO 11649, RF18 5390 0754 7034", ["539007547034RF18"]),
        ("the tests of cdigit", ["0000105594942287263"]),
    ],
    "mod661_26": [
        ("the tests of danieltwagner/iso7064 and of cdigit", ["BAISDLAFKBM"]),
        ("the tests of cdigit", ["GCJFBCIOJTLVOUR", "XKFSHTWWCOMYYASPSYTHJWCJ"]),
        ("the same", ["LTXOIHFVJDZEIVNXTQRPYZIC", "KCBMMBQOYSHXHVOTGSDXKLNU"]),
    ],
    "mod1271_36": [
        ("ISO/IEC 7064:2003, section 8.2", ["ISO793W"]),
        ("the tests of cdigit", ["XVMZN7CD83796I1Q65VVZA0J"]),
    ],
    "mod11_10": [
        ("ISO/IEC 7064:2003, the example of MOD 11,10", ["07945"]),
        ("Croatia, OIB; stdnum.hr.oib", ["33392005961"]),
        ("Germany, Steuer-ID and VAT number; stdnum.de", ["36574261809", "136695976"]),
    ],
    "mod27_26": [
        ("the tests of cdigit", ["JEJLMGJS", "MUFEMSTCATLITB", "OWNYDSZNWIBFVBRWRAU"]),
        ("the same, the long one", ["VAQKBDHZQDYVZIATTNETJULCDAVRMQIEKIBDD"]),
    ],
    "mod37_36": [
        ("IFPI, GRid Standard 2.1", ["A12425GABC1234002M"]),
        ("the same, grid-number", ["A12425GABC1234011K"]),
        ("ISO 15706, ISAN 0000-0000-3A8D-0000-Z", ["000000003A8D0000Z"]),
    ],
    "crockford": [
        ("Encode::Base32::Crockford, 1234", ["16JD"]),
        ("base32-crockford, 42", ["1A5"]),
    ],
    "uscc": [
        ("GB 32100-2015, the example of the annex", ["91350100M000100Y43"]),
        (
            "the codes that companies print: Baidu, Alibaba, Tencent",
            ["91110000802100433B", "91330100799655058B", "9144030071526726XG"],
        ),
    ],
}
VECTORS = [
    pytest.param(name, text, id=f"{name}-{text}")
    for name, sources in PUBLISHED.items()
    for _, texts in sources
    for text in texts
]


@pytest.mark.parametrize(("name", "text"), VECTORS)
def test_a_published_number_is_valid_and_computed(name: str, text: str) -> None:
    system = checkdigits.get(name)
    payload = text[: -system.check_length]
    assert (
        system.compute(payload) + system.compute_many([payload])[0] == 2 * text[len(payload) :]
    )
    assert system.append(payload) == text
    assert system.is_valid(text)
    assert system.is_valid_many([text]) == [True]
    assert system.validate(text) == text
    assert system.payload(text) == payload


@pytest.mark.parametrize(("name", "text"), VECTORS)
def test_no_other_check_characters_are_valid(name: str, text: str) -> None:
    system = checkdigits.get(name)
    for last in system.check_alphabet.replace(text[-1], ""):
        wrong = text[:-1] + last
        assert not system.is_valid(wrong)
        with pytest.raises(InvalidCheckDigit) as caught:
            system.validate(wrong)
        assert caught.value.position == len(text) - 1


def test_every_system_has_published_numbers() -> None:
    assert set(checkdigits.NAMES) <= set(PUBLISHED)
    assert all(PUBLISHED[name] for name in checkdigits.NAMES)


def test_luhn_mod_n_agrees_with_the_worked_example() -> None:
    """Wikipedia, Luhn mod N algorithm: abcdef over six letters gets e."""
    assert checkdigits.luhn_mod_n(Alphabet("six", "abcdef")).append("abcdef") == "abcdefe"


def test_luhn_over_ten_digits_is_luhn() -> None:
    assert checkdigits.get("luhn_n").append("7992739871") == "79927398713"


def test_the_example_of_gb_32100_with_the_wrong_check_character() -> None:
    """The annex shows 91350100M000100Y4Z to be wrong: Z is not even in the alphabet."""
    assert not checkdigits.USCC.is_valid("91350100M000100Y4Z")
