"""How long a server takes to serve again after kill -9, with a snapshot and without one, how fast its log is replayed,
and what its ledgers cost.

The standard load of 100,000 players fills a log as fast as it goes; then the server is killed and started again. What
is measured is from the start of the process to its first answer, with the files in the page cache and without.
`tallyho replay` of the whole log, by itself and with another ruleset beside (--diff). Ledgers: the last 100 entries of
players of the top 1,000, over HTTP.

    EVENTS  in the log (10,000,000)
    FOLDER  on the disk that is to be measured (build/bench/recovery)
"""

import http.client
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import server as server_bench  # noqa: E402

EVENTS = int(os.environ.get("EVENTS", "10000000"))
FOLDER = pathlib.Path(os.environ.get("FOLDER", "build/bench/recovery")).resolve()
LEDGERS = 500
SNAPSHOT_EVENTS = min(5_000_000, EVENTS // 2)


class Server(server_bench.Server):
    """One that may be killed, and says how long it took to begin."""

    def __enter__(self):
        began = time.monotonic()
        super().__enter__()
        self.address = self.url.removeprefix("ws://").removesuffix("/v1/ws")
        self.get("/v1/boards/global?limit=1")
        self.seconds_to_serve = time.monotonic() - began
        return self

    def get(self, path):
        host, _, port = self.address.rpartition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=600)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def __exit__(self, *_):
        if self.process.poll() is None:
            super().__exit__()


def serve(data):
    return Server("--data", str(data), "--snapshot-events", "0")


def fill(data):
    """Events, a snapshot on the way, and its position."""
    with Server("--data", str(data), "--snapshot-events", str(SNAPSHOT_EVENTS)) as server:
        report = server_bench.load(server, "--in-flight", "64", "--batch", "32", "--connections", "32", "--events",
                                   str(EVENTS))
        print(f"{report['events']:,} events in {report['seconds']:.0f} s; codes " +
              ", ".join(f"{code} {count:,}" for code, count in report["codes"].items() if count))
        end = time.monotonic() + 600
        while not list(data.glob("[0-9]*.snapshot")) and time.monotonic() < end:
            time.sleep(1)
        server.kill()


def drop_page_cache(data):
    """Of these files."""
    for path in data.iterdir():
        file = os.open(path, os.O_RDONLY)
        os.fdatasync(file)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(file)


def measure_start(title, data):
    for is_cold in (False, True):
        if is_cold:
            drop_page_cache(data)
        with serve(data) as server:
            print(f"  {title}, {'cold' if is_cold else 'warm'}: {server.seconds_to_serve:8.2f} s to the first answer, "
                  f"{server.memory()[0]:,.0f} MiB resident")
            server.kill()


def measure_replay(data):
    """By the verb's own clock, from the log's first record."""
    other = FOLDER / "other.yaml"
    other.write_text(pathlib.Path("rulesets/treasure-hunt.yaml").read_text(encoding="utf-8").replace(
        "points: 30 * event.locks", "points: 300 - 30 * event.locks"), encoding="utf-8")
    for title, arguments in (("replay", ()), ("replay --diff", ("--ruleset", str(other), "--diff"))):
        done = subprocess.run([server_bench.TALLYHO, "replay", "--data", str(data), "--json", *arguments],
                              stdout=subprocess.PIPE, check=True)
        report = json.loads(done.stdout)
        print(f"  {title}: {report['records']:,} records in {report['seconds']:.1f} s: "
              f"{report['records_per_second']:,.0f} records/s{'' if arguments else ' (at least 300,000)'}")


def measure_ledgers(data):
    with serve(data) as server:
        _, page = server.get("/v1/boards/global?limit=1000")
        players = [member["member"] for member in page["members"]]
        times, entries = [], 0
        for player in random.Random(1).choices(players, k=LEDGERS):
            began = time.perf_counter()
            _, ledger = server.get(f"/v1/players/{player}/ledger?limit=100")
            times.append((time.perf_counter() - began) * 1e3)
            entries += len(ledger["entries"])
        times.sort()
        p50, p99 = times[len(times) // 2], times[int(0.99 * (len(times) - 1))]
        print(f"  ledgers: {LEDGERS} times the last {entries / LEDGERS:.0f} of a player: p50 {p50:.2f} ms, p99 "
              f"{p99:.2f} ms, max {times[-1]:.2f} ms (at most 50)")
        size = sum(file.stat().st_size for file in data.glob("ledger-*"))
        print(f"  ledger files: {size / (1 << 20):,.0f} MiB; ledger_test sees that a player takes at most 16 bytes")
        server.kill()


def main():
    data = FOLDER / "data"
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    try:
        fill(data)
        snapshots = sorted(path.name for path in data.glob("[0-9]*.snapshot"))
        print(f"  snapshots: {', '.join(snapshots) or 'none'}")
        if snapshots:
            measure_start("with a snapshot", data)
        measure_replay(data)
        measure_ledgers(data)
        for name in snapshots:
            (data / name).unlink()
        measure_start("without a snapshot", data)
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
