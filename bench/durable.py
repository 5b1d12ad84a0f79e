"""What durability costs: the server with its log on disk beside the same server with its log in memory, and a bare
fdatasync on the same disk, in turns, in one run. The standard load of 100,000 players at a steady rate; latency is from
when an event was due (open loop).

The bare fdatasync is there twice. In a closed loop each begins when the one before has ended, so that a disk or a
machine that stands still for 20 ms is one slow sync among thousands. Acks are timed from when their events were due, so
that the same 20 ms are in the times of 360 of them. So the open loop measures syncs as acks are: a write is due every
millisecond and timed from then, and whatever is due is made durable by one sync, as the server does it.

A shared disk stands still now and then, for tenths of a second, for bare syncs as for others: so there are many short
turns, of which medians count, and the p99 of each is printed.

    SECONDS_EACH  for each measurement (5)
    ROUNDS        in which every one takes its turn (15)
    FOLDER        on the disk that is to be measured (build/bench/durable)
"""

import contextlib
import mmap
import os
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import server as server_bench  # noqa: E402

SECONDS = int(os.environ.get("SECONDS_EACH", "5"))
ROUNDS = int(os.environ.get("ROUNDS", "15"))
FOLDER = pathlib.Path(os.environ.get("FOLDER", "build/bench/durable")).resolve()
RATE, CONNECTIONS = server_bench.RATE, 100
WRITE_BYTES = 4096  # About what a commit of the server has at this rate.
OPEN_LOOP_SECONDS = 0.001  # From one write being due to the next.


def percentile(sorted_times, share):
    return sorted_times[int(share * (len(sorted_times) - 1))]


@contextlib.contextmanager
def on_the_servers_core():
    before = os.sched_getaffinity(0)
    if server_bench.on_core(0):
        os.sched_setaffinity(0, server_bench.CORES[:1])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def wait_until(due):
    """Sleeps but for the end, as a sleep ends some 0.1 ms late. Who never slept would be who waits when others want the
    core; the server sleeps between its commits, too."""
    left = due - time.perf_counter()
    if left > 0.0003:
        time.sleep(left - 0.0003)
    while time.perf_counter() < due:
        pass


def times_of_syncs(file, size, every):
    """In ms. A write is due `every` so many seconds and timed from then; none: as soon as the last sync has ended."""
    block, times, at = mmap.mmap(-1, WRITE_BYTES), [], 0
    begin, seconds = time.perf_counter(), min(SECONDS, 10)
    while (now := time.perf_counter()) < begin + seconds:
        due = [now]
        if every:
            wait_until(begin + len(times) * every)
            count = int((time.perf_counter() - begin) / every) + 1 - len(times)
            due = [begin + (len(times) + i) * every for i in range(count)]
        for _ in due:
            os.pwrite(file, block, at)
            at = (at + WRITE_BYTES) % size
        os.fdatasync(file)
        done = time.perf_counter()
        times += [(done - one) * 1e3 for one in due]
    return times


def bare_fdatasync(every=None):
    """A write and a sync again and again, into a file that has its size and blocks, as a segment of the log."""
    path, size = FOLDER / "bare", 16 << 20
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        os.pwrite(file, bytes(size), 0)
        os.fdatasync(file)
        with on_the_servers_core():
            times = times_of_syncs(file, size, every)
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
    takes_turns = {"bare fdatasync": bare_fdatasync,
                   "bare fdatasync, open loop": lambda: bare_fdatasync(OPEN_LOOP_SECONDS), "log in memory": server,
                   "buffered": lambda: on_disk("buffered"), "durable": lambda: on_disk("durable")}
    results = {name: [] for name in takes_turns}
    for _ in range(ROUNDS):
        for name, measure in takes_turns.items():
            results[name].append(measure())
    print(f"{RATE:,} events/s over {CONNECTIONS} connections, {server_bench.PLAYERS:,} players; medians of {ROUNDS} "
          f"turns of {SECONDS} s\n")
    print(f"{'':26} {'p50 ms':>9} {'p99 ms':>9} {'p99.9 ms':>9} {'max ms':>9} {'cores':>7}")

    def middle(name, field):
        return statistics.median(run[field] for run in results[name])
    for name in takes_turns:
        print(f"{name:26} " + " ".join(f"{middle(name, field):>9.3f}" for field in ("p50", "p99", "p999", "max")) +
              (f" {middle(name, 'cpu'):>7.2f}" if middle(name, "cpu") else ""))
    print("\np99 ms of each turn:")
    for name, runs in results.items():
        print(f"  {name:26}" + "".join(f"{run['p99']:>9.3f}" for run in runs))
    print(f"\ndurable acks: p99 {middle('durable', 'p99'):.3f} ms; twice the bare fdatasync's p99 and 1 ms:")
    print(f"  {2 * middle('bare fdatasync, open loop', 'p99') + 1:.3f} ms in an open loop, as acks are measured")
    print(f"  {2 * middle('bare fdatasync', 'p99') + 1:.3f} ms in a closed loop")
    for field in ("p50", "p99", "cpu"):
        print(f"durable ÷ log in memory, {field}: "
              f"{middle('durable', field) / max(middle('log in memory', field), 1e-9):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
