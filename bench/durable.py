"""What durability costs: the server with its log on disk beside the same server with its log in memory, and a bare
fdatasync on the same disk, in turns, in one run. The standard load of 100,000 players at a steady rate; latency is from
when an event was due (open loop).

    SECONDS_EACH  for each measurement (20)
    ROUNDS        in which every one takes its turn (3)
    FOLDER        on the disk that is to be measured (build/bench/durable)
"""

import mmap
import os
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import server as server_bench  # noqa: E402

SECONDS = int(os.environ.get("SECONDS_EACH", "20"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
FOLDER = pathlib.Path(os.environ.get("FOLDER", "build/bench/durable")).resolve()
RATE, CONNECTIONS = server_bench.RATE, 100
WRITE_BYTES = 4096  # About what a commit of the server has at this rate.


def percentile(sorted_times, share):
    return sorted_times[int(share * (len(sorted_times) - 1))]


def bare_fdatasync(folder):
    """A write and a sync again and again, into a file that has its size and blocks, as a segment of the log."""
    path = folder / "bare"
    size, block, times = 16 << 20, mmap.mmap(-1, WRITE_BYTES), []
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        os.pwrite(file, bytes(size), 0)
        os.fdatasync(file)
        end, at = time.monotonic() + min(SECONDS, 10), 0
        while time.monotonic() < end:
            begin = time.perf_counter()
            os.pwrite(file, block, at)
            os.fdatasync(file)
            times.append((time.perf_counter() - begin) * 1e3)
            at = (at + WRITE_BYTES) % size
    finally:
        os.close(file)
        path.unlink()
    times.sort()
    return {"p50": percentile(times, 0.5), "p99": percentile(times, 0.99), "p999": percentile(times, 0.999),
            "max": times[-1], "cpu": 0.0}


def server(*arguments):
    with server_bench.Server(*arguments) as running:
        report = server_bench.load(running, "--rate", str(RATE), "--connections", str(CONNECTIONS), "--events",
                                   str(RATE * SECONDS))
        refused = {code: count for code, count in report["codes"].items()
                   if count and code in ("unavailable", "overloaded", "internal")}
        if refused:
            print(f"  not all events were taken: {refused}")
        return {**report["ack_ms"], "cpu": running.cpu_seconds() / report["seconds"]}


def on_disk(durability):
    with tempfile.TemporaryDirectory(dir=FOLDER) as data:
        return server("--data", data, "--durability", durability)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    takes_turns = {"bare fdatasync": lambda: bare_fdatasync(FOLDER), "log in memory": server,
                   "buffered": lambda: on_disk("buffered"), "durable": lambda: on_disk("durable")}
    results = {name: [] for name in takes_turns}
    for _ in range(ROUNDS):
        for name, measure in takes_turns.items():
            results[name].append(measure())
    print(f"{RATE:,} events/s over {CONNECTIONS} connections, {server_bench.PLAYERS:,} players; medians of {ROUNDS} "
          f"turns of {SECONDS} s\n")
    print(f"{'':16} {'p50 ms':>9} {'p99 ms':>9} {'p99.9 ms':>9} {'max ms':>9} {'cores':>7}")

    def middle(name, field):
        return statistics.median(run[field] for run in results[name])
    for name in takes_turns:
        print(f"{name:16} " + " ".join(f"{middle(name, field):>9.3f}" for field in ("p50", "p99", "p999", "max")) +
              (f" {middle(name, 'cpu'):>7.2f}" if middle(name, "cpu") else ""))
    allowed = 2 * middle("bare fdatasync", "p99") + 1
    print(f"\ndurable acks: p99 {middle('durable', 'p99'):.3f} ms; twice the bare fdatasync's p99 and 1 ms: "
          f"{allowed:.3f} ms")
    for field in ("p50", "p99", "cpu"):
        print(f"durable ÷ log in memory, {field}: "
              f"{middle('durable', field) / max(middle('log in memory', field), 1e-9):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
