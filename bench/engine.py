"""Events per second in process, from JSON bytes: the standard load through decoding, rules and boards, in one thread
and without sockets; where the time goes; and what takes how much memory. Then the same load by `tallyho score`, which
decodes on a second thread, three times, whose state hashes must agree.

TURNS (3) is how often each figure is taken; medians are printed. LARGE=0 leaves out 2 million players and 20 million
events, which take two minutes and 3 GB.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys

TALLYHO = os.environ["TALLYHO"]
PLAY = pathlib.Path(TALLYHO).parent / "engine_play"
TURNS = int(os.environ.get("TURNS", "3"))
EVENTS = int(os.environ.get("EVENTS", "1000000"))
HAS_LARGE = os.environ.get("LARGE", "1") != "0"
TARGET_BYTES = 700

# What is played, how, and how many events a second are asked for.
RUNS = {
    "100,000 players": (["--events", EVENTS], 1_000_000),
    "  one by one": (["--events", EVENTS, "--no-prepare"], None),
    "  without the fast path": (["--events", EVENTS, "--exact"], None),
    "  in pages of 2 MiB": (["--events", EVENTS, "--large-pages"], None),
    "  treasure_found alone": (["--events", EVENTS, "--type", "treasure_found"], None),
    "1,000 players": (["--events", EVENTS, "--players", 1_000], None),
}
LARGE = ["--events", 20_000_000, "--players", 2_000_000]


def play(arguments):
    done = subprocess.run([PLAY, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"engine_play failed: {done.stderr.strip()}")
    return json.loads(done.stdout)


def nanos(result, part):
    return result[part + "_seconds"] / result["events"] * 1e9


def slowest(results):
    """Milliseconds that scoring the slowest batch of 64 events took, in the best turn: the others had a stall of the
    machine's in it."""
    return min(result["slowest_batch_seconds"] for result in results) * 1e3


def rate(result):
    return result["events"] / (result["decoding_seconds"] + result["scoring_seconds"])


def print_rates():
    results = {name: [] for name in RUNS}
    for _ in range(TURNS):
        for name, (arguments, _target) in RUNS.items():
            results[name].append(play(arguments))
    print(f"{'':24}{'events/s':>12}{'of':>12}{'decode ns':>11}{'engine ns':>11}{'slowest ms':>12}{'asked for':>12}")
    both = ("100,000 players", "  without the fast path")
    hashes = {result["state_hash"] for name in both for result in results[name]}
    if len(hashes) > 1:
        sys.exit("the fast path and the exact evaluator come to different states: that is a defect")
    for name, (_arguments, target) in RUNS.items():
        median = sorted(results[name], key=rate)[TURNS // 2]
        asked = f"{target:,}" if target else ""
        print(f"{name:24}{rate(median):>12,.0f}{median['events']:>12,}{nanos(median, 'decoding'):>11.0f}"
              f"{nanos(median, 'scoring'):>11.0f}{slowest(results[name]):>12.2f}{asked:>12}")


def print_parts():
    """Each part's time is what an event takes longer with it than without; but for decoding, which is timed alone."""
    parts = ["ids", "rules", "boards", "feed"]
    times = {part: [] for part in ["decoding", *parts]}
    for _ in range(TURNS):
        for part in parts:
            result = play(["--events", EVENTS, "--parts", part])
            times[part].append(nanos(result, "scoring"))
            times["decoding"].append(nanos(result, "decoding"))
    median = {part: statistics.median(values) for part, values in times.items()}
    words = {"ids": "players, ids", "rules": "rules, state", "boards": "six boards", "feed": "feed: each top 10"}
    print(f"\nwhere an event's time goes, ns\n  {'decoding':20}{median['decoding']:>8.0f}")
    before = 0
    for part in parts:
        print(f"  {words[part]:20}{median[part] - before:>8.0f}")
        before = median[part]


def print_large():
    result = play(LARGE)
    print(f"\n2,000,000 players, 20,000,000 events: {rate(result):,.0f} events/s (asked for: 300,000), "
          f"slowest batch of 64 {slowest([result]):.2f} ms")
    players, total = result["players"], 0
    for name, size in result["memory"].items():
        total += size
        print(f"  {name:10}{size:>16,} bytes{size / players:>8.0f} a player")
    print(f"  {'all':10}{total:>16,} bytes{total / players:>8.0f} a player (asked for: {TARGET_BYTES})")


def standard_load():
    """The file of events, made once."""
    file = pathlib.Path(f"build/bench/load-{EVENTS}.ndjson")
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        command = [TALLYHO, "load", "--events", str(EVENTS), "--players", "100000", "--out", str(part)]
        subprocess.run(command, check=True)
        part.rename(file)
    return file


def print_score():
    hashes, file = set(), standard_load()
    print("\ntallyho score, decoding on a second thread")
    for run in range(1, 4):
        done = subprocess.run([TALLYHO, "score", "--ruleset", "rulesets/treasure-hunt.yaml", str(file), "--quiet",
                               "--hash", "--json"], capture_output=True, text=True, check=True)
        summary = json.loads(done.stderr.splitlines()[-1])
        print(f"  run {run}: {summary['events']:,} events in {summary['seconds']:.2f} s = "
              f"{summary['events_per_second']:,.0f} events/s   state {summary['state_hash']}")
        hashes.add(summary["state_hash"])
    return len(hashes) == 1


def main():
    print_rates()
    print_parts()
    if HAS_LARGE:
        print_large()
    if not print_score():
        print("the state hashes differ: that is a defect", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
