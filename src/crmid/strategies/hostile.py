"""Texts that want to be taken for a number, or to crash what reads them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from crmid import Scheme

from .numbers import texts


__all__ = ["FOREIGN", "hostile_texts"]

#: Characters that look like, or stand near, those that numbers are made of.
FOREIGN = (
    "\u0663\u00b3\u00b2\u2460\u2167\u0966\u2013\u2010\u24b6\u0301\uff71\u0410\u0430\u0391\ufb01"
    "\U0010ffff\n\r\t\x00\x1b\x7f\u00a0\u200b\u202e\u2066\ufeff\ud800\udfff"
)
_WIDE = {c: c + 0xFEE0 for c in range(0x21, 0x7F)}
_ARABIC = {ord("0") + n: 0x660 + n for n in range(10)}


def _attacked(text: str, at: int, strange: str) -> list[str]:
    """What becomes of a text: something happens to it at an index, or to all of it."""
    before, here, after = text[:at], text[at : at + 1], text[at + 1 :]
    return [
        before + strange + after,
        before + strange + here + after,
        before,
        here + after + before,
        text + "\n",
        f" {text} ",
        text + text,
        text.swapcase(),
        text.translate(_WIDE),
        text.translate(_ARABIC),
        unicodedata.normalize("NFD", text),
        text.replace("-", "\u2013"),
        text + strange * 3000,
        before + here * 3000 + after,
    ]


@st.composite
def _hostile_texts(
    draw: DrawFn, scheme: Scheme, having: Mapping[str, SearchStrategy[Any]] | None
) -> str:
    text = draw(texts(scheme, having=having))
    if draw(st.integers(0, 7)) == 0:
        return draw(st.text(max_size=30))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, min(len(text), 200)))
        strange = draw(st.sampled_from(FOREIGN))
        text = draw(st.sampled_from(_attacked(text, at, strange)))
    return text


def hostile_texts(
    scheme: Scheme, *, having: Mapping[str, SearchStrategy[Any]] | None = None
) -> SearchStrategy[str]:
    """Texts near the numbers of a scheme: look-alikes, controls, lone surrogates, great length.

    Most are invalid; some are numbers all the same, because a change may lead to another one.

    Args:
        scheme: The scheme.
        having: As for :func:`numbers`.
    """
    return _hostile_texts(scheme, having)
