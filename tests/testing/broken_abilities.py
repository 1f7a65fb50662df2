"""Stores with one fault each in what they do besides counting."""

from __future__ import annotations

import time
from typing import Any

from crmid.counters import Block, CounterKey
from crmid.stores import Capability

from .sound import Sound


class TakesBackAnything(Sound):
    def fits(self, block: Block, current: int | None, floor: int) -> bool:
        return True


class TakesBackWhatLooksLower(Sound):
    def fits(self, block: Block, current: int | None, floor: int) -> bool:
        return current is not None and current >= block.hi


class TakesBackWhatLooksHigher(Sound):
    def fits(self, block: Block, current: int | None, floor: int) -> bool:
        return current is not None and block.lo < current <= block.hi


class TakesBackForNew(Sound):
    def fits(self, block: Block, current: int | None, floor: int) -> bool:
        return current in {None, block.hi} and floor <= block.lo


class TakesBackBelowTheFloor(Sound):
    def fits(self, block: Block, current: int | None, floor: int) -> bool:
        return current == block.hi


class TakesBackNothing(Sound):
    def fits(self, block: Block, current: int | None, floor: int) -> bool:
        return False


class TakesBackUnchecked(Sound):
    def give_back(self, block: Block, /) -> bool:
        if self.next.get(block[0]) != block[2]:
            return False
        self.next[block[0]] = block[1]
        return True


class TakesBackAllOfIt(Sound):
    def give_back(self, block: Block, /) -> bool:
        done = super().give_back(block)
        if done:
            self.next[block.key] = 1
        return done


class AnswersNo(Sound):
    def give_back(self, block: Block, /) -> bool:
        super().give_back(block)
        return False


class AnswersYes(Sound):
    def give_back(self, block: Block, /) -> bool:
        super().give_back(block)
        return True


class TakesBackLater(Sound):
    def give_back(self, block: Block, /) -> bool:
        done = super().give_back(block)
        if done:
            time.sleep(0.0001)
            self.next[block.key] = block.lo
        return done


class TakesBackMore(Sound):
    """Takes the first value that is given back for the first that is free, and one more."""

    def give_back(self, block: Block, /) -> bool:
        done = super().give_back(block)
        if done and block.lo > 1:
            self.next[block.key] = block.lo - 1
        return done


class CopiesItself(Sound):
    """A copy has its own counters, which begin where the original is."""

    def __deepcopy__(self, memo: object) -> CopiesItself:
        twin = CopiesItself()
        twin.next = dict(self.next)
        return twin


class GoesOnInTheChild(Sound):
    def check(self) -> None:
        """Whoever counts in memory counts twice after a fork."""


class LastRulesWin(Sound):
    def remember(self, series: str, rules: str, /) -> str:
        super().remember(series, rules)
        self.rules[series] = rules
        return rules


class RememberReadsThenWrites(Sound):
    def remember(self, series: str, rules: str, /) -> str:
        if (found := self.recall(series)) is not None:
            return found
        time.sleep(0.001)
        super().remember(series, rules)
        self.rules[series] = rules
        return rules


class CutsRules(Sound):
    def remember(self, series: str, rules: str, /) -> str:
        super().remember(series, rules[:255])
        return rules


class RemembersAnything(Sound):
    def remember(self, series: str, rules: str, /) -> str:
        return self.rules.setdefault(series, rules)

    def recall(self, series: str, /) -> str | None:
        return self.rules.get(series)


class SaysThatItJoins(Sound):
    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset({Capability.JOIN_TRANSACTION})


class ForMachinesOnly(Sound):
    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset({Capability.SHARED_MACHINES})


class PromisesInWords(Sound):
    @property
    def capabilities(self) -> Any:
        return {"durable"}


class ListsWhatIsAdvanced(Sound):
    def counters(
        self, series: str, after: CounterKey | None, limit: int, /
    ) -> list[tuple[CounterKey, int]]:
        found = super().counters(series, after, limit)
        return [each for each in found if each[0] in self.floor]


class ListsFromTheMark(Sound):
    def counters(
        self, series: str, after: CounterKey | None, limit: int, /
    ) -> list[tuple[CounterKey, int]]:
        found = super().counters(series, None, 10_000)
        return [each for each in found if after is None or each[0] >= after][:limit]


class ListsAllSeries(Sound):
    def counters(
        self, series: str, after: CounterKey | None, limit: int, /
    ) -> list[tuple[CounterKey, int]]:
        found = sorted(self.next.items())
        return [each for each in found if after is None or each[0] > after][:limit]


class ListsAnyPage(Sound):
    def counters(
        self, series: str, after: CounterKey | None, limit: int, /
    ) -> list[tuple[CounterKey, int]]:
        return super().counters(series, after, max(1, min(limit, 10_000)))
