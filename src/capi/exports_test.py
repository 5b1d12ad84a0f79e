"""libtallyho.so exports what include/tallyho.h declares and tallyho.map lists: no more, no less.

    exports_test.py LIBRARY
"""

import pathlib
import re
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
HEADER = HERE.parent.parent / "include" / "tallyho.h"


def exported(library):
    done = subprocess.run(["nm", "--dynamic", "--defined-only", "--format=posix", library], capture_output=True,
                          text=True, check=True)
    return {line.split()[0].partition("@")[0] for line in done.stdout.splitlines() if " A " not in line}


class Exports(unittest.TestCase):
    library = ""

    def test_the_list_is_what_the_header_declares(self):
        declared = re.findall(r"^TALLYHO_API .*?(\w+)\(", HEADER.read_text(encoding="utf-8"), flags=re.M)
        listed = re.findall(r"^    (\w+);$", (HERE / "tallyho.map").read_text(encoding="utf-8"), flags=re.M)
        self.assertEqual(sorted(declared), listed)

    def test_the_library_exports_the_list_and_nothing_else(self):
        listed = re.findall(r"^    (\w+);$", (HERE / "tallyho.map").read_text(encoding="utf-8"), flags=re.M)
        self.assertEqual(sorted(exported(self.library)), listed)

    def test_the_name_that_hosts_are_linked_with_has_the_major_version(self):
        done = subprocess.run(["readelf", "--dynamic", self.library], capture_output=True, text=True, check=True)
        self.assertRegex(done.stdout, r"SONAME.*\[libtallyho\.so\.\d+\]")


if __name__ == "__main__":
    Exports.library = sys.argv.pop(1)
    unittest.main()
