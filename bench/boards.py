"""Sorted sets of Redis (and Valkey, where it is installed) under the loads that the in-process benchmark above has: the
same numbers of members, the same values, the same ways to draw who is next. Over a Unix socket, with 256 commands under
way at a time, and one by one, which shows what asking over a socket costs at all.

The client sends bytes that were made beforehand and counts the replies, so nearly all of the time is the server's.
"""

import math
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time

SIZES = [int(size) for size in os.environ.get("MEMBERS", "100000,2000000,10000000").split(",")]
COMMANDS, COMMANDS_ONE_BY_ONE, PIPELINE = 100_000, 10_000, 256  # A tenth of them for pages.
AROUND = ("local r=redis.call('ZREVRANK','b',ARGV[1]) "
          "return redis.call('ZREVRANGE','b',math.max(r-10,0),r+10,'WITHSCORES')")


def command(*words):
    parts = [f"*{len(words)}\r\n".encode()]
    for word in words:
        word = str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(word), word))
    return b"".join(parts)


class Server:
    """A server of its own on a socket, without persistence."""

    def __init__(self, program, folder):
        self.path = str(pathlib.Path(folder) / "socket")
        self.process = subprocess.Popen(
            [program, "--port", "0", "--unixsocket", self.path, "--save", "", "--appendonly", "no", "--dir", folder],
            stdout=subprocess.DEVNULL)
        self.socket = socket.socket(socket.AF_UNIX)
        for _ in range(200):
            try:
                self.socket.connect(self.path)
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"{program} did not start")

    def stop(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(60)

    def run(self, commands, lines, pipeline):
        """Sends the commands, so many at a time, each answered with a number of lines. How many it does per second, and
        per second of the server's processor time: what it would do on a core of its own."""
        chunks = [b"".join(commands[i:i + pipeline]) for i in range(0, len(commands), pipeline)]
        counts = [min(pipeline, len(commands) - i) * lines for i in range(0, len(commands), pipeline)]
        started, cpu = time.perf_counter(), self.cpu_seconds()
        for chunk, count in zip(chunks, counts):
            self.socket.sendall(chunk)
            while count > 0:
                received = self.socket.recv(1 << 20)
                if received.startswith(b"-"):
                    raise RuntimeError(received[:200])
                count -= received.count(b"\n")
        return (len(commands) / (time.perf_counter() - started),
                len(commands) / max(self.cpu_seconds() - cpu, 0.01))

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        self.socket.sendall(command("INFO", "memory"))
        text = self.socket.recv(1 << 20).decode()
        return int(text.partition("used_memory:")[2].partition("\r")[0])


def value(draw):
    return draw.randrange(1000) * draw.randrange(1000)


def members(draw, size, skew, count):
    if skew == "uniform":
        return [draw.randrange(size) for _ in range(count)]
    return [int(math.exp(draw.random() * math.log(size))) * 2654435761 % size for _ in range(count)]


def loads(draw, size, script):
    """(name, command for a member, lines of its answer)."""
    middle = size // 2
    yield "increment", lambda m: command("ZINCRBY", "b", draw.randrange(500), m), 2
    yield "set", lambda m: command("ZADD", "b", value(draw), m), 1
    yield "rank", lambda m: command("ZREVRANK", "b", m), 1
    yield "page_of_100", lambda m: command("ZREVRANGE", "b", middle - m % middle, middle - m % middle + 99,
                                           "WITHSCORES"), 401
    yield "around_10", lambda m: command("EVALSHA", script, 0, m), 2 * 2 * 21 + 1


def measure(name, version, program):
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            server = Server(program, folder)
            try:
                measure_size(server, name, version, size)
            finally:
                server.stop()


def measure_size(server, name, version, size):
    draw = random.Random(1)
    before = server.memory()
    for first in range(0, size, 100_000):
        batch = [command("ZADD", "b", value(draw), m) for m in range(first, min(first + 100_000, size))]
        server.run(batch, 1, PIPELINE)
    print(f"{name} {version}, {size:,} members: {(server.memory() - before) / size:.0f} bytes a member", flush=True)
    server.socket.sendall(command("SCRIPT", "LOAD", AROUND))
    script = server.socket.recv(4096).split(b"\r\n")[1].decode()
    for skew in ("uniform", "zipf"):
        for load, make, lines in loads(draw, size, script):
            count = COMMANDS if load in ("increment", "set", "rank") else COMMANDS // 10
            who = members(draw, size, skew, count)
            commands = [make(m) for m in who]
            if load == "around_10":
                commands = only_whole_answers(server, commands)
            rate, rate_of_cpu = server.run(commands, lines, PIPELINE)
            one_by_one, _ = server.run(commands[:COMMANDS_ONE_BY_ONE], lines, 1)
            print(f"  {load:<12} {skew:<8} {rate:>10,.0f}/s pipelined, {rate_of_cpu:>10,.0f} per second of its CPU; "
                  f"{one_by_one:>8,.0f}/s one by one", flush=True)


def only_whole_answers(server, commands):
    """Leaves out members so far up or down that their answer is shorter."""
    kept = []
    for one in commands[:3000]:
        server.socket.sendall(one)
        answer = b""
        while not answer.startswith(b"*") or answer.count(b"\n") < 2 * int(answer[1:answer.index(b"\r")]) + 1:
            answer += server.socket.recv(1 << 16)
        if answer.startswith(b"*42\r\n"):
            kept.append(one)
    return kept * 10


def main():
    for name, program in (("Redis", "redis-server"), ("Valkey", "valkey-server")):
        if shutil.which(program) is None:
            print(f"{name}: not installed ({program}), so left out")
            continue
        version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        measure(name, version.partition("v=")[2].split()[0], program)
    return 0


if __name__ == "__main__":
    sys.exit(main())
