"""The server over the loopback: the standard load of 100,000 players at a steady rate, then as fast as it goes.

Load and server share the machine. Latency is from when an event was due (open loop), so a stalled server shows.
"""

import json
import os
import pathlib
import subprocess
import sys

TALLYHO = os.environ["TALLYHO"]
RATE, SECONDS, CONNECTIONS, PLAYERS = 18_000, int(os.environ.get("SECONDS_EACH", "60")), 200, 100_000


class Server:
    """`tallyho serve` on free ports, while the block runs."""

    def __init__(self, *arguments):
        self.arguments = arguments

    def __enter__(self):
        self.process = subprocess.Popen(
            [TALLYHO, "serve", "--ruleset", "rulesets/treasure-hunt.yaml", "--dev", "--listen", "127.0.0.1:0",
             "--admin", "127.0.0.1:0", *self.arguments], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if line.startswith("listening on "):
                address = line.removeprefix("listening on ").split(",")[0]
                self.url = f"ws://{address}/v1/ws"
                return self
        raise RuntimeError("the server did not start")

    def __exit__(self, *_):
        self.process.terminate()
        if self.process.wait(30) != 0:
            raise RuntimeError("the server did not end well")

    def memory(self):
        """(resident now, resident at most), in MiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        lines = dict(line.split(":", 1) for line in status.splitlines())
        return tuple(int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(server, *arguments):
    command = [TALLYHO, "load", "--url", server.url, "--players", str(PLAYERS), "--json", *arguments]
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
    print("  memory    {:,.0f} MiB resident, {:,.0f} MiB at most".format(*server.memory()))


def main():
    with Server() as server:
        report = load(server, "--rate", str(RATE), "--connections", str(CONNECTIONS), "--events", str(RATE * SECONDS),
                      "--watchers", "1")
        show(f"{RATE:,} events/s over {CONNECTIONS} connections", report, server, server.cpu_seconds())
    with Server() as server:
        events = 50_000 * SECONDS
        report = load(server, "--in-flight", "64", "--batch", "32", "--connections", "32", "--events", str(events))
        show("As fast as it goes: 32 connections, 64 events in flight on each, 32 to a frame", report, server,
             server.cpu_seconds())
    return 0


if __name__ == "__main__":
    sys.exit(main())
