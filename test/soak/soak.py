"""A server under everything at once, for minutes: players who come and go, readers who do not read, peers who die, and
floods of what makes no sense. Beside them steady players, whose points have to be right in the end.

    ./dev soak --minutes 10           # under asan and under tsan, half of the time each

The server keeps its log, makes snapshots, has an outbox whose receiver fails now and then, and traces. At the end it
must have answered every steady player, hold no more connections than there are, end well, and have said nothing that a
sanitizer says.
"""

import argparse
import asyncio
import json
import os
import pathlib
import random
import socket
import struct
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "server"))

import websockets  # noqa: E402
from tallyho_server import Server, find  # noqa: E402
from webhook_receiver import Receiver  # noqa: E402

STEADY, CHURNING, SLOW, DEAD, FLOODING = 6, 6, 4, 4, 3
LOST = (OSError, websockets.WebSocketException, asyncio.TimeoutError)


class Soak:
    def __init__(self, server, seconds, seed):
        self.server, self.over_at, self.random = server, time.monotonic() + seconds, random.Random(seed)
        self.points = {}  # Of steady players: what was acked.
        self.counts = dict.fromkeys(("acks", "overloaded", "churns", "slow", "dead", "floods"), 0)
        self.problems = []

    def is_over(self):
        return time.monotonic() >= self.over_at

    async def play_steadily(self, name):
        """Sends one event after the other; no answer but `ok` and, under a flood, `overloaded` is right."""
        self.points[name] = 0
        async with self.server.connect(ping_interval=None) as websocket:
            number = 0
            while not self.is_over():
                number += 1
                event = find(name, self.random.randrange(20), id=f"{name}-{number}")
                await websocket.send(json.dumps(event))
                while True:
                    answer = None
                    for line in (await asyncio.wait_for(websocket.recv(), 120)).split("\n"):
                        answer = json.loads(line).get("ack", answer)
                    if answer is None:
                        continue  # A push.
                    break
                if answer["code"] == "ok":
                    self.points[name] += answer["points"]
                    self.counts["acks"] += 1
                    if answer["total"] != self.points[name]:
                        self.problems.append(f"{name} has {answer['total']} instead of {self.points[name]}")
                elif answer["code"] == "overloaded":
                    self.counts["overloaded"] += 1
                    await asyncio.sleep(0.1)
                else:
                    self.problems.append(f"{name} was answered {answer}")

    async def come_and_go(self):
        while not self.is_over():
            websocket = None
            try:
                websocket = await self.server.connect(ping_interval=None)
                for board in ("global", "best", "teams", "nowhere"):
                    top = self.random.randrange(1, 100)
                    await websocket.send(json.dumps({"op": "watch", "board": board, "top": top}))
                await websocket.send(json.dumps({"type": "joined", "player": f"c{self.random.randrange(500)}",
                                                 "team": f"t{self.random.randrange(20)}"}))
                for _ in range(self.random.randrange(10)):
                    await asyncio.wait_for(websocket.recv(), 1)
                if self.random.random() < 0.5:
                    await websocket.close()
            except LOST:
                pass
            if websocket is not None:
                websocket.transport.abort()
            self.counts["churns"] += 1

    def open_raw(self, receive_bytes=None):
        raw = socket.socket()
        if receive_bytes:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        raw.connect(("127.0.0.1", self.server.port))
        raw.setblocking(False)
        return raw

    async def shake_hands(self, raw):
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(raw, b"GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                                     b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                     b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        await asyncio.wait_for(loop.sock_recv(raw, 4096), 30)

    @staticmethod
    def frame(payload, opcode=1):
        header = bytes([0x80 | opcode])
        if len(payload) < 126:
            header += bytes([0x80 | len(payload)])
        else:
            header += b"\xff" + struct.pack(">Q", len(payload))
        return header + b"\0\0\0\0" + payload

    async def read_slowly(self):
        """Watches everything and asks for much, and reads next to nothing."""
        loop = asyncio.get_running_loop()
        while not self.is_over():
            raw, sending = self.open_raw(4096), None
            try:
                await self.shake_hands(raw)
                watch = json.dumps({"op": "watch", "board": "global", "top": 1000}).encode()
                query = json.dumps({"op": "query", "path": "/v1/ruleset"}).encode()
                await loop.sock_sendall(raw, self.frame(watch))
                sending = asyncio.create_task(loop.sock_sendall(raw, self.frame(b"\n".join([query] * 2000)) * 4))
                for _ in range(self.random.randrange(5, 50)):
                    await asyncio.wait_for(loop.sock_recv(raw, 100), 5)
                    await asyncio.sleep(0.2)
            except LOST:
                pass
            await self.end(sending)
            raw.close()
            self.counts["slow"] += 1

    async def die(self):
        """Stops in the middle of something, silently or with a reset."""
        loop = asyncio.get_running_loop()
        while not self.is_over():
            raw = self.open_raw()
            try:
                what = self.random.randrange(4)
                if what == 0:
                    await loop.sock_sendall(raw, b"POST /v1/events HTTP/1.1\r\nHost: loc")
                elif what == 1:
                    await loop.sock_sendall(raw, b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\n"
                                                 b"Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{")
                else:
                    await self.shake_hands(raw)
                    whole = self.frame(json.dumps(find("dead", 1)).encode() * 3)
                    await loop.sock_sendall(raw, whole[:self.random.randrange(1, len(whole))])
                await asyncio.sleep(self.random.random() * 3)
            except LOST:
                pass
            if self.random.random() < 0.5:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raw.close()
            self.counts["dead"] += 1

    @staticmethod
    async def end(task):
        """Before its socket is closed, whose number may then be another's."""
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def nonsense(self):
        bytes_ = self.random.randbytes(self.random.randrange(2000))
        return self.random.choice([
            self.frame(bytes_), self.frame(bytes_, opcode=2), bytes_, self.frame(b"x" * 125, opcode=9) * 500,
            self.frame(b"{" * 100_000), self.frame(b"x" * ((1 << 20) + 1)), self.frame(b'{"op":"hello"}\n' * 5000),
            self.frame(b"\n".join([json.dumps(find("flood", 1)).encode()] * 5000)),
            self.frame(json.dumps({"type": "find", "player": "p" * 300, "value": 1 << 70}).encode()),
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200, b"\x16\x03\x01" + bytes_])

    async def flood(self):
        loop = asyncio.get_running_loop()

        async def read_all(raw):
            while await loop.sock_recv(raw, 65536):
                pass
        while not self.is_over():
            raw, reading = self.open_raw(), None
            try:
                if self.random.random() < 0.8:
                    await self.shake_hands(raw)
                reading = asyncio.create_task(read_all(raw))
                for _ in range(self.random.randrange(1, 20)):
                    await asyncio.wait_for(loop.sock_sendall(raw, self.nonsense()), 10)
                await asyncio.sleep(0.2)
            except LOST:
                pass
            await self.end(reading)
            raw.close()
            self.counts["floods"] += 1

    async def look(self):
        while not self.is_over():
            await asyncio.sleep(5)
            status = await asyncio.to_thread(self.server.get, "/readyz", admin=True)
            if status[0] != 200:
                self.problems.append(f"not ready: {status[1]}")
            print(f"  {max(0, self.over_at - time.monotonic()):5.0f} s left, {resident(self.server):,.0f} MiB, "
                  + ", ".join(f"{count:,} {name}" for name, count in self.counts.items()), flush=True)

    async def run(self):
        actors = [self.play_steadily(f"steady{i}") for i in range(STEADY)]
        for make, count in ((self.come_and_go, CHURNING), (self.read_slowly, SLOW), (self.die, DEAD),
                            (self.flood, FLOODING), (self.look, 1)):
            actors += [make() for _ in range(count)]
        await asyncio.gather(*actors)
        for name, points in self.points.items():
            total = (await asyncio.to_thread(self.server.get, f"/v1/players/{name}"))[1].get("total")
            if total != points:
                self.problems.append(f"{name} has {total} in the end instead of {points}")
        end = time.monotonic() + 120
        while self.server.metric("tallyho_connections") > 1 and time.monotonic() < end:
            await asyncio.sleep(0.5)
        if self.server.metric("tallyho_connections") > 1:
            self.problems.append("connections were left behind")


def resident(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--minutes", type=float, default=1)
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = arguments.parse_args()
    print(f"seed {options.seed}")
    receiver = Receiver()
    chance = random.Random(options.seed)
    receiver.behave = lambda request: chance.choice([200, 200, 500, None])
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "key").write_text("a key of more than 24 bytes", encoding="ascii")
        server = Server("--data", f"{folder}/data", "--snapshot-events", "20000", "--outbox-url", receiver.url,
                        "--outbox-key", f"{folder}/key", "--outbox-ranks", "global:entered:10,best:overtaken:100",
                        "--otlp-endpoint", receiver.url, "--trace-sample", "0.01", "--log-format", "json",
                        environment={**os.environ, "no_proxy": "*"}, is_json=True)
        said = []
        reader = threading.Thread(target=lambda: said.extend(server.process.stderr), daemon=True)
        reader.start()
        soak = Soak(server, options.minutes * 60, options.seed)
        try:
            asyncio.run(soak.run())
            server.ask_to_stop()
            status = server.process.wait(120)
            if status != 0:
                soak.problems.append(f"the server ended with {status}")
        finally:
            if server.process.poll() is None:
                server.process.kill()
            reader.join(10)
        for line in said:
            if not line.startswith("{"):  # A sanitizer speaks.
                soak.problems.append(line.rstrip())
    for problem in soak.problems[:100]:
        print("  problem: " + problem)
    print(f"soak: {len(soak.problems)} problems; " + ", ".join(f"{n:,} {name}" for name, n in soak.counts.items()))
    return 1 if soak.problems or soak.counts["acks"] == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
