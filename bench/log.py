"""The log beside stores that it could have been built on: RocksDB, LMDB, SQLite. Records of 250 bytes, 1, 32, 256 and
1,000 of them made durable at a time, each commit when the one before is done. In turns, on one disk, in one run.

Write amplification is what the disk was given to write meanwhile for each byte of records, by whomever: the file
system's journal included, and what else the machine does.

    SECONDS_EACH  for each measurement (2)
    ROUNDS        in which every store takes its turn (3)
    FOLDER        on the disk that is to be measured (build/bench/log)

A peer whose library is missing is left out.
"""

import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent / "log"
BUILT = pathlib.Path(os.environ.get("FOLDER", "build/bench/log")).resolve()
SECONDS = float(os.environ.get("SECONDS_EACH", "2"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
PER_COMMIT = (1, 32, 256, 1000)
RECORD_BYTES = 250
OURS = "tallyho"
PEERS = {"rocksdb": ("USE_ROCKSDB", "-lrocksdb"), "lmdb": ("USE_LMDB", "-llmdb"), "sqlite": ("USE_SQLITE", "-lsqlite3")}


class Result:
    """What one run printed, see log/measure.h."""

    def __init__(self, line):
        records, seconds, self.p50, self.p99, self.longest, cpu, written = map(float, line.split())
        self.records_per_second = records / seconds
        self.cpu_us = cpu / records * 1e6
        self.amplification = written / (records * RECORD_BYTES)


def prepare():
    """For each store its program."""
    BUILT.mkdir(parents=True, exist_ok=True)
    programs = {OURS: pathlib.Path(os.environ["TALLYHO"]).parent / "log_peer"}
    for name, (define, library) in PEERS.items():
        program = BUILT / f"peer_{name}"
        done = subprocess.run(["g++", "-std=c++20", "-O2", f"-D{define}", "-o", program, SOURCE / "peers.cc", library],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(f"without {name}: {done.stderr.strip()[:200]}")
            continue
        programs[name] = program
        print(subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout.strip())
    return programs


def measure(name, program, per_commit):
    folder = tempfile.mkdtemp(dir=BUILT)
    try:
        done = subprocess.run([program, name, folder, str(per_commit), str(SECONDS)], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            sys.exit(f"{name}: {done.stderr.strip()}")
        return Result(done.stdout)
    finally:
        shutil.rmtree(folder)


def main():
    programs = prepare()
    results = {(name, count): [] for name in programs for count in PER_COMMIT}
    for _ in range(ROUNDS):
        for count in PER_COMMIT:
            for name, program in programs.items():
                results[name, count].append(measure(name, program, count))
    print(f"\n{'a commit':>8} {'store':<9} {'records/s':>12} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8} "
          f"{'CPU µs/record':>14} {'bytes written/byte':>19}")
    for count in PER_COMMIT:
        for name in programs:
            def middle(field, runs=results[name, count]):
                return statistics.median(getattr(run, field) for run in runs)
            print(f"{count:>8} {name:<9} {middle('records_per_second'):>12,.0f} {middle('p50'):>8.3f} "
                  f"{middle('p99'):>8.3f} {middle('longest'):>8.1f} {middle('cpu_us'):>14.2f} "
                  f"{middle('amplification'):>19.2f}")
    print(f"\nmedians of {ROUNDS} turns of {SECONDS} s each, in {BUILT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
