"""The same pushes to many watchers: our server beside Centrifuge, the library that Centrifugo is made of.

Ours scores events meanwhile: what that costs is measured without watchers, and taken off. What one of its watchers got,
and when, is then published by Centrifuge in its place. Turns alternate.
"""

import contextlib
import http.client
import json
import os
import pathlib
import selectors
import statistics
import struct
import subprocess
import threading
import time

import go_program

HERE = pathlib.Path(__file__).resolve().parent
WATCHERS, RATE, TURNS = 1000, 2000, 2
OURS = ("/v1/ws", [{"op": "watch", "board": "global", "top": 10}])
THEIRS = ("/connection/websocket", [{"id": 1, "connect": {}}, {"id": 2, "subscribe": {"channel": "board"}}])
CHANGES = b'"changes":'  # Every push has it once.


class Watchers:
    """Many WebSockets that are read by a thread; counts the pushes that come, and keeps those to the first."""

    def __init__(self, open_websocket, address, path, messages, count):
        self.sockets = [open_websocket(address, path) for _ in range(count)]
        self.pushes, self.kept, self.rest = 0, [], b""
        for one in self.sockets:
            for message in messages:
                one.sendall(masked_frame(json.dumps(message).encode()))
                one.recv(65536)  # The snapshot, or that it was taken.
        self.selector = selectors.EpollSelector()
        for one in self.sockets:
            one.setblocking(False)
            self.selector.register(one, selectors.EVENT_READ)
        self.is_over = False
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        while not self.is_over:
            for key, _ in self.selector.select(0.1):
                with contextlib.suppress(BlockingIOError):
                    data = key.fileobj.recv(65536)
                    if not data:
                        raise RuntimeError("a watcher's connection has ended")
                    self.pushes += data.count(CHANGES)
                    if key.fileobj is self.sockets[0]:
                        self.keep(data)

    def keep(self, data):
        data = self.rest + data
        while len(data) >= 4:
            size, begin = data[1], 2
            if size == 126:
                size, begin = struct.unpack_from("!H", data, 2)[0], 4
            if len(data) < begin + size:
                break
            payload, data = data[begin:begin + size], data[begin + size:]
            self.kept += [(time.monotonic(), line) for line in payload.split(b"\n") if CHANGES in line]
        self.rest = data

    def close(self):
        self.is_over = True
        self.thread.join()
        self.selector.close()
        for one in self.sockets:
            one.close()


def masked_frame(payload):
    assert len(payload) < 126
    return bytes([0x81, 0x80 | len(payload), 0, 0, 0, 0]) + payload


def of_ours(bench, seconds):
    """(CPU seconds for a push, bytes for a watcher, what a watcher got and when)."""
    arguments = ("--rate", str(RATE), "--connections", "10", "--events", str(RATE * seconds))
    options = ("--io-threads", "1", "--limits-push-interval", bench.PUSH_INTERVAL)
    with bench.Server(*options) as server:
        cpu = server.cpu_seconds()
        bench.load(server, *arguments)
        scoring = server.cpu_seconds() - cpu
    with bench.Server(*options) as server:
        before = server.private_bytes()
        watchers = Watchers(bench.open_websocket, server.address, *OURS, WATCHERS)
        held, cpu = server.private_bytes() - before, server.cpu_seconds()
        bench.load(server, *arguments)
        cpu = server.cpu_seconds() - cpu - scoring
        watchers.close()
    return cpu / watchers.pushes, held / WATCHERS, watchers.kept


class Centrifuge:
    """The process with what a server of the bench's can say of itself."""

    def __init__(self, bench, program):
        self.bench, self.program = bench, program

    def __enter__(self):
        process = self.bench.Process()
        process.process = subprocess.Popen([*self.bench.on_core(0), self.program], stdout=subprocess.PIPE, text=True)
        process.address = process.process.stdout.readline().removeprefix("listening on ").strip()
        self.process = process
        return process

    def __exit__(self, *_):
        self.process.process.terminate()
        self.process.process.wait(60)


def of_centrifuge(bench, program, pushes):
    """(CPU seconds for a push, bytes for a watcher)."""
    with Centrifuge(bench, program) as server:
        before = server.private_bytes()
        watchers = Watchers(bench.open_websocket, server.address, *THEIRS, WATCHERS)
        held, cpu, begun = server.private_bytes() - before, server.cpu_seconds(), time.monotonic()
        publisher = http.client.HTTPConnection(server.address)
        for when, push in pushes:
            time.sleep(max(0, begun + when - pushes[0][0] - time.monotonic()))
            publisher.request("POST", "/publish", b"{" + push.partition(b",")[2])  # Without the watch's name.
            publisher.getresponse().read()
        time.sleep(0.5)
        cpu = server.cpu_seconds() - cpu
        watchers.close()
    return cpu / watchers.pushes, held / WATCHERS


def run(bench, seconds):
    """`bench` is the module bench/server.py."""
    bench.with_many_files()
    os.sched_setaffinity(0, {bench.CORES[-1]})  # Of whoever watches; the servers have the first.
    program = go_program.build(HERE / "centrifuge", "centrifuge")
    ours, theirs = [], []
    for _ in range(TURNS):
        *figures, pushes = of_ours(bench, seconds)
        ours.append(figures)
        if program is not None:
            theirs.append(of_centrifuge(bench, program, pushes))
    os.sched_setaffinity(0, bench.CORES)
    print(f"{WATCHERS:,} watchers of a board's top 10, a push every {bench.PUSH_INTERVAL} ({RATE:,} events/s)")
    cpu, held = (statistics.median(column) for column in zip(*ours, strict=True))
    print(f"  tallyho      {1e6 * cpu:6.1f} µs of CPU for a push   {held:8,.0f} bytes for a watcher")
    if theirs:
        their_cpu, their_held = (statistics.median(column) for column in zip(*theirs, strict=True))
        print(f"  Centrifuge   {1e6 * their_cpu:6.1f} µs of CPU for a push   {their_held:8,.0f} bytes for a watcher\n"
              f"  Centrifuge ÷ tallyho: {their_cpu / cpu:.2f} CPU, {their_held / held:.2f} bytes", flush=True)
