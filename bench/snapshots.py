"""What a game of two million players notices of a snapshot: acks at a steady rate (open loop) while none is made, while
one is made of the whole log, and while the next one is made from it.

A snapshot is made by a process of its own (docs/decisions/0010-snapshots-by-replaying-beside-the-server.md), so the
engine does nothing for it; what is left to see is the processor and the disk that it takes. Server and load have a core
each, and the snapshot shares them at a lower priority, as when the server starts it.

    PLAYERS  (2,000,000)
    EVENTS   before it all, by players at random (6,000,000: 95 of 100 players have come by then)
    SECONDS_EACH  for each measurement, or as long as the snapshot takes (20)
    FOLDER   on the disk that is to be measured (build/bench/snapshots)
"""

import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import server as server_bench  # noqa: E402

EVENTS = int(os.environ.get("EVENTS", "6000000"))
SECONDS = int(os.environ.get("SECONDS_EACH", "20"))
FOLDER = pathlib.Path(os.environ.get("FOLDER", "build/bench/snapshots")).resolve()
STALL_MS_MAX = 20
server_bench.PLAYERS = int(os.environ.get("PLAYERS", "2000000"))


def acks(title, server, seconds):
    report = server_bench.load(server, "--rate", str(server_bench.RATE), "--connections", "100", "--skew", "0",
                               "--events", str(int(server_bench.RATE * seconds)))
    ms = report["ack_ms"]
    print(f"  {title:34} {ms['p50']:>9.3f} {ms['p99']:>9.3f} {ms['p999']:>9.3f} {ms['max']:>9.3f}", flush=True)


def acks_beside_a_snapshot(title, server, data):
    """Measures for as long as the snapshot takes; returns that."""
    began = time.monotonic()
    maker = subprocess.Popen(["nice", "-n", "10", server_bench.TALLYHO, "snapshot", "--data", str(data)],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        while maker.poll() is None:
            acks(title, server, SECONDS)
    finally:
        maker.kill()  # Of no effect on one that has ended.
        said = maker.communicate()[0].strip()
    if maker.returncode != 0:
        raise RuntimeError("the snapshot was not made")
    print(f"    {said}, within {time.monotonic() - began:.0f} s")


def main():
    data = FOLDER / "data"
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    try:
        with server_bench.Server("--data", str(data), "--snapshot-events", "0") as server:
            report = server_bench.load(server, "--in-flight", "64", "--batch", "32", "--connections", "32", "--skew",
                                       "0", "--events", str(EVENTS))
            print(f"{report['events']:,} events in {report['seconds']:.0f} s; server: {server.memory()[0]:,.0f} MiB\n"
                  f"acks at {server_bench.RATE:,} events/s, ms; a snapshot may add {STALL_MS_MAX} to the longest\n"
                  f"  {'':34} {'p50':>9} {'p99':>9} {'p99.9':>9} {'max':>9}")
            acks("no snapshot is made", server, SECONDS)
            acks_beside_a_snapshot("one of the whole log is made", server, data)
            acks_beside_a_snapshot("the next one is made from it", server, data)
            acks("no snapshot is made", server, SECONDS)
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
