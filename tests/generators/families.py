"""Schemes of every kind, with values for their given parts."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from crmid import Scheme


_DEPT = st.integers(0, 999)
_TIER = st.sampled_from("ABC")
_BRANCH = st.text("ABCXYZ", min_size=2, max_size=2)

#: Numbers that differ by a counter alone: scheme, and strategies for its given values.
COUNTED: list[tuple[Scheme, dict[str, st.SearchStrategy[Any]]]] = [
    (Scheme("plain", "{seq:n5}"), {}),
    (Scheme("customer", "C{dept:n3}-{seq:n5}-{tier:A|B|C}"), {"dept": _DEPT, "tier": _TIER}),
    (
        Scheme(
            "invoice",
            "INV-{time:%Y}-{seq:n6,reset=year,per=branch}-{branch:a2}{check:mod37_36}",
            tz="Asia/Shanghai",
        ),
        {"branch": _BRANCH},
    ),
    (
        Scheme(
            "weekly", "{time:%G%V}-{seq:n4,reset=iso_week,per=dept+tier}-{tier:A|B|C}{dept:n3}"
        ),
        {"dept": _DEPT, "tier": _TIER},
    ),
    (
        Scheme("fiscal", "{time:%K,fiscal=4,label=end}/{seq:n1..9,reset=fiscal_year,fiscal=4}"),
        {},
    ),
    (Scheme("daily", "{time:%Y%j}{seq:n3,reset=day,start=0,step=7}", tz="Pacific/Apia"), {}),
    (
        Scheme("客户", "客户-{time:%y%m}-{seq:n5,reset=month}-{city:京|沪}"),
        {"city": st.sampled_from("京沪")},
    ),
    (Scheme("quarterly", "{time:%Y%q}#{seq:n2..4,reset=quarter,start=90}{check:damm}"), {}),
]

#: Numbers that differ by chance.
DRAWN: list[tuple[Scheme, dict[str, st.SearchStrategy[Any]]]] = [
    (Scheme("ticket", "{time:%Y%m%d%H%M%S}{random:n4}", tz="Asia/Shanghai"), {}),
    (Scheme("case", "{time:%Y}-{random:crockford*12}-{tier:A|B|C}"), {"tier": _TIER}),
    (Scheme("voucher", "{random:an16}{check:mod37_36}"), {}),
    (Scheme("event", "{ulid}"), {}),
    (Scheme("dated event", "{time:%Y%m%d%H%M%S}-{ulid}"), {}),
    (Scheme("both", "{time:%Y}-{seq:n5,reset=year}-{random:n4}"), {}),
    (
        Scheme("all", "{ulid}-{seq:n5}-{random:a2}-{dept:n3}{check:mod37_36,over=dept}"),
        {"dept": _DEPT},
    ),
]

EVERY = COUNTED + DRAWN
