"""What Python adds to an event: per call and in batches, beside `tallyho_score_many` from C (capi_bench).

Run by ./dev bench capi, which installs the module into build/venv; starts itself again with that Python. The same load,
with its recorded times, so every run scores the same. Per call: a new engine for each round, rounds in turns.

Then what a C host has resident over MINUTES (30) of the standard load at 18,000 events/s, scored one by one. 0: not.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PYTHON = ROOT / "build" / "venv" / "bin" / "python"
ROUNDS = 5
BATCH = 1000
MINUTES = int(os.environ.get("MINUTES", "30"))
MEGABYTES_MAX = 220


def nanoseconds(action, events):
    started = time.perf_counter_ns()
    action()
    return (time.perf_counter_ns() - started) / events


def measure(lines):
    import tallyho

    def one_by_one():
        score = tallyho.Engine().score
        for line in lines:
            score(line)

    def in_batches():
        engine = tallyho.Engine()
        for batch in batches:
            engine.score_batch(batch)

    batches = [b"\n".join(lines[i:i + BATCH]) for i in range(0, len(lines), BATCH)]
    opening = statistics.median(nanoseconds(tallyho.Engine, len(lines)) for _ in range(ROUNDS))
    figures = {"engine.score(bytes)": one_by_one, f"engine.score_batch(bytes), {BATCH} a batch": in_batches}
    taken = {name: [] for name in figures}
    for _ in range(ROUNDS):
        for name, action in figures.items():
            taken[name].append(nanoseconds(action, len(lines)) - opening)
    for name, times in taken.items():
        spread = f"{min(times):.0f} to {max(times):.0f}"
        print(f"{name:44} {statistics.median(times):8.0f} ns/event  (of {ROUNDS}: {spread})")


def measure_memory():
    """Prints each minute of the load, as it comes."""
    program = pathlib.Path(os.environ["TALLYHO"]).parent / "capi_memory"
    print(f"\nMB resident in a C host, 100,000 players; at most {MEGABYTES_MAX} asked for after 30 minutes")
    print(f"{'minutes':>8}{'events':>12}{'accepted':>12}{'MB':>8}")
    with subprocess.Popen([program, str(MINUTES * 60 * 18_000)], stdout=subprocess.PIPE, text=True,
                          env=os.environ | {"TALLYHO_RULESET": ""}) as playing:
        for line in playing.stdout:
            now = json.loads(line)
            print(f"{now['minutes']:>8.0f}{now['events']:>12,}{now['accepted']:>12,}{now['resident_mb']:>8.1f}",
                  flush=True)
    if playing.returncode != 0:
        sys.exit("capi_memory failed")


def main():
    if pathlib.Path(sys.prefix).resolve() != PYTHON.parent.parent.resolve():
        if not PYTHON.exists():
            sys.exit("build/venv is not there: ./dev python makes it")
        sys.exit(subprocess.run([PYTHON, __file__], check=False).returncode)
    with tempfile.NamedTemporaryFile() as file:
        subprocess.run([os.environ["TALLYHO"], "load", "--events", "200000", "--out", file.name], check=True)
        measure(pathlib.Path(file.name).read_bytes().splitlines())
    if MINUTES:
        measure_memory()


if __name__ == "__main__":
    main()
