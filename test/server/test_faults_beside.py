"""System calls fail on the path of what is beside the log: snapshots, the outbox, and erasing who was forgotten.

As in test_faults.py, a case is a call and a fault in one life; then a server without faults starts on the same
directory, and every event is sent to it again. TALLYHO_FAULT_CASES says how many cases each test tries (10, spread over
all of them; 0: all).
"""

import base64
import collections
import shutil
import subprocess
import unittest

from faulty_lives import HARMLESS, LONG, FaultTest, cases_of, environment
from tallyho_server import TALLYHO, find
from webhook_receiver import Receiver


class Snapshots(FaultTest):
    """`tallyho snapshot`, as the server starts it: a game goes on from what it leaves, however it ends."""

    def snapshot(self, data, **variables):
        faulty = environment(TALLYHO_FAULT_FOLDER=str(data), **variables) if variables else None
        return subprocess.run([TALLYHO, "snapshot", "--data", str(data)], env=faulty, capture_output=True, text=True,
                              timeout=LONG, check=False)

    def look(self, server, ledger):
        self.assertNotIn("cannot be used", "".join(server.said), "what has a snapshot's name is whole")

    def test_a_failing_call_of_a_snapshot_loses_nothing(self):
        template, ledger = self.folder / "template", {}
        for life in range(3):  # With two snapshots, of which the next one lets one go.
            self.assertTrue(self.run_with(template, ledger, f"life-{life}")[1])
            if life < 2:
                self.assertEqual(self.snapshot(template).returncode, 0)
        counted, trace = self.copy(template, "counted"), self.folder / "trace"
        self.assertEqual(self.snapshot(counted, TALLYHO_FAULT_TRACE=str(trace)).returncode, 0)
        possible = cases_of(trace.read_text(encoding="ascii").split())
        self.assertLessEqual({"openat", "pread", "pwrite", "fdatasync", "renameat", "fsync", "unlinkat"},
                             {call for _, call, _ in possible})
        cases = self.some_of(possible, "10")
        outcomes = collections.Counter()
        for case, (number, call, fault) in enumerate(cases):
            with self.subTest(call=f"{number} ({call})", fault=fault):
                data = self.copy(template, f"data-{case}")
                made = self.snapshot(data, TALLYHO_FAULT=f"{fault}:{number}")
                if fault in HARMLESS:
                    self.assertEqual(made.returncode, 0, made.stderr)
                if made.returncode > 0:
                    self.assertIn("tallyho snapshot: ", made.stderr)
                outcomes[call, fault, "went on" if made.returncode == 0 else "ended"] += 1
                self.assertGreaterEqual(len(list(data.glob("*.snapshot"))), 2)
                self.check_ledger(data, ledger)
                again = self.snapshot(data)
                self.assertEqual(again.returncode, 0, again.stderr)
            shutil.rmtree(self.folder / f"data-{case}", ignore_errors=True)
            self.tell_progress(case + 1, len(cases))
        self.tell_outcomes("a snapshot's path", outcomes, len(possible))


