"""Scores a file of events with the rules in Python, in this process. Prints one JSON object: how many, seconds of the
clock and of the processor, resident memory, and bytes allocated if that is counted (library/count_allocations.c).

    python3 in_process.py FOLDER EVENTS.ndjson     # FOLDER holds the package `before`, compiled or not.
"""

import gc
import json
import sys
import time

sys.path.insert(0, sys.argv[1])

from before.boards import Boards  # noqa: E402  # pylint: disable=wrong-import-position
from before.game import Game  # noqa: E402  # pylint: disable=wrong-import-position
from taken import allocated_bytes, resident_mib  # noqa: E402  # pylint: disable=wrong-import-position


def main():
    with open(sys.argv[2], "rb") as file:
        lines = file.read().split(b"\n")[:-1]
    game, boards, codes = Game(), Boards(), {}
    gc.freeze()
    gc.disable()  # As in the service, see there.
    before, allocated, started, cpu = resident_mib(), allocated_bytes(), time.perf_counter(), time.process_time()
    for line in lines:
        outcome = game.score_recorded(line)
        if outcome.code == "ok":
            boards.apply(outcome)
        codes[outcome.code] = codes.get(outcome.code, 0) + 1
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    found = {"events": len(lines), "seconds": seconds, "cpu_seconds": cpu, "codes": codes,
             "mib": resident_mib() - before}
    if allocated is not None:
        found["allocated"] = allocated_bytes() - allocated
    print(json.dumps(found))


if __name__ == "__main__":
    main()
