"""The small rules that keep the tree readable: sizes, white space, words that mark unfinished work, dead files, and
what must not be called where. Each rule is a function below; its docstring is the rule.
"""

import re
import sys

import tree

LINES_MAX = 600
COLUMNS_MAX = 120
FUNCTION_LINES_MAX = 70
CODE = tree.CPP_SUFFIXES | {".py", ".sh", ".cmake"}
TEXT = CODE | {".md", ".yaml", ".yml", ".json", ".txt", ".toml"}
DATA_FOLDERS = ("test/corpus/",)  # Kept byte for byte as they are.

# Written in halves, so that this file keeps its own rules.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(" + "|".join(["wor" + "k", "roo" + "t", "hom" + "e", "tm" + "p"]) + r")/")

# Not to be used, and what to use.
BANNED = {
    r"\bstd::endl\b": "'\\n'",
    r"\bstd::regex\b": "RE2",
    r"\bstd::cout\b": "fmt::print",
    r"\bstd::cerr\b": "fmt::print(stderr, …)",
    r"\busing namespace (?!std::literals|std::chrono_literals|std::string_view_literals|std::string_literals)": "names",
    r"\b(atoi|atol|atof|sprintf|strcpy|strcat|gets)\(": "std::from_chars, fmt::format",
    r"\.detach\(\)": "a thread that is joined",
}

# Replay is exact because these folders never ask what time it is, throw dice, or look at the environment.
PURE_FOLDERS = ("cel", "ruleset", "event", "state", "boards", "feed", "engine")
IMPURE = re.compile(r"\b\w*_clock::now\(|\babsl::Now\(|\bstd::random_device\b|\bs?rand\(|\bgetenv\(|\bstd::time\(|"
                    r"\bstd::mt19937")


def is_text(path):
    return path.suffix in TEXT or path.name in ("dev", "run", ".clang-format", ".clang-tidy", ".gitignore")


def is_code(path):
    return path.suffix in CODE or path.name in ("dev", "run", "CMakeLists.txt")


def check_file(name, path, text):
    """Files: at most 600 lines; lines of code at most 120 columns; no tabs, no space at a line's end, a newline at the
    file's end; no word that marks unfinished work; no path of somebody's machine."""
    problems = []
    lines = text.split("\n")
    if text and not text.endswith("\n"):
        problems.append(f"{name}:{len(lines)}: the last line doesn't end in a newline")
    if text.endswith("\n\n"):
        problems.append(f"{name}:{len(lines) - 1}: an empty line at the end")
    if is_code(path) and len(lines) - 1 > LINES_MAX:
        problems.append(f"{name}: {len(lines) - 1} lines; a file has at most {LINES_MAX}")
    for number, line in enumerate(lines, 1):
        where = f"{name}:{number}"
        if is_code(path) and len(line) > COLUMNS_MAX:
            problems.append(f"{where}: {len(line)} columns; a line has at most {COLUMNS_MAX}")
        if "\t" in line:
            problems.append(f"{where}: a tab")
        if line != line.rstrip():
            problems.append(f"{where}: space at the end of the line")
        if UNFINISHED.search(line):
            problems.append(f"{where}: {UNFINISHED.search(line).group(0)}: finish it, or write an issue")
        if MACHINE_PATH.search(line):
            problems.append(f"{where}: a path of somebody's machine: {MACHINE_PATH.search(line).group(0)}")
    return problems


def check_function_sizes(name, text):
    """A function has at most FUNCTION_LINES_MAX lines. Found by indentation, which clang-format sees to, in a moment;
    clang-tidy, which takes minutes, has the last word (tools/clang_tidy.py)."""
    problems = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        found = re.match(r"( {0,2})\S.*\)[^=;]*\{$", line)
        if not found or re.match(r" *(//|(namespace|class|struct|enum|union|TEST|extern)\b)", line):
            continue
        end = next((i for i in range(number, len(lines)) if lines[i].startswith(found.group(1) + "}")), number)
        if end - number > FUNCTION_LINES_MAX:
            problems.append(f"{name}:{number + 1}: a function of {end - number} lines; at most {FUNCTION_LINES_MAX}")
    return problems


def check_cpp(name, path, text):
    """C++: headers begin with #pragma once (after comments); banned names have replacements; the folders that replay
    stands on ask no clock, no dice and no environment; functions are short."""
    is_test = re.search(r"_(test|bench|fuzz)\.", name) is not None
    problems = [] if is_test else check_function_sizes(name, text)
    without_comments = re.sub(r"//[^\n]*|/\*.*?\*/", lambda found: "\n" * found.group(0).count("\n"), text, flags=re.S)
    if path.suffix == ".h" and name.startswith("src/") and not without_comments.lstrip().startswith("#pragma once"):
        problems.append(f"{name}:1: a header begins with #pragma once")
    parts = name.split("/")
    pure = parts[0] == "src" and parts[1] in PURE_FOLDERS and not is_test and "/testing/" not in name
    for number, line in enumerate(without_comments.split("\n"), 1):
        for pattern, replacement in BANNED.items():
            if re.search(pattern, line):
                problems.append(f"{name}:{number}: {re.search(pattern, line).group(0)}: use {replacement}")
        if pure and IMPURE.search(line):
            problems.append(f"{name}:{number}: {IMPURE.search(line).group(0)}: replay must not depend on it")
    return problems


