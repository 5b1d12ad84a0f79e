"""How far a verb that takes long has come is said on a terminal, and nowhere else."""

import json
import os
import pty
import select
import subprocess
import time
import unittest

from tallyho_server import PATIENCE, RULESET, TALLYHO, find

LONG = 10 * PATIENCE
LINES = "".join(json.dumps(find(f"player-{i % 7}", i % 50)) + "\n" for i in range(2048)).encode()


class Scoring:
    """`tallyho score` of a pipe that the test fills, with `stderr` as it is given."""

    def __init__(self, stderr):
        self.process = subprocess.Popen([TALLYHO, "score", "--ruleset", str(RULESET), "--quiet", "-"],
                                        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=stderr)
        self.events = 0

    def feed(self):
        self.process.stdin.write(LINES)
        self.process.stdin.flush()
        self.events += LINES.count(b"\n")

    def end(self):
        self.process.stdin.close()
        return self.process.wait(LONG)


class Progress(unittest.TestCase):
    def read(self, terminal, until):
        """What comes out of a terminal's other end until `until` says that it is enough, or nobody writes any more."""
        said, deadline = b"", time.monotonic() + LONG
        while not until(said):
            self.assertLess(time.monotonic(), deadline, said)
            if not select.select([terminal], [], [], 0.01)[0]:
                continue
            try:
                said += os.read(terminal, 4096)
            except OSError:  # EIO: the last who had it open has closed it.
                break
        return said

    def test_is_shown_on_a_terminal_and_wiped_at_the_end(self):
        terminal, inside = pty.openpty()
        self.addCleanup(os.close, terminal)
        scoring = Scoring(inside)
        self.addCleanup(scoring.process.kill)
        os.close(inside)

        def is_drawn(said):
            if b"bytes, " in said:
                return True
            scoring.feed()
            return False
        drawn = self.read(terminal, is_drawn)
        self.assertRegex(drawn.decode(), r"^\r\x1b\[Kscoring: [\d,]+ bytes, \d+ s")
        self.assertEqual(scoring.end(), 0)
        # What comes behind it has the line for itself.
        rest = self.read(terminal, lambda said: b"events/s" in said).decode()
        self.assertIn(f"\r\x1b[K{scoring.events:,} events in ", rest)

    def test_is_not_shown_where_there_is_no_terminal(self):
        scoring = Scoring(subprocess.PIPE)
        self.addCleanup(scoring.process.kill)
        begin = time.monotonic()
        while time.monotonic() < begin + 1:  # On a terminal it would have been drawn five times by now.
            scoring.feed()
        scoring.process.stdin.close()
        said = scoring.process.stderr.read().decode()
        scoring.process.stderr.close()
        self.assertEqual(scoring.process.wait(LONG), 0)
        self.assertTrue(said.startswith(f"{scoring.events:,} events in "), said)
        self.assertNotIn("\r", said)
        self.assertNotIn("scoring", said)


if __name__ == "__main__":
    unittest.main()
