"""The demo: a server, 10,000 players who hunt treasures, and what a player and a spectator see of it.

At the end it scores the server's record offline and compares every board, member by member.
"""

import argparse
import asyncio
import json
import os
import pathlib
import signal
import sys
import tempfile
import time

import boards
import children
import screen
import watching

RATE = 2000
PLAYERS = 10_000
BUSIEST = ("p0000001", "p0000002", "p0000003")


def options():
    parser = argparse.ArgumentParser(prog="./dev demo", description="A treasure hunt, live in the terminal.")
    parser.add_argument("--seconds", type=float, help="end by itself after so long (default: at Ctrl-C)")
    parser.add_argument("--tallyho", required=True, help="the program")
    parser.add_argument("--ruleset", default="rulesets/treasure-hunt.yaml")
    given = parser.parse_args()
    given.tallyho = os.path.abspath(given.tallyho)
    return given


async def start_load(given, server):
    events = 10**9 if given.seconds is None else max(1, int(RATE * given.seconds))
    return await children.Load.start(
        given.tallyho, "load", "--url", server.url, "--rate", str(RATE), "--players", str(PLAYERS), "--events",
        str(events), "--connections", "16", "--watchers", "1", "--json", stdout=asyncio.subprocess.PIPE)


async def show(seen, stop):
    """Draws until `stop` is set."""
    began = time.monotonic()
    with screen.for_output() as output:
        while not stop.is_set():
            now = time.monotonic()
            output.show(seen, now - began, now)
            try:
                await asyncio.wait_for(stop.wait(), output.interval)
            except asyncio.TimeoutError:
                pass


async def run_hunt(given, server, started):
    """Plays until the load is done or Ctrl-C; returns the load's report, if it came so far, and what was seen."""
    stop, seen = asyncio.Event(), watching.Seen()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    load = await start_load(given, server)
    started.append(load)
    report = asyncio.create_task(load.wait_for_report())
    report.add_done_callback(lambda _: stop.set())
    clients = [asyncio.create_task(client) for client in (
        watching.play(server.url, seen), watching.watch(server.url, seen, BUSIEST))]
    listeners = [asyncio.create_task(child.listen()) for child in (server, load)]
    for client in clients:
        client.add_done_callback(lambda _: stop.set())  # They end only by failing.
    await show(seen, stop)
    failures = [task.exception() for task in clients if task.done() and task.exception()]
    ended_early = not report.done()
    if ended_early:
        await load.stop(signal.SIGINT)
    for client in clients:
        client.cancel()
    await asyncio.wait([report, listeners[1], *clients], timeout=children.PATIENCE)
    if failures:
        raise failures[0]
    if not ended_early and load.report is None:
        raise RuntimeError("the load failed:\n" + "\n".join(load.said))
    return load.report, seen


def print_report(report, seen):
    if report is None:
        print(f"played {seen.top.version:,} events; ack {screen.milliseconds(seen.ack)}, "
              f"push {screen.milliseconds(seen.push)} (p50 / p99, Ada's)")
        return
    codes = ", ".join(f"{count:,} {code}" for code, count in report["codes"].items() if count)
    print(f"played {report['events']:,} events in {report['seconds']:.1f} s: "
          f"{report['events_per_second']:,.0f} events/s ({codes})")
    for name in ("ack", "push"):
        times = report[f"{name}_ms"]
        print(f"  {name:<4} p50 {times['p50']:.2f}  p95 {times['p95']:.2f}  p99 {times['p99']:.2f}  "
              f"p99.9 {times['p999']:.2f}  max {times['max']:.2f} ms")


async def score_offline(given, record, out):
    """Scores the record; returns the boards it gives."""
    child = await children.Child.start(given.tallyho, "score", "--ruleset", given.ruleset, str(record), "--boards",
                                       str(out), "--quiet")
    await child.listen()
    if await child.process.wait() != 0:
        raise RuntimeError("scoring the record failed:\n" + "\n".join(child.said))
    print("  " + "\n  ".join(child.said))
    return json.loads(out.read_text(encoding="utf-8"))


async def compare_boards(given, server, folder):
    """Scores the server's record, and compares each board with the server's; then ends the server."""
    record = folder / "record.ndjson"
    api = boards.Api(server.port)
    version = api.wait_until_quiet()
    while record.stat().st_size == 0 or count_lines(record) < version:
        await asyncio.sleep(0.1)
    print(f"\nScoring the server's record of {version:,} events offline: tallyho score … --boards")
    offline = await score_offline(given, record, folder / "boards.json")
    all_same = True
    for what, same in boards.compare(api, offline):
        print(f"  {'✓ same' if same else '✗ OTHER'}  {what}")
        all_same = all_same and same
    if await server.stop() != 0:
        raise RuntimeError("the server failed at its end:\n" + "\n".join(server.said))
    return all_same


def count_lines(path):
    with open(path, "rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


def print_next_steps(given):
    program, ruleset = os.path.relpath(given.tallyho), os.path.relpath(given.ruleset)
    print(f"""
To go on by hand:
  {program} serve --ruleset {ruleset} --dev
  {program} load --url ws://127.0.0.1:7070/v1/ws --rate 2000 --events 100000
  /usr/bin/python3 -m websockets ws://127.0.0.1:7070/v1/ws   # then: {{"op":"watch","board":"global","top":10}}""")


async def run(given):
    started = []
    with tempfile.TemporaryDirectory(prefix="tallyho-demo-") as name:
        folder = pathlib.Path(name)
        try:
            server = await children.Server.start(
                given.tallyho, "serve", "--ruleset", given.ruleset, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
                "--dev", "--record", str(folder / "record.ndjson"))
            started.append(server)
            await server.wait_until_ready()
            report, seen = await run_hunt(given, server, started)
            print_report(report, seen)
            same = await compare_boards(given, server, folder)
        finally:
            for child in started:
                child.kill()
    if not same:
        print("The boards differ: that is a defect.", file=sys.stderr)
        return 1
    print("Every board is the same, member by member.")
    print_next_steps(given)
    return 0


def main():
    try:
        return asyncio.run(run(options()))
    except KeyboardInterrupt:
        return 130
    except (OSError, RuntimeError) as problem:
        print(f"./dev demo: {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