# What is in no code, or may have braces in it.
NOT_CODE = re.compile(r'R"(\w*)\((.|\n)*?\)\1"|//[^\n]*|"(\\.|[^"\\\n])*"|\'(\\.|[^\'\\\n])\'')
NAMESPACE = re.compile(r"\bnamespace\s*([\w:]*)\s*$")
TYPE = re.compile(r"(?<!enum )\b(?:class|struct|union)\s+(?:\w+\([^)]*\)\s+|\[\[.*?\]\]\s*)?(\w+(?:::\w+)*)"
                  r"(?:\s+final)?(?:\s*:[^:].*)?$", re.S)


def types_of(text):
    """The classes that a C++ file defines where other files' code can meet them, by their full names."""
    code, found, scopes, begin = NOT_CODE.sub('""', text), set(), [], 0
    for brace in re.finditer(r"[{};]", code):
        head, begin = code[begin:brace.start()].strip(), brace.end()
        if brace.group() == "}" and scopes:
            scopes.pop()
        if brace.group() != "{":
            continue
        namespace, definition = NAMESPACE.search(head), TYPE.search(head)
        if namespace:
            scopes.append(namespace.group(1))  # Nothing where it has no name.
        else:
            scopes.append(definition.group(1) if definition else "")
            if all(scopes):
                found.add("::".join(scopes))
    return found


def check_types(sources):
    """No two classes of src/ have the same full name: the linker keeps one of their functions for both, which breaks
    programs at a place that has nothing to do with it, and only with some options of the compiler."""
    files = {}
    for name, text in sources.items():
        if re.match(r"src/.*(?<!_test)\.(h|cc)$", name):
            for found in types_of(text):
                files.setdefault(found, []).append(name)
    return [f"{names[1]}: {found} is also a class in {names[0]}" for found, names in sorted(files.items())
            if len(names) > 1]


def check_dead_files(root, sources):
    """Every .cc is named in the CMakeLists.txt of its folder; every .h is included by another file; every Python file
    is named by a build file, a script or another Python file."""
    problems = []
    included = set()
    for name, text in sources.items():
        for found in re.findall(r'^\s*#\s*include\s+["<]([^">]+)[">]', text, flags=re.M):
            if not name.endswith(found):
                included.add(found)
    scripts = {name: text for name, text in sources.items()
               if name.endswith((".py", ".sh", "CMakeLists.txt", ".cmake")) or "/" not in name or name == ".ci/run"}
    for name in sources:
        path = root / name
        if path.suffix == ".cc":
            build_file = next((folder / "CMakeLists.txt" for folder in path.parents
                               if (folder / "CMakeLists.txt").is_file()), None)
            named = build_file and re.search(rf"\b{re.escape(path.name)}\b", build_file.read_text(encoding="utf-8"))
            if not named and not any(path.name in text for file, text in sources.items() if file.endswith(".cmake")):
                problems.append(f"{name}: no CMakeLists.txt names it")
        elif path.suffix == ".h":
            if not any(name.endswith("/" + found) for found in included):
                problems.append(f"{name}: nothing includes it")
        elif path.suffix == ".py" and path.stem != "__main__" and not re.search(r"(^test_|_test$)", path.stem):
            word = re.compile(rf"\b{re.escape(path.stem)}\b")
            if not any(word.search(text) for other, text in scripts.items() if other != name):
                problems.append(f"{name}: nothing runs or imports it")
    return problems


def check_tests_run(sources):
    """A Python file with unittest cases is named *_test.py or test_*.py, as the CMakeLists.txt files look for."""
    return [f"{name}: has tests, but isn't named *_test.py, so nothing runs it"
            for name, text in sources.items()
            if name.endswith(".py") and re.search(r"^class \w+\(.*TestCase\)", text, flags=re.M)
            and "def test_" in text and not re.search(r"(_test\.py|/test_[^/]*\.py)$", name)]


def check(root):
    problems, sources = [], {}
    for path in tree.files(root):
        name = path.relative_to(root).as_posix()
        if name.startswith(DATA_FOLDERS) or not is_text(path):
            continue
        text = tree.text_of(path)
        if text is None:
            problems.append(f"{name}: not UTF-8")
            continue
        sources[name] = text
        problems += check_file(name, path, text)
        if path.suffix in tree.CPP_SUFFIXES:
            problems += check_cpp(name, path, text)
    return problems + check_types(sources) + check_dead_files(root, sources) + check_tests_run(sources)


if __name__ == "__main__":
    sys.exit(tree.run(check, sys.argv))
