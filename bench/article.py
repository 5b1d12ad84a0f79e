"""The story that this project began with, on this machine: a Python service whose scoring was replaced.

    before   asyncio, uvloop, websockets; the 47 rules of the treasure hunt compiled by Cython; boards in Redis
    after    the same, but for rules and boards by the library: examples/python_service
    tallyho  `tallyho serve`

The same events, made by the same load, in turns. First in process: the rules alone, one core, what is allocated, and
what a corrupt event costs. Then over sockets: at 18,000 events/s, and as fast as each goes, with an event to a frame,
as players' devices send them, and with 32, as a back end does. Load and service share the machine.

It is played long enough for most events to be of players who have had several: with 200,000 events of 100,000 players,
every third event would make one.

    ./dev bench article [--seconds 20] [--rounds 2] [--events 1000000] [--rate 18000] [--players 100000]
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "bench/article"))

import compiled  # noqa: E402  # pylint: disable=wrong-import-position
import servers  # noqa: E402  # pylint: disable=wrong-import-position

TALLYHO = os.environ.get("TALLYHO", str(ROOT / "build/release/bin/tallyho"))
RULESET = str(ROOT / "rulesets/treasure-hunt.yaml")
PROGRAMS = pathlib.Path(TALLYHO).parent
BUILT = compiled.BUILT
CORRUPT = 20_000
BATCH = 32  # Events to a frame.

# Published figures of others, on their hardware: not measured here, and not to be compared line by line.
THEIRS = """As published about another service of this kind, on its hardware (16 cores; 2 million players, 47 rules):
  its Python service    died at 6,200 events/s; p95 142 ms; 2.3 GB resident, and climbing
  its native rewrite    110,000 events/s; p50 12 ms, p95 28 ms, p99 45 ms; 132 MB resident
  what was needed       18,000 events/s in less than 50 ms"""


def median(values):
    return statistics.median(values) if values else float("nan")


# In process.

def score_by(*command, counted=False):
    """What a program says that scores a file; with the bytes that it allocates counted."""
    # Python's own allocator would ask for a lot at once, and be asked for less.
    counting = {"LD_PRELOAD": str(PROGRAMS / "libarticle_count_allocations.so"), "PYTHONMALLOC": "malloc"}
    done = subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE,
                          env=os.environ | {"TALLYHO_RULESET": ""} | (counting if counted else {}))
    return json.loads(done.stdout)


def score_python(package):
    return lambda file, **how: score_by("/usr/bin/python3", ROOT / "bench/article/in_process.py", package, file, **how)


def score_library(kind):
    script = ROOT / "bench/article/library/in_process.py"
    return lambda file, **how: score_by(servers.After.python, script, kind, file, **how)


def score_event(file, **how):
    return score_by(PROGRAMS / "article_score_file", file, **how)


def score_tallyho(file):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([TALLYHO, "score", "--ruleset", RULESET, str(file), "--quiet", "--json"], check=True,
                          stderr=subprocess.PIPE, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    summary = json.loads(done.stderr.splitlines()[-1])
    summary["cpu_seconds"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return summary


def in_process_ways(package, has_module):
    """(name, function of a file): whoever adds a way to score in process adds it here. Those that take `counted` say
    how many bytes they allocated."""
    ways = [("python", score_python(ROOT / "bench/article"))]
    if package is not None:
        ways.append(("python, compiled", score_python(package)))
    ways.append(("score_event, C", score_event))
    if has_module:
        ways += [("library, Python", score_library("one")), ("  in batches", score_library("batch"))]
    ways.append(("tallyho score", score_tallyho))
    return ways


def corrupt_files(folder):
    """For each kind of corrupt event a file of many; in that of rule errors a player's set is filled first."""
    chest = '{{"type":"chest_opened","player":"ada","ts":{},"chest":"{}","locks":1,"seconds":60}}\n'
    full = "".join(chest.format(1_784_484_000_000, f"h{number}") for number in range(1024))
    kinds = {
        "overflowing int64": '{"type":"chest_opened","player":"ada","chest":"h","locks":99999999999999999999}\n'
                             * CORRUPT,
        "truncated JSON": '{"type":"chest_opened","player":"ada","chest":"h","lo\n' * CORRUPT,
        "rule error": full + chest.format(1_784_484_000_000, "one more") * CORRUPT,
    }
    for kind, text in kinds.items():
        file = folder / (kind.replace(" ", "_") + ".ndjson")
        file.write_text(text, encoding="ascii")
        yield kind, file


