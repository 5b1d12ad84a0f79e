"""Tallyho: events in, points and exact leaderboards out.

The engine in this process:

    engine = tallyho.Engine("rulesets/treasure-hunt.yaml")
    outcome = engine.score({"type": "chest_opened", "player": "ada", "chest": "attic", "locks": 3, "seconds": 10})
    engine.board("global").top(10)

A client of a server: `async with tallyho.connect("ws://localhost:7070/v1/ws") as connection: …`
"""

import enum
import json
import os

from . import _tallyho
from ._tallyho import Outcome, Outcomes
from .client import Connection, connect

__all__ = ["Board", "Code", "Connection", "Engine", "Error", "Member", "Outcome", "Outcomes", "connect"]
__version__ = _tallyho.version()


class Code(enum.IntEnum):
    """The one list of answers: the numbers of the C ABI, the names of the wire."""

    ok = 0
    malformed = 1
    too_large = 2
    unknown_type = 3
    missing_field = 4
    invalid_field = 5
    out_of_time = 6
    duplicate = 7
    rejected = 8
    rule_error = 9
    player_banned = 10
    unauthorized = 11
    overloaded = 12
    unavailable = 13
    capacity = 14
    invalid_argument = 15
    internal = 16
    not_found = 17


class Error(Exception):
    """A ruleset that can't be loaded, a query that can't be answered: with its `code`. Events never raise it."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


_tallyho.begin(Error, tuple(Code), json.dumps)


class Member(tuple):
    """A row of a board: (rank, member, value), by name too."""

    __slots__ = ()
    rank = property(lambda self: self[0])
    member = property(lambda self: self[1])
    value = property(lambda self: self[2])


class Board:
    """One leaderboard of an engine: of a grouped board a group's, of one with windows the current one's or `window`'s.

    Errors: not_found for a board, group, window or member that isn't there; invalid_argument."""

    def __init__(self, board):
        self._board = board

    def top(self, limit=10, *, first=1):
        """Up to `limit` (at most 1,000) members, from rank `first` on."""
        return [Member(row) for row in self._board.page(first, limit)]

    def rank(self, member):
        """The member's rank, from 1."""
        return self._board.around(member, 0)[0][0]

    def around(self, member, radius=5):
        """The member with up to `radius` (at most 499) on either side."""
        return [Member(row) for row in self._board.around(member, radius)]


class Engine(_tallyho.Engine):
    """A game in this process. `ruleset` is a path, or None for the treasure hunt that is built in; or give its text as
    `source`. May be used from any thread.

    score(event, *, ranks=False) takes bytes, str or a dict; score_batch(events, *, ranks=False) takes NDJSON as bytes,
    or an iterable of events, and works without the GIL. Neither raises for what is wrong with an event."""

    def __init__(self, ruleset=None, *, source=None):
        super().__init__(None if ruleset is None else str(ruleset), source)

    def board(self, name, *, group=None, window=None):
        """The leaderboard; whether it is there is said when it is read."""
        return Board(super().board(name, group=group, window=window))

    def save(self, path):
        """Writes everything the engine holds to a file, which is replaced once all of it is on the disk.

        Errors: not_found for the folder, unavailable where it can't be written."""
        super().save(os.fspath(path))

    def load(self, path):
        """Makes the engine what was saved, under its own ruleset: what has no place there is left behind.

        Errors, changing nothing: not_found; invalid_argument for what is no snapshot or damaged; unavailable."""
        super().load(os.fspath(path))
