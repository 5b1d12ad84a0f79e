"""Scores a file of events with the library's Python module. Prints one JSON object, as ../in_process.py does.

    build/venv/bin/python in_process.py one|batch EVENTS.ndjson
"""

import json
import pathlib
import sys
import time

import tallyho

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from taken import allocated_bytes, resident_mib  # noqa: E402  # pylint: disable=wrong-import-position

BATCH = 1000


def main():
    with open(sys.argv[2], "rb") as file:
        lines = file.read().split(b"\n")[:-1]
    batches = [b"\n".join(lines[first:first + BATCH]) for first in range(0, len(lines), BATCH)]
    engine, ok = tallyho.Engine(), 0
    before, allocated, started, cpu = resident_mib(), allocated_bytes(), time.perf_counter(), time.process_time()
    if sys.argv[1] == "batch":
        for batch in batches:
            ok += bytes(engine.score_batch(batch).codes).count(0)
    else:
        for line in lines:
            ok += engine.score(line).ok
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    found = {"events": len(lines), "ok": ok, "seconds": seconds, "cpu_seconds": cpu, "mib": resident_mib() - before}
    if allocated is not None:
        found["allocated"] = allocated_bytes() - allocated
    print(json.dumps(found))


if __name__ == "__main__":
    main()
