"""A renumbering judged as a whole. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

import attrs

from crmid.errors import AliasCycle, InvalidNumber, NumberTaken, RenumberingRefused
from crmid.records import Item, Link, Record, State

from .life import ended, noted


__all__ = ["cycle_of", "judged", "moved_links"]


def judged(
    mapping: Mapping[str, str],
    records: Mapping[str, Record],
    read: Callable[[str, str], Item],
    at: int,
    *,
    one: bool = False,
) -> list[Record]:
    """All records as they stand after a renumbering, applied everywhere at once.

    What an old number refers to goes to its new number. A number that is old and new keeps its
    place and refers to something else; one that is only old is superseded.

    Args:
        mapping: New numbers by old ones.
        records: The records of all of them that are there.
        read: Reads a number of a series that is not there yet.
        at: When, in nanoseconds since the epoch.
        one: Whether it is one number, and not a mapping that is judged as a whole.

    Raises:
        RenumberingRefused: With all that is wrong.
        NumberTaken: The only new number is somebody's, or was.
        AliasCycle: More than two numbers in a circle.
    """
    fresh: dict[str, Item] = {}
    faults = [*_shared_targets(mapping)]
    for old, new in mapping.items():
        try:
            if fault := _fault(old, new, mapping, records, at):
                faults.append(fault)
            elif new not in records:
                fresh[new] = read(new, records[old].series)
        except InvalidNumber as error:
            faults.append((new, f"cannot be issued here: {error.reason}"))
    if faults and one:
        _check_free(mapping, records, at)
    if faults:
        raise RenumberingRefused(faults)
    if circle := cycle_of(mapping):
        raise AliasCycle(circle)
    found = {new: _moved(records.get(new), records[old], fresh.get(new), at)
             for old, new in mapping.items()}  # fmt: skip
    for old, new in mapping.items():
        if old not in found:
            state = State.SUPERSEDED
            found[old] = attrs.evolve(noted(records[old], at), state=state, successor=new)
    return list(found.values())


def cycle_of(mapping: Mapping[str, str]) -> list[str]:
    """A circle of more than two numbers; empty if there is none."""
    seen = set[str]()
    for start in mapping:
        path: dict[str, None] = {}
        number = start
        while number in mapping and number not in seen and number not in path:
            path[number] = None
            number = mapping[number]
        if number in path:
            circle = list(path)
            circle = circle[circle.index(number) :]
            if len(circle) > 2:
                return circle
        seen.update(path)
    return []


def moved_links(mapping: Mapping[str, str], links: list[Link]) -> list[Link]:
    """The names, leading to the new numbers."""
    return [link._replace(number=mapping[link.number]) for link in links]


def _shared_targets(mapping: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    olds: defaultdict[str, list[str]] = defaultdict(list)
    for old, new in mapping.items():
        olds[new].append(old)
    for new, several in olds.items():
        if len(several) > 1:
            names = " and ".join(several[:3])
            yield new, f"is the new number of {names}: merge those instead"


def _fault(
    old: str, new: str, mapping: Mapping[str, str], records: Mapping[str, Record], at: int
) -> tuple[str, str] | None:
    """What is wrong with one pair, as far as the records tell."""
    this, there = records.get(old), records.get(new)
    if this is None:
        return old, "was never issued here"
    if not this.is_live:
        return old, f"is {this.state}, and refers to nothing that could be renumbered"
    fault = ""
    if old == new:
        fault = "stays as it is: leave it out"
    elif there is not None and there.series != this.series:
        fault = f"is of the series {there.series}"
    elif there is not None and _is_taken(this, there, mapping, at):
        fault = f"is {there.state}, and a number is given once"
    return (new, fault) if fault else None


def _check_free(mapping: Mapping[str, str], records: Mapping[str, Record], at: int) -> None:
    for old, new in mapping.items():
        this, there = records.get(old), records.get(new)
        if this is not None and there is not None and _is_taken(this, there, mapping, at):
            raise NumberTaken(new, there.state)


def _is_taken(old: Record, new: Record, mapping: Mapping[str, str], at: int) -> bool:
    """Whether the new number is somebody's, or was, and stays so."""
    if not old.is_live or new.series != old.series or new.number in mapping:
        return False
    return new.state is not State.RESERVED or ended(new, at)


def _moved(there: Record | None, old: Record, item: Item | None, at: int) -> Record:
    """The record of a new number, which takes over what the old one refers to."""
    if there is None:
        assert item is not None  # noqa: S101 (every new number was read)
        there = attrs.evolve(item.record(old.series, at, None), rev=0)
    there = noted(there, at)
    return attrs.evolve(there, state=old.state, ref=old.ref, until=None)
