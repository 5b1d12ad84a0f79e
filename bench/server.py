"""The server over the loopback, beside what it stands on and what others do.

Server and load have a core each. Ours: closed loop with 64 frames in flight on each of 100 connections, one event to a
frame, and two frames of 50 events; the same against an echo of libwebsockets (the transport's floor); 18,000 events/s
with 1,000 and 10,000 watching connections, latency from when an event was due (open loop), so that a stalled server
shows; pushes to 1,000 watchers beside Centrifuge, the library that Centrifugo is made of; 15,000 connections that say
nothing; and the standard load of 100,000 players at its rate.

    ./dev bench server                # all of it, some eight minutes
    ./dev bench server --seconds 5 --only floor,frames
"""

import argparse
import base64
import json
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time

TALLYHO = os.environ["TALLYHO"]
HERE = pathlib.Path(__file__).resolve().parent
RATE, PLAYERS = 18_000, 100_000
PUSH_INTERVAL = "0.04s"  # With the default, 0.05s, a change that just missed a push waits that long.
CORES = sorted(os.sched_getaffinity(0))


def on_core(index):
    """A command's beginning that keeps it on one core, where there is more than one."""
    if len(CORES) < 2 or not shutil.which("taskset"):
        return []
    return ["taskset", "--cpu-list", str(CORES[index % len(CORES)])]