def measure_in_process(package, has_module, arguments):
    file = BUILT / f"events-{arguments.events}-{arguments.players}.ndjson"
    if not file.is_file():
        subprocess.run([TALLYHO, "load", "--events", str(arguments.events), "--players", str(arguments.players),
                        "--out", str(file)], check=True)
    print(f"In process, {arguments.events:,} events of {arguments.players:,} players, medians of {arguments.rounds}:")
    ways, rates, of_cpu = in_process_ways(package, has_module), {}, {}
    for _ in range(arguments.rounds):
        for name, score in ways:
            found = score(file)
            rates.setdefault(name, []).append(found["events"] / found["seconds"])
            of_cpu.setdefault(name, []).append(found["events"] / max(found["cpu_seconds"], 0.001))
    for name, score in ways:
        times = median(of_cpu[name]) / median(of_cpu[ways[0][0]])
        words = (f"  {name:<18} {median(rates[name]):>12,.0f} events/s {median(of_cpu[name]):>12,.0f} per second of a "
                 f"core, {times:4.1f} times {ways[0][0]}")
        if score is not score_tallyho:
            counted = score(file, counted=True)
            words += f" {counted['allocated'] / counted['events']:>10,.0f} bytes allocated an event"
        print(words, flush=True)
    print("  A corrupt event, in microseconds (whole file, many alike):")
    for kind, corrupt in corrupt_files(BUILT):
        costs = []
        for name, score in ways:
            seconds = median([score(corrupt)["seconds"] for _ in range(arguments.rounds)])
            costs.append(f"{name} {seconds / CORRUPT * 1e6:.2f}")
        print(f"    {kind:<18} {'   '.join(costs)}", flush=True)


# Over sockets.

def load(server, arguments, *more):
    command = [TALLYHO, "load", "--url", server.url, "--players", str(arguments.players), "--json", *map(str, more)]
    patience = 60 + 50 * arguments.seconds  # Who cannot keep up answers what was sent, later.
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=patience).stdout)


def steady(server, arguments):
    """The needed rate, open loop; how the ack latencies are, and what is resident, second by second."""
    cpu = server.cpu_seconds()
    report = load(server, arguments, "--rate", arguments.rate, "--connections", 200, "--events",
                  arguments.rate * arguments.seconds, "--seconds", 2 * arguments.seconds, "--watchers", 1)
    report["cores"] = (server.cpu_seconds() - cpu) / report["seconds"]
    report["mib"] = list(server.mib)
    return report


def peak(server, arguments, batch=1):
    """Closed loop: as fast as it goes, with so many events to a frame."""
    cpu = server.cpu_seconds()
    report = load(server, arguments, "--in-flight", 64, "--batch", batch, "--connections", 32, "--events", 10**9,
                  "--seconds", arguments.seconds)
    report["cores"] = (server.cpu_seconds() - cpu) / report["seconds"]
    report["mib"] = list(server.mib)
    return report


def peak_of_batches(server, arguments):
    return peak(server, arguments, batch=BATCH)


