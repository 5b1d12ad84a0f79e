"""The scenario of the treasure hunt by k6: many WebSockets, 18,000 events/s, then a ramp to the breaking point.

k6 is built from its Go module (bench/k6, pinned by go.sum); without Go, or where that cannot be had, it says so. k6
needs more CPU than the server it measures, so on a small machine it is k6 that breaks down first: `late` says how far
behind its own clock it was.

    ./dev bench k6                    # both
    ./dev bench k6 --seconds 10 --rate 2000 --users 20
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from server import Server  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().parent / "k6"
PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "build/k6"


def build():
    """None: there is no k6, and why was said."""
    places = ("/usr/local/go/bin/go", "/usr/lib/go/bin/go")
    go = shutil.which("go") or next((at for at in places if os.access(at, os.X_OK)), None)
    if go is None:
        return print("k6 is left out: there is no go")
    done = subprocess.run([go, "build", "-mod=readonly", "-o", PROGRAM, "."], cwd=SOURCE, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        return print("k6 is left out: it cannot be built: " + (done.stderr.strip().splitlines() or ["?"])[-1])
    return PROGRAM


def run(k6, title, **variables):
    print(title, flush=True)
    with Server("--io-threads", "1") as server:
        settings = [part for name, value in variables.items() for part in ("-e", f"{name}={value}")]
        done = subprocess.run([k6, "run", "--quiet", "--no-usage-report", "-e", f"URL={server.url}", *settings,
                               SOURCE / "players.js"], check=False)
    return done.returncode


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=int, default=30)
    arguments.add_argument("--rate", type=int, default=18_000)
    arguments.add_argument("--users", type=int, default=100)
    options = arguments.parse_args()
    k6 = build()
    if k6 is None:
        return 0
    common = {"SECONDS": options.seconds, "USERS": options.users}
    steady = run(k6, f"{options.rate:,} events/s over {options.users} WebSockets", RATE=options.rate, **common)
    broken = run(k6, "A ramp to the breaking point", RATE=options.rate, STAGES="ramp",
                 STEP=max(options.seconds // 10, 1), **common)
    crossed = 99  # k6's exit status where a threshold was crossed: the breaking point was found.
    if broken == crossed:
        print("The breaking point: the rate before `offered_rate`, at which a threshold was crossed.")
    elif broken == 0:
        print("It did not break down.")
    return 1 if steady not in (0, crossed) or broken not in (0, crossed) else 0


if __name__ == "__main__":
    sys.exit(main())
