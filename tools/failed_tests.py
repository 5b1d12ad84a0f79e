"""Prints the last lines of each failed test of a ctest run, where they are looked for: `failed_tests.py JUNIT.xml`."""

import sys
import xml.etree.ElementTree as xml

LINES = 25


def main() -> int:
    failed = [case for case in xml.parse(sys.argv[1]).getroot().iter("testcase") if case.get("status") == "fail"]
    for case in failed:
        lines = (case.findtext("system-out") or "").rstrip().splitlines()
        print(f"-- {case.get('name')} failed; its last lines:")
        print("\n".join(lines[-LINES:]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
