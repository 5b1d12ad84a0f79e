"""Scores a file of events twice, with `tallyho score` and with the rules in Python (bench/article/before), and compares
event by event and board by board. The rules in Python are an independent reading of the specification.

    python3 oracle.py [--events N] [--seed N] [--players N] [--invalid PERCENT] [--file EVENTS.ndjson]
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TALLYHO = os.environ.get("TALLYHO", str(ROOT / "build/release/bin/tallyho"))
RULESET = ROOT / "rulesets/treasure-hunt.yaml"
SHOWN_MAX = 20
# RULES: a folder with the same rules compiled, see bench/article/compiled.py.
sys.path.insert(0, os.environ.get("RULES", str(ROOT / "bench/article")))

from before.boards import Boards  # noqa: E402  # pylint: disable=wrong-import-position
from before.game import Game  # noqa: E402  # pylint: disable=wrong-import-position


class Comparison:
    """What was found: differences as sentences, the first of them, and how many events had which code."""

    def __init__(self):
        self.events = 0
        self.count = 0
        self.shown = []
        self.codes = {}
        self.fired = {}

    def differ(self, text):
        self.count += 1
        if len(self.shown) < SHOWN_MAX:
            self.shown.append(text)

    def text(self):
        codes = ", ".join(f"{code} {count:,}" for code, count in sorted(self.codes.items()))
        return "\n".join([*self.shown, f"{self.events:,} events ({codes}), {len(self.fired)} rules fired: "
                                       f"{self.count:,} differences"])


def expected_line(number, outcome):
    """What `tallyho score` should print, as far as the specification says: without the reason of an error, which is
    words. `id` and `player` are compared wherever the engine gives them."""
    line = {"n": number, "code": outcome.code}
    if outcome.code in ("ok", "duplicate"):
        line["points"], line["total"] = outcome.points, outcome.total
    if outcome.code == "ok":
        line["fired"] = [list(pair) for pair in outcome.fired]
        if outcome.notices:
            line["notices"] = outcome.notices
    if outcome.field is not None:
        line["field"] = outcome.field
    if outcome.rule is not None:
        line["rule"] = outcome.rule
    if outcome.code == "rejected":
        line["message"] = outcome.message
    return line


def compare_line(found, number, outcome, line, comparison):
    expected = expected_line(number, outcome)
    stripped = dict(found)
    for name in ("id", "player"):
        value = stripped.pop(name, None)
        if value is not None and (outcome.event is None or outcome.event.get(name) != value):
            comparison.differ(f"{name} of line {number} is {value}, {line[:300]}")
    if outcome.code != "rejected":
        stripped.pop("message", None)
    if stripped != expected:
        comparison.differ(f"line {number}: {line[:500].decode(errors='replace')}\n    tallyho {json.dumps(found)}"
                          f"\n    python  {json.dumps(expected)}")


def compare_boards(found, expected, comparison):
    def flat(name, board):
        if isinstance(board, list):
            return {name: board} if board else {}
        return {key: page for group, inner in board.items() for key, page in flat(f"{name}/{group}", inner).items()}

    pages, pages_expected = {}, {}
    for name in sorted({*found, *expected}):
        pages.update(flat(name, found.get(name, [])))
        pages_expected.update(flat(name, expected.get(name, [])))
    for name in sorted({*pages, *pages_expected}):
        left, right = pages.get(name, []), pages_expected.get(name, [])
        if len(left) != len(right):
            comparison.differ(f"board {name}: tallyho has {len(left)} members, python {len(right)}")
        for place, (one, other) in enumerate(zip(left, right), 1):
            if one != other:
                comparison.differ(f"board {name}, place {place}: tallyho {one}, python {other}")
                break


def compare(file):
    """Scores the file both ways. Returns a Comparison."""
    comparison, game, boards = Comparison(), Game(), Boards()
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "boards.json"
        command = [TALLYHO, "score", "--ruleset", str(RULESET), "--boards", str(out), str(file)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process, \
                open(file, "rb") as lines:
            for number, line in enumerate(lines, 1):
                line = line.removesuffix(b"\n")
                if line in (b"", b"\r"):
                    continue
                outcome = game.score_recorded(line)
                if outcome.code == "ok":
                    boards.apply(outcome)
                comparison.events += 1
                comparison.codes[outcome.code] = comparison.codes.get(outcome.code, 0) + 1
                for rule in [name for name, _ in outcome.fired] or [outcome.rule]:
                    if rule is not None:
                        comparison.fired[rule] = comparison.fired.get(rule, 0) + 1
                compare_line(json.loads(process.stdout.readline() or "{}"), number, outcome, line, comparison)
            rest = process.stdout.read()
            if rest:
                comparison.differ(f"tallyho says more: {rest[:200]}")
        if process.returncode != 0:
            comparison.differ(f"tallyho ended with {process.returncode}")
        else:
            compare_boards(json.loads(out.read_bytes()), boards.pages(game.arrival), comparison)
    return comparison


def standard_load(file, events, seed, players, invalid, rate=18_000):
    subprocess.run([TALLYHO, "load", "--seed", str(seed), "--events", str(events), "--players", str(players),
                    "--invalid", str(invalid), "--rate", str(rate), "--out", str(file)], check=True)


def main():
    parser = argparse.ArgumentParser(description="Compares tallyho with the rules in Python, event by event.")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--players", type=int, default=100_000)
    parser.add_argument("--invalid", type=float, default=1)
    parser.add_argument("--rate", type=int, default=18_000, help="events per simulated second")
    parser.add_argument("--file", help="these events instead of the standard load")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = arguments.file or pathlib.Path(folder) / "events.ndjson"
        if not arguments.file:
            standard_load(file, arguments.events, arguments.seed, arguments.players, arguments.invalid, arguments.rate)
        comparison = compare(file)
    print(comparison.text())
    return 1 if comparison.count else 0


if __name__ == "__main__":
    sys.exit(main())
