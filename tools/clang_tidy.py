"""Runs clang-tidy-19 on the source files of a build, and remembers which were clean.

    tools/clang_tidy.py --build build/release [--folder src/cel] [--short]

The checks are those of .clang-tidy, on every file; with --short only the size of functions and names, and no tests and
benchmarks, which takes far less time. Sanitizers are left out: their headers may not be there, and change nothing.
A file is clean until it, a file of ours that it includes, its compiler options or the checks change.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

SHORT = "-*,readability-function-size,readability-identifier-naming"
LEFT_OUT_OF_SHORT = ("_test.cc", "_bench.cc", "_fuzz.cc")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def closure(root, path, seen):
    """`path` and every file of ours that it includes, directly or not."""
    if path in seen or not path.is_file():
        return seen
    seen.add(path)
    for name in INCLUDE.findall(path.read_text(encoding="utf-8")):
        for base in (path.parent, root / "src", root / "include"):
            if (base / name).is_file():
                closure(root, (base / name).resolve(), seen)
                break
    return seen


def arguments(entry):
    """The compiler's arguments that matter, without its name, the file and the outputs."""
    words = shlex.split(entry["command"])
    return [word for word in words if re.match(r"-(I|isystem|D|std|f|m|O)", word)]


def key(root, entry, checks):
    digest = hashlib.sha256()
    digest.update((root / ".clang-tidy").read_bytes())
    digest.update(" ".join([checks, *arguments(entry)]).encode())
    for path in sorted(closure(root, pathlib.Path(entry["file"]), set())):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def examine(root, entry, build, checks):
    """What clang-tidy says about one file: '' if it is clean."""
    command = ["clang-tidy-19", "--quiet", "-p", str(build), "--extra-arg=-w",
               "--extra-arg=-fno-sanitize=all", f"--config-file={root}/.clang-tidy"]
    if checks:
        command.append(f"--checks={checks}")
    done = subprocess.run([*command, entry["file"]], capture_output=True, text=True, check=False)
    if done.returncode == 0 and "warning:" not in done.stdout:
        return ""
    return done.stdout or done.stderr


def check(root, build, folder, checks, jobs):
    """(files, of them looked at now, what was found in each that isn't clean)."""
    clean = root / "build" / "clang-tidy-clean"
    clean.mkdir(parents=True, exist_ok=True)
    entries = {entry["file"]: entry for entry in json.loads((build / "compile_commands.json").read_text())
               if pathlib.Path(entry["file"]).is_relative_to(root / folder)}
    if checks == SHORT:
        entries = {file: entry for file, entry in entries.items() if not file.endswith(LEFT_OUT_OF_SHORT)}
    waiting = {key(root, entry, checks): entry for entry in entries.values()}
    waiting = {name: entry for name, entry in waiting.items() if not (clean / name).exists()}
    found = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(examine, root, entry, build, checks): name for name, entry in waiting.items()}
        for done in concurrent.futures.as_completed(running):
            if done.result():
                found.append(done.result())
            else:
                (clean / running[done]).touch()
    return len(entries), len(waiting), found


def main():
    options = argparse.ArgumentParser(description="clang-tidy over the tree")
    options.add_argument("--build", required=True, type=pathlib.Path, help="a build folder with compile_commands.json")
    options.add_argument("--folder", default="src", help="only files below it")
    options.add_argument("--short", action="store_true", help="only function sizes and names")
    options.add_argument("--jobs", type=int, default=os.cpu_count())
    given = options.parse_args()

    root = pathlib.Path(__file__).resolve().parent.parent
    files, looked_at, found = check(root, given.build, given.folder, SHORT if given.short else "", given.jobs)
    print("\n".join(found))
    print(f"{files} files, {looked_at} looked at anew, {len(found)} with problems")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