def beside_corrupt(server, arguments):
    """A sixth of the needed rate, alone, and then while somebody sends corrupt events only, a thousand a second."""
    rate = arguments.rate // 6
    calm = ["--rate", rate, "--connections", 20, "--events", rate * arguments.seconds]
    alone = load(server, arguments, *calm)
    spoiler = [TALLYHO, "load", "--url", server.url, "--invalid", "100", "--rate", "1000", "--connections", "2",
               "--seed", "7", "--events", str(1000 * arguments.seconds), "--json"]
    with subprocess.Popen(spoiler, stdout=subprocess.PIPE) as process:
        beside = load(server, arguments, *calm, "--seed", 2)
        corrupt = json.loads(process.stdout.read())
    return {"alone": alone, "beside": beside, "corrupt": corrupt}


def times(report, kind="ack"):
    found = report[f"{kind}_ms"]
    return " ".join(f"{found[name]:9.2f}" for name in ("p50", "p95", "p99"))


def errors(report):
    return sum(count for code, count in report["codes"].items() if code in ("rule_error", "internal", "overloaded"))


def over_time(samples, parts=5):
    step = max(1, len(samples) // parts)
    return " ".join(f"{value:.0f}" for value in [*samples[:1], *samples[step::step]][:parts + 1])


def show(name, what, report):
    lost = f", {errors(report):,} errors" if errors(report) else ""
    print(f"  {name:<8} {what:<6} {report['events_per_second']:>10,.0f} events/s  ack ms p50 p95 p99 {times(report)}"
          f"   {report['cores']:.2f} cores   MiB {over_time(report['mib'])}{lost}", flush=True)


MEASUREMENTS = (("at", steady), ("peak", peak), (f"by {BATCH}", peak_of_batches))


def measure_services(services, arguments):
    print(f"Over sockets, {arguments.seconds} s each, {arguments.rounds} rounds in turns. `at` {arguments.rate:,} "
          "events/s from 200 connections; `peak` from 32, 64 in flight on each, an event to a frame; the same `by "
          f"{BATCH}` to a frame; MiB resident over time, with Redis:")
    rates, of_cores = {}, {}
    for _ in range(arguments.rounds):
        for name, make in services:
            for what, measure in MEASUREMENTS:
                with make() as server:
                    report = measure(server, arguments)
                show(name, what, report)
                rates.setdefault((name, what), []).append(report["events_per_second"])
                of_cores.setdefault((name, what), []).append(report["events_per_second"] / report["cores"])
    first = services[0][0]
    for what, _ in MEASUREMENTS[1:]:
        for name, _ in services:
            of_core = median(of_cores[name, what])
            print(f"  {name:<8} {what:<6} median: {median(rates[name, what]):,.0f} events/s, {of_core:,.0f} for each "
                  f"core that it kept busy, {of_core / median(of_cores[first, what]):.1f} times {first}")
    print(f"A thousand corrupt events a second beside {arguments.rate // 6:,} good ones; ack ms p50 p95 p99:")
    for name, make in services:
        with make() as server:
            found = beside_corrupt(server, arguments)
        for who, words in (("alone", "others, without them"), ("beside", "others, beside them"),
                           ("corrupt", "their sender")):
            print(f"  {name:<8} {words:<22} {times(found[who])}", flush=True)


def services_of(package, has_module):
    """(name, how to make it): whoever adds a service adds it here."""
    services = [("before", lambda: servers.Before(package))] if servers.before_can_run(package) else []
    if has_module:
        services.append(("after", servers.After))
    return [*services, ("tallyho", lambda: servers.Tallyho(TALLYHO))]


def main():
    parser = argparse.ArgumentParser(description="A Python service and Tallyho, side by side.")
    parser.add_argument("--seconds", type=int, default=20, help="of each measurement over sockets")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--events", type=int, default=1_000_000, help="in process")
    parser.add_argument("--rate", type=int, default=18_000)
    parser.add_argument("--players", type=int, default=100_000)
    arguments = parser.parse_args()
    package = compiled.build()
    BUILT.mkdir(parents=True, exist_ok=True)
    has_module = servers.after_can_run()
    measure_in_process(package, has_module, arguments)
    measure_services(services_of(package, has_module), arguments)
    print(THEIRS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
