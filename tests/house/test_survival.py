"""Errors and values cross a process border and a copy unharmed."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest
from typing_extensions import is_protocol

import crmid
from crmid import alphabets, counters, errors, maintenance, parts, records


_KEY = counters.CounterKey("customer", "dept=001", "2026")

#: Arguments for every public error. A new error gets a line here.
ARGUMENTS: dict[str, tuple[object, ...]] = {
    "AliasCycle": (("A1", "A2", "A3"),),
    "AmbiguousNumber": ("O1", ("01", "O1")),
    "ClockMovedBack": (2_000_000_000, 1_000_000_000),
    "CollisionBudgetExceeded": ("20261231235959", 3, 1),
    "CounterBehind": (_KEY, 5, 17),
    "CrmidError": ("something",),
    "ForkedConnection": ("made before the fork",),
    "IllegalTransition": ("A1", "void", "activate", ("assigned", "archived"), ()),
    "InvalidCharacter": ("C00x", 3, "dept", "a digit", "'x' is not a digit"),
    "InvalidCheckDigit": ("C007", 3, "check", "4", "check character is 7, expected 4"),
    "InvalidComponent": ("C-D", 2, "tier", "A, B or C", "D is not a tier: A, B or C"),
    "InvalidDump": (7, "was changed"),
    "InvalidLength": ("C0", 2, "dept", "3 digits", "2 digits short"),
    "InvalidNumber": ("C0", 2, None, "C", "wrong"),
    "InvalidScheme": ("no such kind", "{x:zz}", 3, 2, "AXXB"),
    "InvalidValue": ("dept", "missing"),
    "KeyReused": ("order-4711", "{}", "[]"),
    "LinkTaken": ("salesforce", "0015g", "A1"),
    "ModeConflict": (_KEY, "lease", "gapless"),
    "NumberTaken": ("A1", "void"),
    "RefTaken": ("customer 7", "A1"),
    "RenumberingRefused": ((("A1", "was never issued here"),),),
    "ReservationExpired": ("A1", 1_000_000_000),
    "RestoreRefused": ("A1", "is another one there"),
    "SchemaVersion": ("PostgreSQL", 2, 1),
    "SequenceExhausted": (_KEY, 2, 1),
    "SeriesChanged": ("customer", "reset=year", "reset=month"),
    "StoreAmbiguous": ("no answer",),
    "StoreBusy": ("locked",),
    "StoreError": ("broken",),
    "StoreUnavailable": ("no such folder",),
    "TooManyCollisions": ("customer", 20, "A1", True),
    "TransactionRequired": ("autocommit",),
    "TransactionUnsuitable": ("serializable",),
    "UnknownNumber": ("a1", "number", "A1"),
    "WeakDurability": ("fsync is off",),
}

WAYS: list[Callable[[object], object]] = [
    copy.copy,
    copy.deepcopy,
    *(
        lambda thing, protocol=protocol: pickle.loads(pickle.dumps(thing, protocol))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    ),
]


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_pickles_and_copies(name: str) -> None:
    assert name in ARGUMENTS, f"add arguments for {name} to ARGUMENTS of this file"
    error: Exception = getattr(errors, name)(*ARGUMENTS[name])
    for way in WAYS:
        twin = way(error)
        assert isinstance(twin, Exception)
        assert type(twin) is type(error)
        assert vars(twin) == vars(error)
        assert twin.args == error.args
        assert str(twin) == str(error)


STORES = crmid.stores
HOSTILE = "\x1b[2J\r\n\u202e\x00" * 30_000


@pytest.mark.parametrize(
    "error",
    [
        errors.InvalidLength(HOSTILE, 2, "dept", "3 digits", "2 digits short"),
        errors.AmbiguousNumber(HOSTILE, (HOSTILE, HOSTILE + "1")),
        errors.InvalidScheme("no such kind", HOSTILE, 7),
        errors.CollisionBudgetExceeded(HOSTILE, 2, 1),
        errors.UnknownNumber(HOSTILE, HOSTILE),
        errors.LinkTaken(HOSTILE, HOSTILE, HOSTILE),
    ],
    ids=lambda error: type(error).__name__,
)
def test_hostile_text_becomes_one_short_printable_line(error: errors.CrmidError) -> None:
    assert str(error).isprintable()
    assert len(str(error)) < 700


_SCHEME = crmid.Scheme("invoice", "{branch:a2}{time:%Y}-{seq:n4,reset=year,per=branch}")
_ACT = records.Act("t1", "issued", "ann", 1_000_000_000, "because", "{}")
_ITEM = records.Item("AB2026-0007", "invoice", "branch=AB", "2026", 7)
_RECORD = _ITEM.record("invoice", 1, None)
_GAP = maintenance.Gap(_KEY, 1, 4, 1, maintenance.Why.VOID, _ACT)
_LUHN = crmid.checkdigits.get("luhn")

#: Every public value, by the name of its class. A new class gets a line here.
VALUES: dict[str, object] = {
    "Act": _ACT,
    "Advance": maintenance.Advance(_KEY, None, 8),
    "Alphabet": crmid.Alphabet("colours", "RGB"),
    "AuditReport": maintenance.AuditReport((), 0, (), (_GAP,), ()),
    "Block": crmid.Block(_KEY, 1, 4),
    "Catalog": crmid.Catalog([_SCHEME, crmid.Scheme("event", "{ulid}")]),
    "CheckCharacters": parts.CheckCharacters(_LUHN, ("dept", "seq")),
    "Choice": parts.Choice("tier", ("A", "B")),
    "Claimed": records.Claimed(_ACT, ("A1", "A2")),
    "Code": parts.Code("dept", alphabets.DIGITS, 2, 4),
    "Complaint": maintenance.Complaint("clock", "counter x", "ahead", "set it"),
    "CounterAudit": maintenance.CounterAudit(_KEY, 1, 2, 1, ()),
    "CounterKey": _KEY,
    "Diagnosis": maintenance.Diagnosis((), ("MemoryStore",)),
    "Entry": maintenance.Entry("A1", "customer 7"),
    "Event": records.Event("A1", 1, records.State.RESERVED, None, None, _ACT),
    "Extent": records.Extent(_KEY, "customer", 1, 2, unplaced=False),
    "Finding": maintenance.Finding(maintenance.Fault.INVALID, "customer", "A1", "wrong"),
    "Fixed": parts.Fixed("客户-"),
    "Forecast": maintenance.Forecast(_KEY, 2, 98, 99, 1.5, None, None, maintenance.Level.FINE),
    "Gap": _GAP,
    "ImportReport": maintenance.ImportReport(1, 1, 0, (), ()),
    "Item": records.Item("A1", "invoice", "", "", None),
    "Link": records.Link("salesforce", "0015g", "A1"),
    "ListAudit": maintenance.ListAudit(1, 0, 0, 0, 0, (), (), ()),
    "ListCounter": maintenance.ListCounter(_KEY, 1, 0),
    "Misprint": maintenance.Misprint(1, "A1", "invalid", "wrong"),
    "Number": _SCHEME.parse("AB2026-0007"),
    "Random": parts.Random(alphabets.CROCKFORD, 10),
    "Record": _RECORD,
    "Refusal": maintenance.Refusal(1, "A1", "is on record already"),
    "Resolution": crmid.Resolution(_RECORD, ("A1", "AB2026-0007")),
    "Run": maintenance.Run(_KEY, 1, 9, 2),
    "Scheme": _SCHEME,
    "Seal": maintenance.Seal(1, 1, 1, 1, 1, 0, 0, "0f"),
    "SequenceNumber": parts.SequenceNumber(5, 8, per=("dept",), start=1000),
    "Span": records.Span(_KEY, 1, 101, _ACT),
    "System": _LUHN,
    "Time": parts.Time("%Y%m%d"),
    "TransportWarning": crmid.TransportWarning("leading-zeros", "Spreadsheets drop them"),
    "Ulid": parts.Ulid(),
    "Uniqueness": _SCHEME.uniqueness,
}

#: Public classes that are no values, each with the reason.
OTHERS = {
    "AsyncIdGenerator": "holds a store, a clock and entropy",
    "AsyncJoinedRecordStore": "a transaction of the caller",
    "AsyncJoinedStore": "a transaction of the caller",
    "AsyncPostgresStore": "connections, tested with the stores",
    "AsyncRedisStore": "connections, tested with the stores",
    "AsyncRegistry": "holds a store, a clock and entropy",
    "Capability": "an enumeration",
    "Fault": "an enumeration",
    "IdGenerator": "holds a store, a clock and entropy",
    "JoinedRecordStore": "a transaction of the caller",
    "JoinedSQLiteStore": "a transaction of the caller",
    "JoinedStore": "a transaction of the caller",
    "Level": "an enumeration",
    "MemoryStore": "a copy would count on from the same values",
    "MySQLStore": "connections, tested with the stores",
    "PostgresStore": "connections, tested with the stores",
    "RedisStore": "connections, tested with the stores",
    "Registry": "holds a store, a clock and entropy",
    "SQLiteStore": "a connection, tested with the stores",
    "State": "an enumeration",
    "Why": "an enumeration",
}


def public_classes() -> set[str]:
    """The names of the public classes that are neither errors nor protocols."""
    found: dict[str, type[object]] = {
        name: thing
        for module in (
            *(crmid, alphabets, counters, maintenance, parts, records),
            *(crmid.checkdigits, STORES),
        )
        for name in module.__all__
        if isinstance(thing := getattr(module, name), type)
    }
    return {
        name
        for name, thing in found.items()
        if not issubclass(thing, Exception) and not is_protocol(thing)
    }


def test_every_public_class_is_tried() -> None:
    assert VALUES.keys() | OTHERS.keys() == public_classes(), "add a value to VALUES"
    assert [n for n, v in VALUES.items() if n not in {c.__name__ for c in type(v).mro()}] == []


@pytest.mark.parametrize("name", VALUES)
def test_every_value_pickles_copies_compares_and_hashes(name: str) -> None:
    value = VALUES[name]
    for way in WAYS:
        twin = way(value)
        assert type(twin) is type(value)
        assert twin == value
        assert hash(twin) == hash(value)
        assert repr(twin) == repr(value)


@pytest.mark.parametrize("name", VALUES)
def test_no_value_can_be_changed(name: str) -> None:
    value = VALUES[name]
    for attribute in ("name", "text", "key", "scheme", "anything"):
        with pytest.raises(AttributeError):
            setattr(value, attribute, "changed")
