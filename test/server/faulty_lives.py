"""What tests of failing system calls share: lives of a server under fault_shim.c, and a ledger of what it answered.

TALLYHO_FAULT_SHIM names the built shim; TALLYHO_FAULT_CASES says how many cases a test tries, spread over all of them
(0: all, as `./dev faults` has it).
"""

import collections
import http.client
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from tallyho_server import PATIENCE, RULESET, Server, find

SHIM = os.environ.get("TALLYHO_FAULT_SHIM")
FAULTS = {  # By call: what it is made to fail with.
    "pwrite": ("eio", "enospc", "eintr", "short", "kill", "killed"),
    "pread": ("eio", "eintr", "short", "kill"),
    "fdatasync": ("eio", "enospc", "eintr", "kill", "killed"),
    "sync_file_range": ("eio", "enospc", "eintr", "kill", "killed"),
    "fsync": ("eio", "enospc", "eintr", "kill", "killed"),
    "openat": ("eio", "eintr", "kill", "killed"),
    "renameat": ("eio", "enospc", "kill", "killed"),
    "flock": ("eio", "kill"),
    "unlinkat": ("eio", "kill", "killed"),
    "ftruncate": ("eio", "eintr", "kill", "killed"),
}
HARMLESS = ("eintr", "short")  # Not even noticed.
EVENTS = 12
CALLS_MAX = 100  # Of a life; of more, the first, the last, some between,
RARE = 10  # and all those of whose kind there are no more than so many: files that get their name, say.
LONG = 10 * PATIENCE  # For what waits for a disk that others use, too.


def environment(**variables):
    sanitizers = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    return dict(os.environ, LD_PRELOAD=SHIM, ASAN_OPTIONS=sanitizers, no_proxy="*", **variables)


def cases_of(calls):
    """Calls of a life, each with each of its faults: (number, call, fault)."""
    numbers = range(1, len(calls) + 1)
    if len(calls) > CALLS_MAX:
        step = len(calls) // 40
        counts = collections.Counter(calls)
        rare = [number for number in numbers if counts[calls[number - 1]] <= RARE]
        numbers = sorted({*numbers[:40], *numbers[::step], *numbers[-30:], *rare})
    return [(number, calls[number - 1], fault) for number in numbers for fault in FAULTS[calls[number - 1]]]


class Refused(Exception):
    """The server did not start, or ended."""


def send(server, event):
    """The answer; retried as long as the server asks for it. Refused: the server is gone."""
    end = time.monotonic() + LONG  # As the next segment may have to be made on a slow disk.
    while True:
        try:
            answer = server.post_event(event)[1]
        except TimeoutError:
            if time.monotonic() > end:
                raise
            continue  # The disk is busy, and the ack waits for it: sent again, the event is the same.
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Refused from error
        if answer["code"] not in ("overloaded", "unavailable") or time.monotonic() > end:
            return answer
        time.sleep(0.01)


class FaultTest(unittest.TestCase):
    """Tests whose servers are faulty; `arguments` are those of `serve`."""

    arguments = ()

    def setUp(self):
        if not SHIM:
            self.skipTest("TALLYHO_FAULT_SHIM names no shim")
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.ruleset = self.folder / "rules.yaml"  # Remembers every id of this test.
        self.ruleset.write_text(RULESET.read_text(encoding="utf-8") + "\ndedupe: {window: 24h, per_player: 65536}\n",
                                encoding="utf-8")

    def serve(self, data, **variables):
        return Server("--data", str(data), *self.arguments, ruleset=self.ruleset,
                      environment=environment(**variables) if variables else dict(os.environ, no_proxy="*"))

    def event(self, number, name):
        """The event of this number in a life."""
        return find(f"player-{number % 3}", 10 + number, id=name)

    def look(self, server, ledger):
        """Told the server that everything was sent to again."""

    def run_with(self, data, ledger, prefix, **variables):
        """A life: events are sent, and what they were answered goes to the ledger. What the server said, and whether it
        came to a good end."""
        try:
            server = self.serve(data, TALLYHO_FAULT_FOLDER=str(data), **variables)
        except RuntimeError as error:
            return str(error), False
        try:
            for i in range(EVENTS):
                event = self.event(i, f"{prefix}-{i}")
                ledger[event["id"]] = (event, None)
                answer = send(server, event)
                if answer["code"] in ("ok", "duplicate"):
                    ledger[event["id"]] = (event, answer["points"])
            server.ask_to_stop()
        except Refused:
            pass  # It has ended, or is about to.
        try:
            status = server.process.wait(LONG)
        finally:
            server.process.kill()  # Of no effect on one that has ended: the next case must not meet it.
        said = "".join(server.said) + server.process.stderr.read()  # Some of it before it could say that it listens.
        server.process.stderr.close()
        return said, status == 0

    def check_ledger(self, data, ledger):
        """The server starts, knows what was acked, and scores everything once."""
        server = self.serve(data)
        try:
            totals = collections.Counter()
            for event, points in ledger.values():
                answer = send(server, event)
                self.assertIn(answer["code"], ("ok", "duplicate"), event)
                self.assertEqual(answer["points"], event["value"], event)
                if points is not None:
                    self.assertEqual((answer["code"], answer["points"]), ("duplicate", points), event)
                totals[event["player"]] += event["value"]
            for player, total in totals.items():
                self.assertEqual(server.get("/v1/players/" + player)[1]["total"], total)
            self.look(server, ledger)
        finally:
            server.ask_to_stop()
            try:
                status = server.process.wait(LONG)
            finally:
                server.process.kill()  # Of no effect on one that has ended.
                server.process.stderr.close()
        self.assertEqual(status, 0)

    def calls_of(self, template, fresh):
        """What calls there are in a life without faults."""
        data, trace = self.copy(template, "counted"), self.folder / "trace"
        _, is_well = self.run_with(data, {}, fresh, TALLYHO_FAULT_TRACE=str(trace))
        self.assertTrue(is_well)
        calls = trace.read_text(encoding="ascii").split()
        trace.unlink()
        shutil.rmtree(data)
        return calls

    def copy(self, template, name):
        data = self.folder / name
        if template is not None:
            subprocess.run(["cp", "--recursive", "--sparse=always", template, data], check=True)
        return data

    def some_of(self, cases, default):
        """As many of the cases as are wanted, spread over all."""
        count = int(os.environ.get("TALLYHO_FAULT_CASES", default))
        return cases[:: max(1, len(cases) // count)] if count else cases

    def tell_progress(self, done, count):
        """On the long way."""
        if count >= 100 and done * 20 // count > (done - 1) * 20 // count:
            print(f"  {done:,} of {count:,} faults", file=sys.stderr, flush=True)

    def tell_outcomes(self, what, outcomes, possible):
        print(f"\n{sum(outcomes.values())} faults of {what} (of {possible}), after each of which what was acked was "
              "there once:")
        for (call, fault, outcome), count in sorted(outcomes.items()):
            print(f"  {call:<10} {fault:<7} {outcome:<8} {count:>5}", flush=True)
