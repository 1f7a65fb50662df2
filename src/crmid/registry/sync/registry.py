"""The registry of sync code: what changes the life of numbers."""

from __future__ import annotations

from collections.abc import Mapping

from crmid.counters import CounterKey
from crmid.records import Record, State

from .giving import Giving


__all__ = ["Registry"]


class Registry(Giving):
    """The life of issued numbers: claimed, assigned, used, changed, merged, looked up.

    Every change is one transaction with one event for each number that it touches: who did
    what, when and why. Illegal steps are errors that name what is allowed, and change nothing.
    Nothing is deleted, and no number is given twice. Safe to share among threads.

    Args:
        schemes: What the numbers look like: a scheme, or a catalog of several.
        store: Where the records are kept, and the counters unless ``counters`` is given. It
            stays the caller's: closing the registry does not close it.
        counters: Where the counters are kept, if elsewhere.
        clock: Nanoseconds since the epoch, like :func:`time.time_ns`.
        entropy: Gives so many random bytes for numbers, like :func:`os.urandom`.
        lease: How many numbers are taken ahead, as for :class:`IdGenerator`.
        actor: Who acts, where a call does not say it.

    Raises:
        InvalidValue: An argument of a wrong kind; a store that keeps no records, or is async.
        InvalidScheme: As for :class:`IdGenerator`.

    >>> from crmid import MemoryStore, Scheme
    >>> customers = Registry(Scheme("customer", "C{dept:n3}-{seq:n5}"), MemoryStore())
    >>> number = customers.issue({"dept": 1}, key="order-4711", actor="web")
    >>> customers.assign(number, "8f14e45f", actor="web").state.value
    'assigned'
    >>> customers.issue({"dept": 1}, key="order-4711")  # the request again
    'C001-00001'
    """

    def assign(
        self, number: str, ref: str, *, actor: str | None = None, reason: str = ""
    ) -> Record:
        """Say what a reserved number refers to.

        Args:
            number: The number.
            ref: The application's own id of the customer, the ticket …: an opaque text.
            actor: Who acts.
            reason: Why, in words.

        Raises:
            InvalidValue: A text is empty, or none that a store keeps.
            UnknownNumber: It was never issued here.
            IllegalTransition: It is not reserved.
            ReservationExpired: Its time is over.
            RefTaken: Another live number has that ref.
            StoreError: The store could not do it.
        """
        act = self._deeds.act("assigned", actor, reason)
        return self._run(self._living.step(number, State.ASSIGNED, "assign", act, ref))

    def activate(self, number: str, *, actor: str | None = None, reason: str = "") -> Record:
        """Take a number into use, or back into use. Errors as for :meth:`assign`.

        Args:
            number: The number, assigned or archived.
            actor: Who acts.
            reason: Why, in words.

        Returns:
            Its record, now active.
        """
        act = self._deeds.act("activated", actor, reason)
        return self._run(self._living.step(number, State.ACTIVE, "activate", act))

    def archive(self, number: str, *, actor: str | None = None, reason: str = "") -> Record:
        """Take a number out of use; it keeps its ref. Errors as for :meth:`assign`.

        Args:
            number: The number, assigned or active.
            actor: Who acts.
            reason: Why, in words.

        Returns:
            Its record, now archived.
        """
        act = self._deeds.act("archived", actor, reason)
        return self._run(self._living.step(number, State.ARCHIVED, "archive", act))

    def void(self, number: str, reason: str, *, actor: str | None = None) -> Record:
        """Take a number back for ever, before its first use; its names lead nowhere then.

        Args:
            number: The number.
            reason: Why, in words; the auditor will ask.
            actor: Who acts.

        Raises:
            InvalidValue: There is no reason.
            IllegalTransition: It was in use already. And errors as for :meth:`assign`.
        """
        act = self._deeds.act("voided", actor, reason)
        return self._run(self._living.step(number, State.VOID, "void", act))

    def expire(self, *, actor: str | None = None) -> list[str]:
        """Void all reservations whose time is over; the numbers.

        They cannot be assigned any more in any case. Run it now and then, to make
        that visible.

        Raises:
            StoreError: The store could not do it; some of them may be void already.
        """
        return self._run(self._living.expire(actor))

    def renumber(
        self, old: str, new: str, *, actor: str | None = None, reason: str = ""
    ) -> Record:
        """Give what a number refers to another one; :meth:`resolve` leads from old to new.

        The state, the ref and the names of other systems go with it. The new number is one of
        the schemes that nobody ever had, or a reserved one. Errors as for
        :meth:`renumber_many`.

        Args:
            old: The number that it has, assigned, active or archived.
            new: The number that it gets.
            actor: Who acts.
            reason: Why, in words.

        Returns:
            The record of the new number.
        """
        return self._run(self._changing.renumber({old: new}, actor, reason, one=True))[old]

    def renumber_many(
        self, mapping: Mapping[str, str], *, actor: str | None = None, reason: str = ""
    ) -> dict[str, Record]:
        """Renumber many at once: judged as a whole, applied everywhere at the same time.

        In ``{a: b, b: c}`` what a refers to is called b from then on, and what b refers to is
        called c; a is superseded. ``{a: b, b: a}`` exchanges what the two refer to.

        Args:
            mapping: New numbers by old ones, of one series; 10,000 different numbers at most.
            actor: Who acts.
            reason: Why, in words.

        Returns:
            The records of the new numbers, by the old ones.

        Raises:
            RenumberingRefused: With all that is wrong: unknown or ended numbers, new ones that
                are taken or invalid, two old ones with one new one. Nothing was changed.
            AliasCycle: More than two numbers in a circle. Nothing was changed.
            InvalidValue: No mapping, or one of too many numbers.
            StoreError: The store could not do it.
        """
        return self._run(self._changing.renumber(mapping, actor, reason))

    def merge(
        self, old: str, into: str, *, actor: str | None = None, reason: str = ""
    ) -> Record:
        """Merge two customers, tickets …: ``old`` leads to ``into`` from then on.

        The names of other systems for ``old`` lead to ``into`` as well.

        Args:
            old: The number that ends, and is superseded.
            into: The number that goes on, of the same series.
            actor: Who acts.
            reason: Why, in words.

        Returns:
            The record of ``into``.

        Raises:
            IllegalTransition: One of them refers to nothing now.
            UnknownNumber: One of them was never issued here.
            InvalidValue: They are the same, or of different series.
            StoreError: The store could not do it.
        """
        return self._run(self._changing.merge(old, into, actor, reason))

    def link(
        self,
        number: str,
        system: str,
        external_id: str,
        *,
        actor: str | None = None,
        reason: str = "",
    ) -> Record:
        """Note what another system or channel calls what a number refers to.

        Linking the same again changes nothing.

        Args:
            number: The number.
            system: What the other system is called, 1 to 400 bytes.
            external_id: What it calls it: an opaque text, 1 to 1,400 bytes.
            actor: Who acts.
            reason: Why, in words.

        Returns:
            The record of the number.

        Raises:
            InvalidValue: A text is empty, or none that a store keeps.
            LinkTaken: That name leads to another number.
            IllegalTransition: The number is void or superseded.
            UnknownNumber: It was never issued here.
            ReservationExpired: Its time is over.
            StoreError: The store could not do it.
        """
        return self._run(self._living.link(number, system, external_id, actor, reason))

    def unlink(
        self,
        system: str,
        external_id: str,
        *,
        scheme: str | None = None,
        actor: str | None = None,
        reason: str = "",
    ) -> Record:
        """Forget a name that another system has. Errors as for :meth:`by_external`.

        Args:
            system: As for :meth:`link`.
            external_id: As for :meth:`link`.
            scheme: The name of the scheme, where the registry has several.
            actor: Who acts.
            reason: Why, in words.

        Returns:
            The record that it led to.
        """
        return self._run(self._living.unlink(system, external_id, scheme, actor, reason))

    def advance(
        self,
        key: CounterKey,
        next_value: int | None = None,
        *,
        actor: str | None = None,
        reason: str = "",
    ) -> int:
        """Raise a counter that stands behind its records (:class:`CounterBehind`).

        Args:
            key: The counter; the error has it.
            next_value: What it may give next at the lowest: a value of the counter, whole
                steps from its start, and at most one step past the last that is printed. Unless
                given, the first one past its records.
            actor: Who acts.
            reason: Why, in words.

        Returns:
            Its next value; a counter is never lowered.

        Raises:
            InvalidValue: It is of none of the registry's series, or never gives that value.
            UnknownNumber: It has no records, and no value was given.
            StoreError: The store could not do it.
        """
        return self._run(self._living.advance(key, next_value, actor, reason))
