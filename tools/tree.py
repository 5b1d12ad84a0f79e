"""What the checks share: the files of the tree, and how a check reports."""

import pathlib
import sys

SKIPPED_FOLDERS = {".git", "build", "__pycache__", ".cache", ".vscode", ".idea"}
CPP_SUFFIXES = {".cc", ".h", ".c"}


def files(root, suffixes=None):
    """Every file below `root` that belongs to the project, sorted; only those with one of `suffixes` if given."""
    found = []
    for path in sorted(pathlib.Path(root).iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir():
            if path.name not in SKIPPED_FOLDERS:
                found.extend(files(path, suffixes))
        elif suffixes is None or path.suffix in suffixes:
            found.append(path)
    return found


def text_of(path):
    """The file's text, or None if it isn't UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def run(check, argv):
    """Runs `check` on the tree named on the command line: prints its problems; returns the exit status."""
    root = pathlib.Path(argv[1] if len(argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    problems = check(root)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(problems)} problems")
    return 1 if problems else 0
