"""The six boards in memory, exactly: of equal values the one that was reached first is ahead.

The service keeps its boards in Redis (redis_boards.py); these are what they should be.
"""

import bisect

from . import times

FASTEST_MAX = 1000
DAYS_KEPT = 7


class Values:
    """Members with their values, the highest first, and when each value was reached."""

    def __init__(self):
        self.entries = {}  # member -> (value, reached)

    def add(self, member, points, reached):
        entry = self.entries.get(member)
        self.entries[member] = ((entry[0] if entry else 0) + points, reached)

    def best(self, member, value, reached):
        entry = self.entries.get(member)
        if entry is None or value > entry[0]:
            self.entries[member] = (value, reached)

    def page(self):
        ranked = sorted((-value, reached, member) for member, (value, reached) in self.entries.items())
        return [{"rank": rank, "member": member, "value": -lowered}
                for rank, (lowered, _, member) in enumerate(ranked, 1)]


class Fastest:
    """The thousand lowest values; who is pushed out is forgotten."""

    def __init__(self):
        self.ranked = []   # (value, reached, member), best first.
        self.entries = {}  # member -> its entry

    def best(self, member, value, reached):
        entry = self.entries.get(member)
        if entry is not None:
            if value >= entry[0]:
                return
            del self.ranked[bisect.bisect_left(self.ranked, entry)]
        elif len(self.ranked) >= FASTEST_MAX:
            if value >= self.ranked[-1][0]:
                return
            del self.entries[self.ranked.pop()[2]]
        self.entries[member] = (value, reached, member)
        bisect.insort(self.ranked, self.entries[member])

    def page(self):
        return [{"rank": rank, "member": member, "value": value}
                for rank, (value, _, member) in enumerate(self.ranked, 1)]


class Boards:
    def __init__(self):
        self.everyone = Values()
        self.days = {}
        self.regions = {}
        self.teams = Values()
        self.best_find = Values()
        self.fastest_clue = Fastest()
        self.reached = 0

    def apply(self, outcome):
        """Takes in an accepted event."""
        self.reached += 1
        event, player, points = outcome.event, outcome.player, outcome.points
        if event["type"] == "clue_solved" and event["hints"] == 0:
            self.fastest_clue.best(player.name, event["seconds"], self.reached)
        if points == 0:
            return
        self.everyone.add(player.name, points, self.reached)
        self.days.setdefault(times.day_of(outcome.now), Values()).add(player.name, points, self.reached)
        if player.region:
            self.regions.setdefault(player.region, Values()).add(player.name, points, self.reached)
        if player.team:
            self.teams.add(player.team, points, self.reached)
        if event["type"] == "treasure_found":
            self.best_find.best(player.name, points, self.reached)

    def pages(self, arrival):
        """Every board whole, as `tallyho score --boards` writes them."""
        today = times.day_of(arrival)
        return {
            "global": self.everyone.page(),
            "today": {times.name_of_day(day): values.page() for day, values in self.days.items()
                      if day >= today - DAYS_KEPT},
            "regions": {region: values.page() for region, values in self.regions.items()},
            "teams": self.teams.page(),
            "best-find": self.best_find.page(),
            "fastest-clue": self.fastest_clue.page(),
        }
