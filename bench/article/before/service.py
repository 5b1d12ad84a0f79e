"""The service: WebSocket in, the rules, boards in Redis, acks and changes of boards out. It speaks as much of Tallyho's
protocol as its players and the standard load need: events, `hello`, `ping`, and watching the top of a board.

    python3 -m before.service --redis SOCKET [--listen HOST:PORT]

One process, one event loop (uvloop). Events are scored as they come; what they changed on the boards goes to Redis in
one round trip, then their acks leave; what comes meanwhile is the next batch. So batches grow with the load.
"""

import argparse
import asyncio
import gc
import json
import logging
import secrets
import signal
import sys
import time

import uvloop
import websockets
from websockets.legacy.protocol import broadcast

from .events import Fault, parse
from .game import Game, Outcome
from .redis_boards import RedisBoards

FRAME_BYTES_MAX = 1 << 20
PUSH_INTERVAL_S = 0.05
BOARDS = ("global", "teams", "best-find", "fastest-clue")
SCORED = ("ok", "duplicate")
REACHED_THE_LOG = ("ok", "duplicate", "rejected", "rule_error", "out_of_time")
dumps = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode


class Connection:
    def __init__(self, socket):
        self.socket = socket
        self.answers = []
        self.detail = False


class Watch:
    """One board's top as one connection sees it."""

    def __init__(self, connection, number, board, top):
        self.connection = connection
        self.number = number
        self.board = board
        self.top = top
        self.shown = []


class Service:
    def __init__(self, boards):
        self.game = Game()
        self.boards = boards
        self.log = secrets.token_hex(16)
        self.position = 0
        self.version = 0         # The position up to which Redis knows everything.
        self.waiting = {}        # Connections with answers, in order.
        self.wake = asyncio.Event()
        self.watches = []

    async def serve(self, socket):
        """A connection, from its first message to its last."""
        connection = Connection(socket)
        try:
            async for frame in socket:
                if isinstance(frame, bytes):
                    await socket.close(1003)
                    return
                for line in frame.split("\n") if "\n" in frame else (frame,):
                    if line:
                        connection.answers.append(await self.answer(connection, line))
                if connection.answers:
                    self.waiting[connection] = None
                    self.wake.set()
        except websockets.ConnectionClosed:
            pass
        finally:
            self.watches = [watch for watch in self.watches if watch.connection is not connection]

    async def answer(self, connection, line):
        try:
            message = parse(line)
        except Fault as fault:
            if fault.code == "too_large":
                return '{"ack":{"code":"too_large"}}'
            return '{"error":{"code":"malformed","message":"not a JSON object"}}'
        if "op" in message:
            answer = await self.control(connection, message)
        else:
            answer = {"ack": self.score(connection, message)}
        if "ref" in message:
            answer["ref"] = message["ref"]
        return dumps(answer)

    def score(self, connection, message):
        try:
            outcome = self.game.score(message, time.time_ns())
        except Exception:  # pylint: disable=broad-except
            logging.exception("an event could not be scored")
            outcome = Outcome("internal", None)
        ack = {"code": outcome.code}
        identity = message.get("id")
        if isinstance(identity, str):
            ack = {"id": identity, "code": outcome.code}
        if outcome.code in REACHED_THE_LOG:
            self.position += 1
            ack["position"] = self.position
        if outcome.code in SCORED:
            ack["points"], ack["total"] = outcome.points, outcome.total
        if outcome.code == "ok":
            self.boards.apply(outcome)
            if connection.detail:
                ack["fired"] = outcome.fired
                ack["notices"] = outcome.notices
        else:
            for name in ("field", "rule", "message"):
                value = getattr(outcome, name)
                if value is not None:
                    ack[name] = value
        return ack

    async def control(self, connection, message):
        operation = message["op"]
        if operation == "hello":
            connection.detail = "fired" in message.get("detail", ())
            return {"hello": {"log": self.log, "ruleset": {"name": "treasure-hunt"}, "roles": ["ingest", "read"]}}
        if operation == "ping":
            return {"pong": {"time": time.time_ns() // 1_000_000}}
        if operation == "watch" and message.get("board") in BOARDS and isinstance(message.get("top"), int):
            watch = Watch(connection, message.get("ref", len(self.watches) + 1), message["board"], message["top"])
            of, watch.shown = await self.boards.top(watch.board, watch.top)
            self.watches.append(watch)
            members = [{"rank": rank, "member": member, "value": value}
                       for rank, (member, value) in enumerate(watch.shown, 1)]
            return {"watch": watch.number, "board": watch.board, "log": self.log, "version": self.version, "of": of,
                    "members": members}
        return {"error": {"code": "invalid_argument", "message": "unknown or incomplete"}}

    async def write_batches(self):
        """Redis, then the acks, again and again."""
        while True:
            await self.wake.wait()
            self.wake.clear()
            position = self.position
            batch = [(connection, connection.answers) for connection in self.waiting]
            self.waiting.clear()
            for connection, _ in batch:
                connection.answers = []
            await self.boards.write()
            self.version = position
            for connection, answers in batch:
                broadcast([connection.socket], "\n".join(answers))

    async def push_changes(self):
        """What moved at the top of the boards that are watched, every 50 ms."""
        seen = 0
        while True:
            await asyncio.sleep(PUSH_INTERVAL_S)
            if self.version == seen or not self.watches:
                continue
            seen, tops = self.version, {}
            for watch in self.watches:
                key = (watch.board, watch.top)
                if key not in tops:
                    tops[key] = await self.boards.top(*key)
                self.push(watch, *tops[key], seen)

    def push(self, watch, of, top, version):
        was = {member: (rank, value) for rank, (member, value) in enumerate(watch.shown, 1)}
        now = {member: (rank, value) for rank, (member, value) in enumerate(top, 1)}
        changes = [{"member": member, "left": True} for member in was if member not in now]
        for member, (rank, value) in now.items():
            if was.get(member) != (rank, value):
                change = {"member": member, "value": value, "rank": rank}
                if member in was:
                    change["was"] = was[member][0]
                changes.append(change)
        if changes:
            watch.shown = top
            broadcast([watch.connection.socket],
                      dumps({"watch": watch.number, "version": version, "merged": 1, "of": of, "changes": changes}))


async def run(arguments):
    service = Service(await RedisBoards.open(arguments.redis))
    host, _, port = arguments.listen.rpartition(":")
    # Nothing here makes cycles, and looking for them takes longer the more players there are.
    gc.disable()
    stop = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set_result, None)
    async with websockets.serve(service.serve, host, int(port), compression=None, max_size=FRAME_BYTES_MAX,
                                ping_interval=None, backlog=4096) as server:
        address = server.sockets[0].getsockname()
        print(f"listening on {address[0]}:{address[1]}", file=sys.stderr, flush=True)
        tasks = [asyncio.ensure_future(service.write_batches()), asyncio.ensure_future(service.push_changes())]
        await asyncio.wait([stop, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
            task.cancel()


def main():
    parser = argparse.ArgumentParser(description="The treasure hunt as a service in Python.")
    parser.add_argument("--redis", required=True, help="Unix socket of a Redis that is this service's own")
    parser.add_argument("--listen", default="127.0.0.1:7070")
    uvloop.install()
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
