"""Scores a file of events with the rules in Python, in this process, and prints one JSON object: how many, seconds of the
clock and of the processor, resident memory. The rules are those found first: PYTHONPATH says whether compiled or not.

    python3 in_process.py EVENTS.ndjson
"""

import gc
import json
import sys
import time

from before.boards import Boards
from before.game import Game


def resident_mib():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096 / 2**20


def main():
    with open(sys.argv[1], "rb") as file:
        lines = file.read().split(b"\n")[:-1]
    game, boards, codes = Game(), Boards(), {}
    gc.freeze()
    gc.disable()  # As in the service, see there.
    before, started, cpu = resident_mib(), time.perf_counter(), time.process_time()
    for line in lines:
        outcome = game.score_recorded(line)
        if outcome.code == "ok":
            boards.apply(outcome)
        codes[outcome.code] = codes.get(outcome.code, 0) + 1
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    print(json.dumps({"events": len(lines), "seconds": seconds, "cpu_seconds": cpu, "codes": codes,
                      "mib": resident_mib() - before}))


if __name__ == "__main__":
    main()
