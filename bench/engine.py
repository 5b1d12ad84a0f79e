"""Events per second in process: the standard load of 100,000 players through decoding, rules and boards, in one thread
and without sockets. Three runs, whose state hashes must agree."""

import json
import os
import pathlib
import subprocess
import sys

TALLYHO = os.environ["TALLYHO"]
EVENTS = int(os.environ.get("EVENTS", "1000000"))


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


def main():
    hashes, file = set(), standard_load()
    for run in range(1, 4):
        done = subprocess.run([TALLYHO, "score", "--ruleset", "rulesets/treasure-hunt.yaml", str(file), "--quiet",
                               "--hash", "--json"], capture_output=True, text=True, check=True)
        summary = json.loads(done.stderr.splitlines()[-1])
        print(f"run {run}: {summary['events']:,} events in {summary['seconds']:.2f} s = "
              f"{summary['events_per_second']:,.0f} events/s   state {summary['state_hash']}")
        hashes.add(summary["state_hash"])
    if len(hashes) != 1:
        print("the state hashes differ: that is a defect", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