class Outbox(FaultTest):
    """A server with an outbox: its spool and its cursor are files beside the log. Every event has a notice, and each is
    heard at least once, under one name."""

    def setUp(self):
        super().setUp()
        self.key = self.folder / "key"
        self.key.write_text("whsec_" + base64.b64encode(b"a key for faults of the outbox").decode(), encoding="ascii")

    def event(self, number, name):
        return find(f"player-{number % 3}", 10, id=name)  # Ten points are told.

    def open_receiver(self):
        self.receiver = Receiver()
        self.arguments = ("--outbox-url", self.receiver.url + "/hook", "--outbox-key", str(self.key))

    def heard(self):
        """By event: what its notices are called. In this case, and in the life that it goes on from."""
        heard = collections.defaultdict(set)
        for request in self.taken_before + self.receiver.taken:
            for message in request.json()["messages"]:
                heard[message["event"]].add(message["id"])
        return heard

    def look(self, server, ledger):
        self.receiver.wait(lambda: self.heard().keys() >= ledger.keys(), "every notice")
        for event, names in self.heard().items():
            self.assertEqual(len(names), 1, event)

    def test_after_a_failing_call_every_message_is_heard(self):
        self.open_receiver()
        template, before = self.folder / "template", {}
        self.assertTrue(self.run_with(template, before, "before")[1])
        self.receiver.vanish()
        heard_before = list(self.receiver.taken)  # The rest is for the next life.
        possible = []
        for name, begun, ledger in (("new", None, {}), ("going on", template, before)):
            self.open_receiver()
            possible += [(name, begun, ledger, *case) for case in cases_of(self.calls_of(begun, "life"))]
            self.receiver.vanish()
        cases = self.some_of(possible, "10")
        outcomes = collections.Counter()
        for case, (name, begun, ledger, number, call, fault) in enumerate(cases):
            with self.subTest(scenario=name, call=f"{number} ({call})", fault=fault):
                self.open_receiver()
                try:
                    data, life = self.copy(begun, f"data-{case}"), dict(ledger)
                    said, is_well = self.run_with(data, life, "life", TALLYHO_FAULT=f"{fault}:{number}")
                    if fault in HARMLESS:
                        self.assertTrue(is_well, said)
                    outcome = "ended" if not is_well else "not met" if fault.startswith("kill") else "went on"
                    outcomes[call, fault, outcome] += 1
                    self.taken_before = heard_before if begun else []
                    self.check_ledger(data, life)
                finally:
                    self.receiver.vanish()
            shutil.rmtree(self.folder / f"data-{case}", ignore_errors=True)
            self.tell_progress(case + 1, len(cases))
        self.tell_outcomes("the outbox's path", outcomes, len(possible))


class Erasing(FaultTest):
    """A server that erases the records of a forgotten player when it starts: they go, whatever befalls it, and no other
    does."""

    mark = "only-who-is-gone-sent-this"

    def snapshot(self, data):
        subprocess.run([TALLYHO, "snapshot", "--data", str(data)], capture_output=True, check=True, timeout=LONG)

    def marks(self, data):
        return sum(path.read_bytes().count(self.mark.encode()) for path in data.iterdir() if path.is_file())

    def forget(self, data):
        """In a life of its own."""
        server = self.serve(data)
        for i in range(3):
            self.assertEqual(server.post_event(find("gone", 1, id=f"{self.mark}-{i}"))[1]["code"], "ok")
        self.assertEqual(server.request("DELETE", "/v1/players/gone", admin=True)[0], 200)
        self.assertEqual(server.stop(), 0)

    def look(self, server, ledger):
        self.assertEqual(self.marks(self.data), 0, "".join(server.said))
        self.assertEqual(server.get("/v1/players/gone")[0], 404)

    def test_a_failing_call_erases_nobody_else(self):
        template, ledger = self.folder / "template", {}
        self.forget(template)
        for life in range(2):
            self.assertTrue(self.run_with(template, ledger, f"before-{life}")[1])
            self.snapshot(template)
        self.assertGreater(self.marks(template), 0, "what is to be erased is there")
        calls = self.calls_of(template, "life")
        self.assertGreater(calls.count("renameat"), 0, "a segment is put in place")
        cases = self.some_of(cases_of(calls), "10")
        outcomes = collections.Counter()
        for case, (number, call, fault) in enumerate(cases):
            with self.subTest(call=f"{number} ({call})", fault=fault):
                self.data, life = self.copy(template, f"data-{case}"), dict(ledger)
                said, is_well = self.run_with(self.data, life, "life", TALLYHO_FAULT=f"{fault}:{number}")
                if fault in HARMLESS:
                    self.assertTrue(is_well, said)
                outcome = "ended" if not is_well else "not met" if fault.startswith("kill") else "went on"
                outcomes[call, fault, outcome] += 1
                self.check_ledger(self.data, life)
            shutil.rmtree(self.folder / f"data-{case}", ignore_errors=True)
            self.tell_progress(case + 1, len(cases))
        self.tell_outcomes("erasing's path", outcomes, len(cases_of(calls)))


if __name__ == "__main__":
    unittest.main()
