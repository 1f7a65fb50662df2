"""The arithmetic and the checks that every store shares. Pure; for own stores too."""

from __future__ import annotations

from crmid.counters import MAX_VALUE, Block, CounterKey
from crmid.errors import SequenceExhausted, shown


__all__ = [
    "check_advance",
    "check_give_back",
    "check_key",
    "check_reserve",
    "check_text",
    "next_block",
]


def check_key(key: object) -> None:
    """Refuse what is no key, or a key that some storage would keep as another one.

    Args:
        key: What was handed in as a key.

    Raises:
        TypeError: Not a :class:`~crmid.counters.CounterKey`, or not of texts.
        ValueError: A text with a NUL character or a lone surrogate.
    """
    if not isinstance(key, CounterKey):
        raise TypeError(f"a counter is named by a CounterKey, not by {shown(key)}")
    series, scope, period = key
    if type(series) is type(scope) is type(period) is str:
        whole = series + scope + period
        if whole.isascii() and "\0" not in whole:
            return  # as nearly always
    for name, text in zip(key._fields, key, strict=True):
        check_text(f"the key's {name}", text)


def check_text(what: str, text: object) -> None:
    """Refuse what storage cannot keep as it is.

    Args:
        what: What the text is, in words, for the error.
        text: What was handed in.

    Raises:
        TypeError: Not a text.
        ValueError: A text with a NUL character or a lone surrogate.
    """
    if not isinstance(text, str):
        raise TypeError(f"{what} must be a str, not {shown(text)}")
    if "\0" in text:  # the end of the text, to storage written in C
        raise ValueError(f"{what} holds a NUL character: {shown(text)}")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            reason = f"{what} holds half of a surrogate pair, which is no character"
            raise ValueError(f"{reason}: {shown(text)}") from None


def check_reserve(key: object, n: object, start: object, limit: object) -> None:
    """Refuse wrong arguments of ``reserve``, before anything is sent or written.

    Args:
        key: What was handed in as a key.
        n: How many values, 1 to ``MAX_VALUE``.
        start: Where a new counter begins, 0 to ``MAX_VALUE``.
        limit: The exclusive bound, 0 to ``MAX_VALUE``, or None.

    Raises:
        TypeError: An argument of a wrong type; a ``bool`` is not a number.
        ValueError: An argument out of its range.
    """
    check_key(key)
    _check_number("n", n, 1)
    _check_number("start", start, 0)
    if limit is not None:
        _check_number("limit", limit, 0)


def check_advance(key: object, next_value: object) -> None:
    """Refuse wrong arguments of ``advance``, before anything is sent or written.

    Args:
        key: What was handed in as a key.
        next_value: The lowest value from now on, 0 to ``MAX_VALUE``.

    Raises:
        TypeError: An argument of a wrong type; a ``bool`` is not a number.
        ValueError: An argument out of its range.
    """
    check_key(key)
    _check_number("next_value", next_value, 0)


def check_give_back(block: object) -> None:
    """Refuse wrong arguments of ``give_back``, before anything is sent or written.

    Args:
        block: What was handed in as a block.

    Raises:
        TypeError: Not a :class:`~crmid.counters.Block` of integers.
        ValueError: A block without values, or with values out of range.
    """
    if not isinstance(block, Block):
        raise TypeError(f"what is given back is a Block, not {shown(block)}")
    check_key(block.key)
    _check_number("lo", block.lo, 0)
    _check_number("hi", block.hi, block.lo + 1)


def _check_number(name: str, value: object, least: int) -> None:
    if type(value) is int and least <= value <= MAX_VALUE:
        return
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an int, not {shown(value)}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {_digits(value)}")
    if value > MAX_VALUE:
        raise ValueError(
            f"{name} must be at most {MAX_VALUE} (2**63 - 1), not {_digits(value)}"
        )


def _digits(value: int) -> str:
    # Python refuses to write out integers of thousands of digits.
    bits = value.bit_length()
    return str(value) if bits <= 128 else f"a number of {bits} bits"


def next_block(
    key: CounterKey, current: int | None, n: int, start: int, limit: int | None
) -> Block:
    """The block that ``reserve`` gives; the counter's next value is then its ``hi``.

    Args:
        key: The counter.
        current: Its next value, or None if it does not exist.
        n: How many values are asked for.
        start: Where a counter begins that does not exist.
        limit: The exclusive bound of ``hi``; None means ``MAX_VALUE``.

    Raises:
        SequenceExhausted: The values do not fit.

    >>> next_block(CounterKey("customer"), None, 3, start=1, limit=None)[1:]
    (1, 4)
    >>> next_block(CounterKey("customer"), 4, 3, start=1, limit=6)
    Traceback (most recent call last):
        ...
    crmid.errors.SequenceExhausted: counter customer: 3 numbers asked for, 2 left
    """
    lo = start if current is None else current
    bound = MAX_VALUE if limit is None else limit
    if n > bound - lo:
        raise SequenceExhausted(key, n, max(0, bound - lo))
    return Block(key, lo, lo + n)
