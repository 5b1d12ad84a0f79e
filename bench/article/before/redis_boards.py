"""The six boards as sorted sets of Redis, over one Unix socket, written in batches.

    boards = await RedisBoards.open(path)
    boards.apply(outcome)        # Into the batch: a board's new value replaces an older one of the same member.
    await boards.write()         # One round trip, one ZADD a board.

The process knows every value, and Redis what is where. Of equal values Redis puts the name first that sorts first, not
the one that was reached first: exact ties would need more bits than its doubles have.
"""

import asyncio
import collections

import hiredis

from . import times

FASTEST_MAX = 1000
DAYS_KEPT = 7


def command(*words):
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        word = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(word), word))
    return b"".join(parts)


def zadd(key, members, flag=None):
    """One ZADD of many members."""
    words = ["ZADD", key] if flag is None else ["ZADD", key, flag]
    for member, value in members.items():
        words += (value, member)
    return command(*words)


class Connection(asyncio.Protocol):
    """Commands out, replies in the same order."""

    def __init__(self):
        self.reader = hiredis.Reader()
        self.waiting = collections.deque()  # (future, replies so far, how many it waits for)
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.reader.feed(data)
        while True:
            reply = self.reader.gets()
            if reply is False:
                return
            future, replies, count = self.waiting[0]
            replies.append(reply)
            if len(replies) == count:
                self.waiting.popleft()
                failed = next((each for each in replies if isinstance(each, Exception)), None)
                if failed is not None:
                    future.set_exception(failed)
                else:
                    future.set_result(replies)

    def connection_lost(self, exc):
        for future, _, _ in self.waiting:
            future.set_exception(ConnectionError("Redis went away"))

    def run(self, commands):
        future = asyncio.get_running_loop().create_future()
        self.waiting.append((future, [], len(commands)))
        self.transport.write(b"".join(commands))
        return future


class RedisBoards:
    @classmethod
    async def open(cls, path):
        _, connection = await asyncio.get_running_loop().create_unix_connection(Connection, path)
        await connection.run([command("FLUSHALL")])
        return cls(connection)

    def __init__(self, connection):
        self.connection = connection
        self.values = collections.defaultdict(dict)   # key -> {member: value}; what the sums are at.
        self.changed = collections.defaultdict(dict)  # The same, of the batch.
        self.best_finds = {}
        self.fastest_clues = {}
        self.days = set()

    def add(self, key, member, points):
        values = self.values[key]
        values[member] = value = values.get(member, 0) + points
        self.changed[key][member] = value

    def apply(self, outcome):
        event, player, points = outcome.event, outcome.player, outcome.points
        if event["type"] == "clue_solved" and event["hints"] == 0:
            seconds = event["seconds"]
            self.fastest_clues[player.name] = min(seconds, self.fastest_clues.get(player.name, seconds))
        if points == 0:
            return
        self.changed["global"][player.name] = player.total
        day = times.day_of(outcome.now)
        self.days.add(day)
        self.add(f"today/{day}", player.name, points)
        if player.region:
            self.add("regions/" + player.region, player.name, points)
        if player.team:
            self.add("teams", player.team, points)
        if event["type"] == "treasure_found":
            self.best_finds[player.name] = max(points, self.best_finds.get(player.name, points))

    def forget_days(self, commands):
        for day in [day for day in self.days if day < max(self.days) - DAYS_KEPT]:
            self.days.remove(day)
            self.values.pop(f"today/{day}", None)
            commands.append(command("UNLINK", f"today/{day}"))

    async def write(self):
        """Writes what changed since the last time."""
        commands = [zadd(key, members) for key, members in self.changed.items()]
        self.changed.clear()
        if self.best_finds:
            commands.append(zadd("best-find", self.best_finds, "GT"))
            self.best_finds = {}
        if self.fastest_clues:
            commands.append(zadd("fastest-clue", self.fastest_clues, "LT"))
            commands.append(command("ZREMRANGEBYRANK", "fastest-clue", FASTEST_MAX, -1))
            self.fastest_clues = {}
        if len(self.days) > DAYS_KEPT + 1:
            self.forget_days(commands)
        if commands:
            await self.connection.run(commands)

    async def top(self, board, count):
        """(members of the board, [(member, value)]), the first `count`."""
        words = "ZRANGE" if board == "fastest-clue" else "ZREVRANGE"
        of, flat = await self.connection.run([command("ZCARD", board),
                                              command(words, board, 0, count - 1, "WITHSCORES")])
        return of, [(member.decode(), int(value)) for member, value in zip(flat[::2], flat[1::2])]
