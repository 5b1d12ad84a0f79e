"""Provokes every problem that the checks know, in a tree of its own."""

import json
import pathlib
import shutil
import tempfile
import unittest

import check_docs
import check_format
import check_layers
import check_tidy
import clang_tidy

UNFINISHED_WORD = "TO" + "DO"
MACHINE_PATH = "/hom" + "e/ada/tallyho"


class Tree(unittest.TestCase):
    """A folder with the files that a test names."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name).resolve()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def make_library(self, name, deps="", sources=""):
        deps = f"\n  DEPS {deps}" if deps else ""
        self.write(f"src/{name}/CMakeLists.txt", f"tallyho_library({name}\n  SOURCES {sources}{deps})\n")


class LayersTest(Tree):
    def setUp(self):
        super().setUp()
        self.make_library("base")
        self.make_library("cel", deps="base")
        self.make_library("boards", deps="base")
        self.write("src/base/error.h", "#pragma once\n")
        self.write("src/boards/board.h", '#pragma once\n#include "base/error.h"\n')
        self.write("src/cel/parser.cc", '#include "base/error.h"\n')

    def problems(self):
        return check_layers.check(self.root)

    def test_a_tree_that_keeps_its_deps_is_clean(self):
        self.assertEqual(self.problems(), [])

    def test_an_include_that_crosses_deps_is_named_with_its_line(self):
        self.write("src/cel/parser.cc", '#include "base/error.h"\n\n#include "boards/board.h"\n')
        self.assertEqual(self.problems(), ["src/cel/parser.cc:3: cel may not include boards; its DEPS are [base]"])

    def test_deps_are_not_inherited_except_by_tests(self):
        self.make_library("engine", deps="cel boards")
        self.write("src/cel/parser.h", "#pragma once\n")
        self.write("src/engine/engine.cc", '#include "cel/parser.h"\n#include "boards/board.h"\n')
        self.write("src/engine/engine_test.cc", '#include "base/error.h"\n')
        self.assertEqual(self.problems(), [])
        includes = '#include "cel/parser.h"\n#include "boards/board.h"\n#include "base/error.h"\n'
        self.write("src/engine/engine.cc", includes)
        self.assertEqual(self.problems(),
                         ["src/engine/engine.cc:3: engine may not include base; its DEPS are [cel, boards]"])

    def test_only_benchmarks_may_include_the_standard_load(self):
        self.make_library("load")
        self.write("src/load/load.h", "#pragma once\n")
        self.write("src/boards/board_bench.cc", '#include "load/load.h"\n')
        self.assertEqual(self.problems(), [])
        self.write("src/boards/board_test.cc", '#include "load/load.h"\n')
        self.assertEqual(self.problems(),
                         ["src/boards/board_test.cc:1: boards may not include load; its DEPS are [base]"])

    def test_an_include_of_a_file_that_is_not_there(self):
        self.write("src/cel/parser.cc", '#include "base/none.h"\n')
        self.assertEqual(self.problems(), ["src/cel/parser.cc:1: there is no src/base/none.h"])

    def test_a_dep_that_nothing_uses(self):
        self.make_library("cel", deps="base boards")
        self.assertEqual(self.problems(),
                         ["src/cel/CMakeLists.txt: nothing here includes boards; take it from the DEPS"])

    def test_a_dep_that_is_no_folder(self):
        self.make_library("cel", deps="base rules")
        self.assertIn("src/cel/CMakeLists.txt: DEPS names rules, which is no folder with a library", self.problems())

    def test_a_cycle(self):
        self.make_library("base", deps="cel")
        self.write("src/cel/value.h", "#pragma once\n")
        self.write("src/base/error.h", '#pragma once\n#include "cel/value.h"\n')
        self.assertIn("src/base/CMakeLists.txt: base is in a cycle of DEPS", self.problems())
        self.assertIn("src/cel/CMakeLists.txt: cel is in a cycle of DEPS", self.problems())

    def test_the_table_in_the_architecture_says_what_deps_say(self):
        rows = ["| `base` | Words. | — |", "| `cel` | Expressions. | `base` |", "| `boards` | Ranks. | `base` |"]
        self.write("ARCHITECTURE.md", "\n".join(rows) + "\n")
        self.assertEqual(self.problems(), [])
        rows = [rows[0], "| `cel` | Expressions. | `boards` |", "| `log` | Log. | — |"]
        self.write("ARCHITECTURE.md", "\n".join(rows) + "\n")
        self.assertEqual(self.problems(), ["ARCHITECTURE.md: src/boards is missing in the table of folders",
                                           "ARCHITECTURE.md:2: the DEPS of cel are [base]",
                                           "ARCHITECTURE.md:3: there is no library src/log"])

    def test_a_tree_without_libraries_is_not_taken_for_clean(self):
        self.assertNotEqual(check_layers.check(self.root / "src" / "base"), [])


class TidyTest(Tree):
    def problems(self):
        return check_tidy.check(self.root)

    def test_a_tidy_tree_is_clean(self):
        self.make_library("base", sources="error.cc")
        self.write("src/base/error.h", "// What went wrong.\n\n#pragma once\n")
        self.write("src/base/error.cc", '#include "base/error.h"\n')
        self.assertEqual(self.problems(), [])

    def test_two_classes_of_one_name(self):
        self.make_library("log", sources="log.cc")
        self.make_library("server", sources="server.cc")
        self.write("src/log/log.h", "#pragma once\nnamespace tallyho {\nclass Buffer final : public Bytes {\n"
                                    "  struct Part {};\n};\nclass Later;\nenum class Kind { a };\n}\n")
        self.write("src/log/log.cc", '#include "log/log.h"\nnamespace tallyho {\nnamespace {\nstruct Own {};\n}\n}\n')
        self.write("src/server/server.cc", "namespace tallyho {\nnamespace {\nstruct Own {};\n}\n"
                                           "struct Part {};\nclass Later {};\n// class Buffer {}\n}\n")
        self.assertEqual(self.problems(), [])
        self.write("src/server/server.cc", "namespace tallyho {\nstruct [[nodiscard]] Buffer {\n  int size;\n};\n}\n")
        self.assertEqual(self.problems(), ["src/server/server.cc: tallyho::Buffer is also a class in src/log/log.h"])

    def test_sizes(self):
        self.write("a.py", "\n" * 600 + "x = 1\n")
        self.write("b.py", "# " + "x" * 119 + "\n# " + "é" * 118 + "\n")
        self.write("dev", "a b\n")
        self.assertEqual(self.problems(), ["a.py: 601 lines; a file has at most 600",
                                           "b.py:1: 121 columns; a line has at most 120"])

    def test_white_space(self):
        self.write("a.md", "a\tb\nc \nd")
        self.write("b.md", "a\n\n")
        self.assertEqual(self.problems(), ["a.md:3: the last line doesn't end in a newline", "a.md:1: a tab",
                                           "a.md:2: space at the end of the line", "b.md:2: an empty line at the end"])

    def test_unfinished_work(self):
        self.write("a.md", f"{UNFINISHED_WORD}: more\nTODOS are fine\n")
        self.assertEqual(self.problems(), [f"a.md:1: {UNFINISHED_WORD}: finish it, or write an issue"])

    def test_paths_of_a_machine(self):
        self.write("a.md", f"cd {MACHINE_PATH}\nsee src{MACHINE_PATH}\n")
        self.assertEqual(self.problems(), ["a.md:1: a path of somebody's machine: /hom" + "e/"])

    def test_bytes_that_are_not_utf8(self):
        (self.root / "a.md").write_bytes(b"\xff\n")
        self.assertEqual(self.problems(), ["a.md: not UTF-8"])

    def test_a_header_without_pragma_once(self):
        self.make_library("base", sources="error.cc")
        self.write("src/base/error.h", "// What went wrong.\nint x;\n")
        self.write("src/base/error.cc", '#include "base/error.h"\n')
        self.assertEqual(self.problems(), ["src/base/error.h:1: a header begins with #pragma once"])

    def test_banned_names_come_with_their_replacement(self):
        self.make_library("base", sources="error.cc")
        self.write("src/base/error.cc", "// std::endl in a comment is fine.\nvoid f() { g(std::endl); }\n")
        self.assertEqual(self.problems(), ["src/base/error.cc:2: std::endl: use '\\n'"])

    def test_what_replay_stands_on_asks_no_clock(self):
        for folder in ("boards", "server"):
            self.make_library(folder, sources="a.cc")
            self.write(f"src/{folder}/a.cc", "auto t = std::chrono::steady_clock::now();\n")
        self.assertEqual(self.problems(), ["src/boards/a.cc:1: steady_clock::now(: replay must not depend on it"])

    def test_dead_files(self):
        self.make_library("base", sources="error.cc")
        self.write("src/base/error.cc", "\n//\n")
        self.write("src/base/lost.cc", '#include "base/lost.h"\n')
        self.write("src/base/lonely.h", '#pragma once\n#include "base/lonely.h"\n')
        self.write("src/base/lost.h", "#pragma once\n")
        self.write("tools/lost.py", "x = 1\n")
        self.assertEqual(self.problems(), ["src/base/lonely.h: nothing includes it",
                                           "src/base/lost.cc: no CMakeLists.txt names it",
                                           "tools/lost.py: nothing runs or imports it"])

    def test_tests_that_nothing_would_run(self):
        body = "class A(unittest.TestCase):\n    def test_it(self):\n        pass\n"
        self.write("test/server/socket.py", "import socket\n" + body)
        self.write("test/server/socket_test.py", "import socket\n" + body)
        self.assertEqual(self.problems(),
                         ["test/server/socket.py: has tests, but isn't named *_test.py, so nothing runs it"])


class DocsTest(Tree):
    def problems(self):
        return check_docs.check(self.root)

    def test_good_documents_are_clean(self):
        links = "[how](docs/how.md#a-b-c) [web](https://example.com/x) [here](#tallyho)"
        self.write("README.md", f"# Tallyho\n\n{links}\n\n```sh\n# not a heading\n[no](link.md)\n```\n")
        self.write("docs/how.md", "# How\n\n## A `b`, c\n\nback to [start](../README.md), `[no](link.md)`\n")
        self.assertEqual(self.problems(), [])

    def test_titles_and_levels(self):
        self.write("a.md", "# A\n\n# B\n")
        self.write("b.md", "text\n")
        self.write("c.md", "# C\n\n### D\n")
        self.assertEqual(self.problems(), ["a.md: 2 titles (`# …`); a document has one",
                                           "b.md: 0 titles (`# …`); a document has one",
                                           "c.md:3: a heading of level 3 under one of level 1"])

    def test_links_that_lead_nowhere(self):
        self.write("a.md", "# A\n\n[b](b.md) [c](#c)\n")
        self.assertEqual(self.problems(), ["a.md:3: there is no b.md", "a.md:3: a.md has no heading #c"])

    def test_a_code_block_that_is_not_closed(self):
        self.write("a.md", "# A\n\n```sh\nls\n")
        self.assertEqual(self.problems(), ["a.md: a code block isn't closed"])


class FormatTest(Tree):
    def test_a_file_that_clang_format_would_write_otherwise(self):
        self.write(".clang-format", "BasedOnStyle: Google\n")
        self.write("src/a.cc", "int a;\n")
        self.assertEqual(check_format.check(self.root), [])
        self.write("src/a.cc", "int   a;\n")
        problems = check_format.check(self.root)
        self.assertIn("src/a.cc:1:4", problems[0])
        self.assertEqual(problems[-1], "./dev format puts them right")

    def test_a_tree_without_sources_is_not_taken_for_clean(self):
        self.assertEqual(check_format.check(self.root), ["no C++ files"])


class ClangTidyTest(Tree):
    def setUp(self):
        super().setUp()
        shutil.copy(pathlib.Path(__file__).parent.parent / ".clang-tidy", self.root)
        file = str(self.root / "src" / "a.cc")
        self.write("src/a.h", "#pragma once\n")
        self.write("build/compile_commands.json",
                   json.dumps([{"directory": str(self.root), "file": file, "command": f"g++ -std=c++23 -c {file}"}]))

    def check(self):
        return clang_tidy.check(self.root, self.root / "build", "src", clang_tidy.SHORT, 1)

    def test_a_long_function_and_a_wrong_name_are_found_each_time(self):
        lines = "  ++x;\n" * 71
        self.write("src/a.cc", f'#include "a.h"\nvoid tooLong(int x) {{\n{lines}}}\n')
        for _ in range(2):
            files, looked_at, found = self.check()
            self.assertEqual((files, looked_at, len(found)), (1, 1, 1))
            self.assertIn("readability-function-size", found[0])
            self.assertIn("readability-identifier-naming", found[0])

    def test_a_clean_file_is_looked_at_again_only_when_something_changed(self):
        self.write("src/a.cc", '#include "a.h"\nint one() { return 1; }\n')
        self.assertEqual(self.check(), (1, 1, []))
        self.assertEqual(self.check(), (1, 0, []))
        self.write("src/a.h", "#pragma once\nint one();\n")
        self.assertEqual(self.check(), (1, 1, []))


if __name__ == "__main__":
    unittest.main()
