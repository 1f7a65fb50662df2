"""Published numbers, each with where it stands."""

from __future__ import annotations

import pytest

from crmid import checkdigits
from crmid.alphabets import Alphabet
from crmid.errors import InvalidCheckDigit


#: By system: a source, and the numbers that stand there, with their check characters. Where the
#: source is a standard that is sold, the package whose tests quote it follows.
PUBLISHED = {
    "luhn": [
        ("Wikipedia, Luhn algorithm", ["79927398713", "17893729974"]),
        (
            "test card numbers of PayPal and TabaPay",
            ["4242424242424242", "4111111111111111", "378282246310005", "5555555555554444"],
        ),
        ("Wikipedia, International Mobile Equipment Identity", ["490154203237518"]),
    ],
    "verhoeff": [
        ("Wikipedia and Rosetta Code, Verhoeff algorithm", ["2363"]),
        ("Rosetta Code, Verhoeff algorithm", ["123451", "1234567890120"]),
        ("an older version of Wikipedia, at liquisearch.com", ["1428570"]),
        ("Code Review Stack Exchange, 221229", ["84736430954837284567892"]),
    ],
    "damm": [
        ("Wikipedia, Damm algorithm, from page 111 of the thesis", ["5724"]),
        ("Rosetta Code, Damm algorithm", ["112946"]),
        ("the README of ulikunitz/damm", ["123456789018"]),
        ("the tests of cdigit", ["602341643", "01295343668240821"]),
    ],
    "gtin": [
        ("GS1, How to calculate a check digit manually", ["6291041500213"]),
        ("Wikipedia, Universal Product Code", ["036000291452"]),
        ("stdnum.ean", ["73513537"]),
        ("GS1 General Specifications, table 7-9", ["376104250021234569"]),
        (
            "GS1 EPC Tag Data Standard, pyepc: SSCC and SGTIN of 0614141",
            ["106141412345678908", "80614141123458"],
        ),
        ("Wikipedia, ISBN", ["9780306406157"]),
    ],
    "isbn10": [
        ("Wikipedia, ISBN", ["0306406152"]),
        ("the books themselves: K&R, Design Patterns", ["0131103628", "0201633612"]),
        ("the tests of many packages", ["080442957X", "0198526636", "1861972717"]),
    ],
    "mod11_2": [
        ("ISO/IEC 7064:2003, section 7.1.2; iso_iec_7064, CheckDigits.Net", ["07940", "079X"]),
        (
            "ORCID, Structure of the ORCID Identifier",
            ["0000000218250097", "0000000151093700", "000000021694233X"],
        ),
        (
            "GB 11643-1999, annex A, the resident identity number",
            ["11010519491231002X", "440524188001010014"],
        ),
        ("Wikipedia, International Standard Name Identifier", ["000000012146438X"]),
        ("the tests of cdigit", ["986596515101003X", "0011757177482476"]),
    ],
    "mod37_2": [
        ("ICCBBA, ISBT 128 donation numbers", ["A999914123456N", "A999922123459H"]),
        ("the tests of cdigit", ["IQP", "G1AXN92", "J0HO3MGX3F8LKILHHH7O"]),
        ("the same, with a *", ["LMOSBYFCTRSSJCB3X6U9DUBLKNIH03FO6X963TGXYAHG*"]),
    ],
    "mod97_10": [
        ("ISO/IEC 7064:2003, section 8.4; iso_iec_7064", ["79444"]),
        ("Wikipedia, IBAN, GB82 WEST 1234 5698 7654 32", ["3214282912345698765432161182"]),
        ("the same with letters", ["WEST12345698765432GB82"]),
        ("LEI of Jaguar Land Rover, the BBC", ["213800WSGIIZCXF1P572", "5493000IBP32UQZ0KL24"]),
        ("LEI in the documentation of iso7064 on docs.rs", ["969500KSV493XWY0PS33"]),
        ("the tests of many packages: LEI, ISO 11649", ["5493001KJTIIGC8Y1R12"]),
        ("the same, RF18 5390 0754 7034", ["539007547034RF18"]),
    ],
    "mod661_26": [
        ("the tests of danieltwagner/iso7064 and of cdigit", ["BAISDLAFKBM"]),
        ("the tests of cdigit", ["GCJFBCIOJTLVOUR", "XKFSHTWWCOMYYASPSYTHJWCJ"]),
        ("the same", ["LTXOIHFVJDZEIVNXTQRPYZIC", "KCBMMBQOYSHXHVOTGSDXKLNU"]),
    ],
    "mod1271_36": [
        ("ISO/IEC 7064:2003, section 8.2; iso_iec_7064, CheckDigits.Net", ["ISO793W"]),
        ("the tests of cdigit", ["XVMZN7CD83796I1Q65VVZA0J", "87AVMBPFNQTY5RSQKSQ6JH92"]),
    ],
    "mod11_10": [
        ("ISO/IEC 7064:2003, section 10.1.2; iso_iec_7064", ["07945"]),
        ("Croatia, OIB; stdnum.hr.oib", ["33392005961"]),
        ("Germany, Steuer-ID and VAT number; stdnum.de", ["36574261809", "136695976"]),
    ],
    "mod27_26": [
        ("the tests of cdigit", ["JEJLMGJS", "MUFEMSTCATLITB", "OWNYDSZNWIBFVBRWRAU"]),
        ("the same, the long one", ["VAQKBDHZQDYVZIATTNETJULCDAVRMQIEKIBDD"]),
    ],
    "mod37_36": [
        ("GRid Standard 2.1; stdnum.grid, soundways/iso7064", ["A12425GABC1234002M"]),
        ("the README of grid-number", ["A12425GABC1234011K"]),
        ("BIBFRAME, ISAN 0000-0000-3A8D-0000-Z", ["000000003A8D0000Z"]),
        ("the tests of cdigit", ["TBR1", "B3739U6CRK"]),
    ],
    "crockford": [
        ("Encode::Base32::Crockford, 1234", ["16JD"]),
        ("base32-crockford, 42", ["1A5"]),
    ],
    "uscc": [
        ("stdnum.cn.uscc", ["91110000600037341L"]),
        ("the tests of many packages", ["91350100M000100Y43"]),
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
    """Wikipedia, Luhn mod N algorithm, abcdef; the tests of calculate-luhn-mod-n."""
    assert checkdigits.luhn_mod_n(Alphabet("six", "abcdef")).append("abcdef") == "abcdefe"


def test_luhn_over_ten_digits_is_luhn() -> None:
    assert checkdigits.get("luhn_n").append("7992739871") == "79927398713"


def test_z_is_not_a_character_of_gb_32100() -> None:
    """Nor are I, O, S and V."""
    assert not any(
        checkdigits.USCC.is_valid("91350100M000100Y4" + letter) for letter in "IOSVZ"
    )