def with_many_files():
    """For watchers and idle connections: as many descriptors as may be."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


class Process:
    """A server, while the block runs."""

    def memory(self):
        """(resident now, resident at most), in MiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        lines = dict(line.split(":", 1) for line in status.splitlines())
        return tuple(int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))

    def private_bytes(self):
        """What the process has of its own: not what it shares, nor what the kernel holds for its sockets."""
        rollup = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text(encoding="ascii")
        return sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Private_"))

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Server(Process):
    """`tallyho serve` on free ports."""

    def __init__(self, *arguments):
        self.arguments = arguments

    def __enter__(self):
        self.process = subprocess.Popen(
            [*on_core(0), TALLYHO, "serve", "--ruleset", "rulesets/treasure-hunt.yaml", "--dev",
             "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", *self.arguments], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if line.startswith("listening on "):
                self.address = line.removeprefix("listening on ").split(",")[0]
                self.url = f"ws://{self.address}/v1/ws"
                return self
        raise RuntimeError("the server did not start")

    def __exit__(self, *_):
        self.process.terminate()
        if self.process.wait(60) != 0:
            raise RuntimeError("the server did not end well")


class Echo(Process):
    """bench/server/echo.c, where libwebsockets is."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        program = pathlib.Path(self.folder.name, "echo")
        subprocess.run(["gcc", "-O2", "-o", program, HERE / "server/echo.c", "-lwebsockets"], check=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.process = subprocess.Popen([*on_core(0), program, str(port)], stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "listening\n":
            raise RuntimeError("the echo did not start")
        self.url = f"ws://127.0.0.1:{port}/"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)
        self.folder.cleanup()


def ahead_of_others():
    """A command's beginning that puts it before the machine's other programs, where that is allowed. They take a core
    for 4 ms at a time, whichever has more time left: beside a server that fills the other that is the load generator's.
    Who takes turns with them is late itself, and would blame the server."""
    command = ["nice", "-n", "-20"]
    done = subprocess.run([*command, "true"], stderr=subprocess.PIPE, check=False)
    return command if done.returncode == 0 and not done.stderr else []


def load(server, *arguments, goes_first=False):
    command = [*on_core(1), *(ahead_of_others() if goes_first else []), TALLYHO, "load", "--url", server.url,
               "--players", str(PLAYERS), "--json", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def show(title, report, server, cpu):
    print(f"{title}\n  events/s  {report['events_per_second']:>12,.0f}   ({report['events']:,} events in "
          f"{report['seconds']:.1f} s; server's CPU {cpu / report['seconds']:.2f} cores)")
    for name in ("ack", "push"):
        times = report[f"{name}_ms"]
        if times.get("max"):
            print(f"  {name + ' ms':<9} " + "  ".join(f"{key} {times[key]:.2f}" for key in
                                                       ("p50", "p95", "p99", "p999", "max")))
    print("  codes     " + ", ".join(f"{code} {count:,}" for code, count in report["codes"].items() if count))
    print("  memory    {:,.0f} MiB resident, {:,.0f} MiB at most".format(*server.memory()), flush=True)


def measure(title, server, *arguments, goes_first=False):
    before = server.cpu_seconds()
    report = load(server, *arguments, goes_first=goes_first)
    show(title, report, server, server.cpu_seconds() - before)
    return report["events_per_second"]


def closed_loop(server, seconds, batch):
    return ("--in-flight", "64" if batch == 1 else str(2 * batch), "--batch", str(batch), "--connections", "100",
            "--events", "100000000", "--seconds", str(seconds))


def frames(seconds):
    for batch, title in ((1, "one event to a frame"), (50, "50 events to a frame")):
        with Server("--io-threads", "1") as server:
            measure(f"Closed loop, 100 connections, {title}", server, *closed_loop(server, seconds, batch))


def floor(seconds):
    if not pathlib.Path("/usr/include/libwebsockets.h").exists():
        return print("The floor: left out, there is no libwebsockets (tools/packages.txt, `peers`)")
    for batch, title in ((1, "one line to a frame"), (50, "50 lines to a frame")):
        with Echo() as echo:
            measure(f"The floor: libwebsockets' echo, 100 connections, {title}", echo,
                    *closed_loop(echo, seconds, batch))
    return None


def watchers(seconds):
    most = with_many_files()
    for count in (1000, 10_000):
        if count + 500 > most:
            print(f"{count:,} watching connections: left out, only {most:,} descriptors are allowed")
            continue
        with Server("--io-threads", "1", "--limits-push-interval", PUSH_INTERVAL) as server:
            measure(f"{RATE:,} events/s with {count:,} watching connections, a push interval of {PUSH_INTERVAL}",
                    server, "--rate", str(RATE),
                    "--connections", "100", "--watchers", str(count), "--events", str(RATE * seconds), goes_first=True)


def idle(seconds):
    most = with_many_files()
    count = min(15_000, most - 500)
    with Server("--io-threads", "2") as server:
        warm = [open_websocket(server.address) for _ in range(100)]
        before, sockets = server.private_bytes(), []
        for _ in range(count):
            sockets.append(open_websocket(server.address))
        held, cpu = server.private_bytes() - before, server.cpu_seconds()
        time.sleep(seconds)
        cpu = server.cpu_seconds() - cpu
        print(f"{count:,} idle connections\n  memory    {held / count:,.0f} bytes of the process's own for each\n"
              f"  CPU       {100 * cpu / seconds:.2f} % of a core", flush=True)
        for one in warm + sockets:
            one.close()


def open_websocket(address, path="/v1/ws"):
    host, port = address.rsplit(":", 1)
    one = socket.create_connection((host, int(port)), 60)
    key = base64.b64encode(os.urandom(16)).decode()
    one.sendall(f"GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
    if not one.recv(4096).startswith(b"HTTP/1.1 101"):
        raise RuntimeError("no WebSocket was opened")
    return one


def standard(seconds):
    with Server() as server:
        measure(f"{RATE:,} events/s over 200 connections", server, "--rate", str(RATE), "--connections", "200",
                "--events", str(RATE * seconds), "--watchers", "1")
    with Server() as server:
        measure("As fast as it goes: 32 connections, 64 events in flight on each, 32 to a frame", server,
                "--in-flight", "64", "--batch", "32", "--connections", "32", "--events", "100000000",
                "--seconds", str(seconds))


def fanout(seconds):
    sys.path.append(str(HERE / "server"))
    import fanout as beside_centrifuge

    beside_centrifuge.run(sys.modules[__name__], seconds)


PARTS = {"floor": floor, "frames": frames, "watchers": watchers, "fanout": fanout, "idle": idle, "standard": standard}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=int, default=int(os.environ.get("SECONDS_EACH", "30")))
    arguments.add_argument("--only", default=",".join(PARTS), help="some of " + ", ".join(PARTS))
    options = arguments.parse_args()
    for name in options.only.split(","):
        PARTS[name](options.seconds)
    print("Not beside it: uWebSockets, and Centrifugo itself: the registries that were tried do not have them.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
