"""The scenario of the treasure hunt by k6: many WebSockets, 18,000 events/s, then a ramp to the breaking point.

k6 is built from its Go module (bench/k6, pinned by go.sum); without Go, or where that cannot be had, it says so. k6
needs more CPU than the server it measures, so on a small machine it is k6 that breaks down first: `late` says how far
behind its own clock it was.

    ./dev bench k6                    # both
    ./dev bench k6 --seconds 10 --rate 2000 --users 20
"""

import argparse
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE / "server")]
import go_program  # noqa: E402
from server import Server  # noqa: E402

SOURCE = HERE / "k6"


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
    k6 = go_program.build(SOURCE, "k6")
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
