"""Every C++ file is as clang-format-19 writes it."""

import subprocess
import sys

import tree


def check(root):
    paths = [str(path.relative_to(root)) for path in tree.files(root, tree.CPP_SUFFIXES)]
    if not paths:
        return ["no C++ files"]
    command = ["clang-format-19", "--dry-run", *paths]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    problems = [line for line in done.stderr.splitlines() if "clang-format-violations" in line]
    if done.returncode != 0:
        problems.append(done.stderr.strip())
    if problems:
        problems.append("./dev format puts them right")
    return problems


if __name__ == "__main__":
    sys.exit(tree.run(check, sys.argv))
