"""CEL against its peers, in one run and in turns: our fast path and our exact evaluator, cel-go, a JavaScript CEL,
LuaJIT, and C++ of the same expressions as the floor. Prints versions, the median CPU time of an evaluation, and how
many times ours that is; at the end, the slowest event that the default budget admits. Single expressions are evaluated
over one hot event, which LuaJIT and g++ partly compute in advance.

    SECONDS_EACH  for each measurement (0.3)
    ROUNDS        in which every engine takes its turn (3)

A peer whose tools are missing is left out: Go 1.21 or newer, node and npm, luajit. What they need is fetched into
build/bench/cel, as bench/cel/*/ has pinned it.
"""

import os
import pathlib
import shutil
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "cel"))
import workload  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().parent / "cel"
BUILT = pathlib.Path("build/bench/cel").resolve()
SECONDS = float(os.environ.get("SECONDS_EACH", "0.3"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
OURS = "tallyho"


class Missing(Exception):
    """Why a peer is left out."""


def tool(name, *places):
    found = shutil.which(name) or next((place for place in places if os.access(place, os.X_OK)), None)
    if not found:
        raise Missing(f"there is no {name}")
    return found


def run(*command, where=None):
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Missing(f"`{' '.join(map(str, command[:3]))} …` failed: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


def ours(engine):
    return [pathlib.Path(os.environ["TALLYHO"]).parent / "cel_peer", BUILT / "workload.json", engine]


def cel_go():
    go = tool("go", "/usr/local/go/bin/go", "/usr/lib/go/bin/go")
    run(go, "build", "-mod=readonly", "-o", BUILT / "cel_go", ".", where=SOURCE / "go")
    return [BUILT / "cel_go", BUILT / "workload.json"]


def javascript():
    node, npm = tool("node"), tool("npm")
    folder = BUILT / "js"
    shutil.copytree(SOURCE / "js", folder, dirs_exist_ok=True)
    if not (folder / "node_modules").is_dir():
        run(npm, "ci", "--no-audit", "--no-fund", where=folder)
    return [node, folder / "peer.js", BUILT / "workload.json"]


def luajit():
    return [tool("luajit"), SOURCE / "peer.lua", str(SECONDS), BUILT / "sets.lua"]


def floor():
    program = BUILT / "floor"
    run(tool("g++"), "-std=c++20", "-O2", f'-DSETS="{BUILT}/sets.inc"', "-o", program, SOURCE / "floor.cc")
    return [program, str(SECONDS)]


ENGINES = {OURS: lambda: ours("fast"), "exact": lambda: ours("exact"), "cel-go": cel_go, "cel-js": javascript,
           "luajit": luajit, "g++ -O2": floor}


def measure(command, sums):
    """Version, and for each set (nanoseconds, nanoseconds to compile). Ends the program if a sum is wrong."""
    version, found = "", {}
    for line in run(*command).splitlines():
        name, rest = line.split(" ", 1)
        if name == "version":
            version = rest
            continue
        nanos, compiling, total = rest.split()
        if int(total) != sums[name]:
            sys.exit(f"{command[0]}: the sum of {name} is {total}, not {sums[name]}")
        found[name] = (float(nanos), float(compiling))
    return version, found


def prepare(sets):
    BUILT.mkdir(parents=True, exist_ok=True)
    (BUILT / "workload.json").write_text(workload.as_json(sets, SECONDS), encoding="utf-8")
    (BUILT / "sets.inc").write_text(workload.as_cpp(sets), encoding="utf-8")
    (BUILT / "sets.lua").write_text(workload.as_lua(sets), encoding="utf-8")
    commands = {}
    for name, make in ENGINES.items():
        try:
            commands[name] = make()
        except Missing as reason:
            print(f"without {name}: {reason}")
    return commands


def median(results, engine, name, index):
    return statistics.median(each[name][index] for each in results[engine])


def print_table(title, names, results, index):
    print(f"\n{title:14}" + "".join(f"{engine:>22}" for engine in results))
    for name in names:
        mine = median(results, OURS, name, index)
        cells = []
        for engine in results:
            nanos = median(results, engine, name, index)
            text = f"{nanos:,.{1 - index}f}" if nanos else "–"
            cells.append(text + (f" ({nanos / mine:6.2f} ×)" if nanos and engine != OURS else ""))
        print(f"{name:14}" + "".join(f"{cell:>22}" for cell in cells))


def print_dearest():
    """The longest time that an event takes whose cost the default budget admits."""
    print(run(pathlib.Path(os.environ["TALLYHO"]).parent / "cel_dearest"), end="")


def main():
    sets = workload.all_sets()
    commands = prepare(sets)
    sums = {each["name"]: each["sum"] for each in sets}
    results, versions = {name: [] for name in commands}, {}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            try:
                versions[name], found = measure(command, sums)
            except Missing as reason:
                sys.exit(str(reason))
            results[name].append(found)
    print()
    for name, version in versions.items():
        print(f"{name:8} {version}")
    names = [each["name"] for each in sets]
    print_table("ns/evaluation", names, results, 0)
    print_table("ns to compile", names, results, 1)
    print(f"\nmedians of {ROUNDS} turns, {SECONDS} s for each; (n ×): n times the time of {OURS}")
    print("compiling: all rules of a set, over and over for a quarter of that time, by every engine: so it is warm,\n"
          f"and frees what it compiled before; {OURS} with the fast path's code for the set, exact without\n")
    print_dearest()
    return 0


if __name__ == "__main__":
    sys.exit(main())
