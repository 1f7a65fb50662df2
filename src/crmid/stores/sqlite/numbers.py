"""The life of numbers in the file: what each call does in its transaction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from crmid.counters import CounterKey
from crmid.records import Act, Claimed, Event, Item, Link, Record, Span
from crmid.stores import number_checks as checks
from crmid.stores.blocks import check_key

from . import number_tables as tables
from . import number_writing as writing
from . import schema


if TYPE_CHECKING:
    import sqlite3


__all__ = ["SQLiteFile", "SQLiteNumbers"]

T = TypeVar("T")


class SQLiteFile(ABC):
    """What the parts of a store on a file share: what to do to records and to find of them."""

    @abstractmethod
    def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do work in a transaction, all of it or nothing."""
        ...

    @abstractmethod
    def _read(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Look; None if nothing was ever written."""
        ...

    def _change(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Do work in one transaction; None if it was refused, and nothing happened."""

        def checked(connection: sqlite3.Connection) -> T:
            import sqlite3

            schema.check_numbers(connection)
            try:
                return work(connection)
            except sqlite3.IntegrityError as error:
                raise writing.Refused from error

        try:
            return self._write(checked)
        except writing.Refused:
            return None

    def _look(self, work: Callable[[sqlite3.Connection], list[T]]) -> list[T]:
        """Read; nothing from a file that has no records yet."""

        def checked(connection: sqlite3.Connection) -> list[T]:
            return work(connection) if schema.has_numbers(connection) else []

        return self._read(checked) or []

    def _records(self, rest: str, *values: object) -> list[Record]:
        def work(connection: sqlite3.Connection) -> list[Record]:
            rows = connection.execute(f"{tables.RECORDS} {rest}", values)
            return [tables.record_of(row) for row in rows]

        return self._look(work)

    def _events(self, rest: str, *values: object) -> list[Event]:
        def work(connection: sqlite3.Connection) -> list[Event]:
            rows = connection.execute(f"{tables.EVENTS} {rest}", values)
            return [tables.event_of(row) for row in rows]

        return self._look(work)

    def _links(self, rest: str, *values: object) -> list[Link]:
        def work(connection: sqlite3.Connection) -> list[Link]:
            query = f"SELECT system, name, number FROM crmid_link {rest}"
            return [Link(*row) for row in connection.execute(query, values)]

        return self._look(work)


class SQLiteNumbers(SQLiteFile):
    """The part of an SQLiteStore that is a :class:`~crmid.stores.NumberStore`."""

    def claim(
        self, series: str, items: Sequence[Item], act: Act, /, *, until: int | None = None
    ) -> Claimed:
        """See :meth:`crmid.stores.NumberStore.claim`."""
        checks.check_claim(series, items, act, until)

        def work(connection: sqlite3.Connection) -> Claimed | None:
            schema.check_numbers(connection)
            number = writing.insert_act(connection, series, act)
            if number is None:
                return tables.claimed(connection, series, act.token)
            done = (number, act.at)
            return Claimed(act, writing.insert_items(connection, series, items, done, until))

        claimed = self._write(work)
        assert claimed is not None  # noqa: S101 (an act that is there already can be read)
        return claimed

    def claimed(self, series: str, token: str, /) -> Claimed | None:
        """See :meth:`crmid.stores.NumberStore.claimed`."""
        checks.check_texts(series=series, token=token)
        found = self._look(lambda connection: [tables.claimed(connection, series, token)])
        return found[0] if found else None

    def change(
        self,
        records: Sequence[Record],
        act: Act,
        /,
        *,
        links: Sequence[Link] = (),
        unlinks: Sequence[Link] = (),
    ) -> bool:
        """See :meth:`crmid.stores.NumberStore.change`."""
        checks.check_change(records, act, links, unlinks)

        def work(connection: sqlite3.Connection) -> bool:
            number = writing.insert_act(connection, records[0].series, act)
            if number is not None:
                writing.update(connection, [r for r in records if r.rev > 1])
                new = [r for r in records if r.rev == 1]
                writing.insert_new(connection, new, [number] * len(new))
                writing.insert_events(connection, number, records)
                writing.put_links(connection, records, links, unlinks)
            return True

        return self._change(work) is not None

    def get(self, series: str, numbers: Sequence[str], /) -> list[Record]:
        """See :meth:`crmid.stores.NumberStore.get`."""
        checks.check_texts(series=series)
        checks.check_names("number", numbers)
        return self._records(
            "WHERE n.series = ? AND n.number IN (SELECT value FROM json_each(?)) "
            "ORDER BY n.number",
            *(series, tables.as_json(numbers)),
        )

    def by_ref(self, series: str, refs: Sequence[str], /) -> list[Record]:
        """See :meth:`crmid.stores.NumberStore.by_ref`."""
        checks.check_texts(series=series)
        checks.check_names("ref", refs)
        return self._records(
            "WHERE n.series = ? AND n.ref IN (SELECT value FROM json_each(?)) "
            f"AND n.{tables.LIVE} ORDER BY +n.number",  # +: found by ref, and sorted then
            *(series, tables.as_json(refs)),
        )

    def links(self, series: str, numbers: Sequence[str], /) -> list[Link]:
        """See :meth:`crmid.stores.NumberStore.links`."""
        checks.check_texts(series=series)
        checks.check_names("number", numbers)
        return self._links(
            "WHERE series = ? AND number IN (SELECT value FROM json_each(?)) "
            "ORDER BY number, system, name",
            *(series, tables.as_json(numbers)),
        )

    def linked(self, series: str, system: str, name: str, /) -> Link | None:
        """See :meth:`crmid.stores.NumberStore.linked`."""
        checks.check_texts(series=series, system=system, name=name)
        where = "WHERE series = ? AND system = ? AND name = ?"
        return next(iter(self._links(where, series, system, name)), None)

    def expired(self, series: str, now: int, limit: int, /) -> list[Record]:
        """See :meth:`crmid.stores.NumberStore.expired`."""
        checks.check_texts(series=series)
        checks.check_limit(limit)
        return self._records(
            "WHERE n.series = ? AND n.until <= ? AND n.state = 'reserved' "
            "AND n.until IS NOT NULL ORDER BY n.until, n.number LIMIT ?",
            *(series, now, limit),
        )

    def history(self, series: str, number: str, /) -> list[Event]:
        """See :meth:`crmid.stores.NumberStore.history`."""
        checks.check_texts(series=series, number=number)
        where = "WHERE n.series = ? AND n.number = ? ORDER BY e.rev"
        return self._events(where, series, number)

    def top(self, key: CounterKey, /) -> int | None:
        """See :meth:`crmid.stores.NumberStore.top`."""
        check_key(key)

        def work(connection: sqlite3.Connection) -> list[int | None]:
            query = (
                "SELECT max((SELECT max(seq) FROM crmid_number WHERE line = l.id)) "
                "FROM crmid_line l WHERE series = ? AND scope = ? AND period = ?"
            )
            return [connection.execute(query, key).fetchone()[0]]

        return next(iter(self._look(work)), None)

    def log(self, span: Span, /) -> None:
        """See :meth:`crmid.stores.NumberStore.log`."""
        checks.check_log(span)
        act = span.act

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO crmid_span (series, scope, period, lo, hi, token, what, actor, "
                "at, reason, memo) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(*span.key, span.lo, span.hi),
                    *(act.token, act.what, act.actor, act.at, act.reason, act.memo),
                ),
            )

        self._change(work)
