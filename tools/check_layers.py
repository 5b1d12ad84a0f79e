"""Folders include only what their DEPS name.

Reads `tallyho_library(NAME … DEPS …)` from each src/NAME/CMakeLists.txt and reports: an #include of a folder that DEPS
doesn't name, a name in DEPS that nothing uses, a cycle, an include of a file that doesn't exist, and a row of the table
in ARCHITECTURE.md that says something else. Tests, benchmarks and fuzz targets may also include what their DEPS stand
on, and benchmarks `load`, since figures are measured on the standard load.
"""

import re
import sys

import tree

KEYWORDS = {"SOURCES", "DEPS", "LINKS", "TESTS", "BENCHES", "FUZZERS"}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
BESIDE = re.compile(r"(_test|_bench|_fuzz|_for_test)\.(cc|h)$|^test_.*\.h$")  # Not part of the library.


def library_of(text):
    """The words behind each keyword of the file's tallyho_library(), or None."""
    text = re.sub(r"#.*", "", text)
    call = re.search(r"tallyho_library\(\s*(\w+)([^)]*)\)", text)
    if not call:
        return None
    library = {keyword: [] for keyword in KEYWORDS}
    keyword = None
    for word in call.group(2).split():
        if word in KEYWORDS:
            keyword = word
        elif keyword:
            library[keyword].append(word)
    return library


def dependencies(root):
    """Folder -> its DEPS, in their order."""
    deps = {}
    for path in sorted((root / "src").glob("*/CMakeLists.txt")):
        library = library_of(path.read_text(encoding="utf-8"))
        if library:
            deps[path.parent.name] = library["DEPS"]
    return deps


def reach(deps, folder):
    """All folders that `folder` stands on."""
    seen, waiting = set(), list(deps.get(folder, []))
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(deps.get(name, []))
    return seen


def check_includes(root, deps):
    problems, used = [], {folder: set() for folder in deps}
    for folder, allowed in deps.items():
        for path in tree.files(root / "src" / folder, tree.CPP_SUFFIXES):
            beside = BESIDE.search(path.name)
            for number, line in enumerate((tree.text_of(path) or "").splitlines(), 1):
                match = INCLUDE.match(line)
                target = match.group(1).split("/")[0] if match else None
                if target not in deps:
                    continue
                where = f"{path.relative_to(root)}:{number}"
                if not (root / "src" / match.group(1)).is_file():
                    problems.append(f"{where}: there is no src/{match.group(1)}")
                used[folder].add(target)
                if target == folder or target in allowed or (beside and target in reach(deps, folder)):
                    continue
                if target == "load" and path.stem.endswith("_bench"):
                    continue
                problems.append(f"{where}: {folder} may not include {target}; its DEPS are [{', '.join(allowed)}]")
    for folder, allowed in deps.items():
        for name in allowed:
            if name not in used[folder]:
                problems.append(f"src/{folder}/CMakeLists.txt: nothing here includes {name}; take it from the DEPS")
    return problems


def check_graph(deps):
    problems = []
    for folder, allowed in deps.items():
        for name in allowed:
            if name not in deps:
                problems.append(f"src/{folder}/CMakeLists.txt: DEPS names {name}, which is no folder with a library")
        if folder in reach(deps, folder):
            problems.append(f"src/{folder}/CMakeLists.txt: {folder} is in a cycle of DEPS")
    return problems


def check_table(root, deps):
    """The table's rows: | `folder` | its sentence | `dep`, `dep` |, with — for none."""
    path = root / "ARCHITECTURE.md"
    if not path.is_file():
        return []
    problems, rows = [], {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        row = re.match(r"\| `(\w+)` \|.*\| ([^|]+) \|$", line)
        if row:
            rows[row.group(1)] = (number, set(re.findall(r"\w+", row.group(2))))
    for folder, allowed in deps.items():
        if folder not in rows:
            problems.append(f"ARCHITECTURE.md: src/{folder} is missing in the table of folders")
        elif rows[folder][1] != set(allowed):
            problems.append(f"ARCHITECTURE.md:{rows[folder][0]}: the DEPS of {folder} are [{', '.join(allowed)}]")
    for folder in rows.keys() - deps.keys():
        problems.append(f"ARCHITECTURE.md:{rows[folder][0]}: there is no library src/{folder}")
    return problems


def check(root):
    deps = dependencies(root)
    if not deps:
        return ["no src/*/CMakeLists.txt has a tallyho_library()"]
    return check_graph(deps) + check_includes(root, deps) + check_table(root, deps)


if __name__ == "__main__":
    sys.exit(tree.run(check, sys.argv))
