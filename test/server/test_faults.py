"""System calls of the log's path fail, one in each life of a server: what was acked is scored exactly once.

A case is a scenario, a call and a fault: the server runs with fault_shim.c, which makes that call fail so, while a
client sends events and keeps a ledger of what it was told. Then a server without faults starts on the same directory.
It must start; every event is sent to it again; and then each must have been scored exactly once, with the points that
its first ack said.

TALLYHO_FAULT_CASES says how many cases are tried (24, spread over all of them; 0: all, as `./dev faults` has it). What
else is beside the log, is in test_faults_beside.py.
"""

import collections
import json
import os
import shutil
import subprocess
import time
import unittest

from faulty_lives import HARMLESS, LONG, FaultTest, cases_of, send
from tallyho_server import PATIENCE, find

CASES = int(os.environ.get("TALLYHO_FAULT_CASES", "24"))
MIB = 1 << 20


class Faults(FaultTest):
    def scenarios(self):
        """Name, directory to begin with and its ledger: a log that begins; one that goes on; one whose segment ends."""
        yield "new", None, {}
        going_on, ledger = self.folder / "going-on", {}
        self.assertTrue(self.run_with(going_on, ledger, "before")[1])
        yield "going on", going_on, ledger
        if 0 < CASES < 100:
            return  # It takes a while to fill a segment.
        ending, ledger = self.folder / "ending", dict(ledger)
        shutil.copytree(going_on, ending)
        self.fill(ending)
        yield "ending", ending, ledger

    def fill(self, data):
        """Leaves less of the segment than a life needs."""
        server = self.serve(data)
        line = json.dumps(find("filler", 1, more="x" * 15_000))
        segment, = data.glob("*.log")
        try:
            left = 64 * MIB
            while left > 4096:  # Twelve events, acked one by one, take twelve sectors.
                count = min((left - 2048) // (len(line) + 1024), 60)
                server.post_events("\n".join([line] * count if count else [json.dumps(find("filler", 1))]),
                                   "application/x-ndjson")
                left = 64 * MIB - len(segment.read_bytes().rstrip(b"\0"))
        finally:
            self.assertEqual(server.stop(), 0)

    def test_one_failing_call_loses_nothing(self):
        cases = []
        for name, template, ledger in self.scenarios():
            cases += [(name, template, ledger, *case) for case in cases_of(self.calls_of(template, "life"))]
        possible, cases = len(cases), self.some_of(cases, "24")
        outcomes = collections.Counter()
        for case, (name, template, ledger, number, call, fault) in enumerate(cases):
            with self.subTest(scenario=name, call=f"{number} ({call})", fault=fault):
                # A directory of its own: should this case fail, the next one finds nothing of it.
                data, life = self.copy(template, f"data-{case}"), dict(ledger)
                said, is_well = self.run_with(data, life, "life", TALLYHO_FAULT=f"{fault}:{number}")
                if fault in HARMLESS:
                    self.assertTrue(is_well, said)
                if not is_well and not fault.startswith("kill"):
                    self.assertIn("tallyho serve: ", said)
                outcome = "ended" if not is_well else "not met" if fault.startswith("kill") else "went on"
                outcomes[call, fault, outcome] += 1
                self.check_ledger(data, life)
            shutil.rmtree(self.folder / f"data-{case}", ignore_errors=True)
            self.tell_progress(case + 1, len(cases))
        self.tell_outcomes("the log's path", outcomes, possible)

    def test_a_full_disk_refuses_events_and_the_server_goes_on_when_there_is_room(self):
        data = self.folder / "small"
        data.mkdir()
        # Room for one segment of 64 MiB, and not for the next.
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100m", "tallyho-test", data],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("only root may mount a small disk")
        self.addCleanup(subprocess.run, ["umount", data], check=True)
        server = self.serve(data)
        event = find("filler", 1, more="x" * 15_000)
        batch = "\n".join([json.dumps(event)] * 60)
        try:
            codes = collections.Counter()
            end = time.monotonic() + 10 * PATIENCE
            while codes["unavailable"] == 0 and time.monotonic() < end:
                _, _, body = server.post_events(batch, "application/x-ndjson")
                codes.update(json.loads(answer)["code"] for answer in body.splitlines())
            self.assertGreater(codes["unavailable"], 0)
            total = server.get("/v1/players/filler")[1]["total"]
            self.assertEqual(total, codes["ok"])
            small = find("ada", 7, id="after")
            while (answer := server.post_event(event))[1]["code"] == "ok":
                pass  # What still fits in.
            self.assertEqual((answer[0], answer[1]["code"]), (503, "unavailable"))
            self.assertEqual(server.get("/healthz")[0], 200)
            subprocess.run(["mount", "-o", "remount,size=300m", data], check=True)
            self.assertEqual(send(server, small)["code"], "ok")
            end = time.monotonic() + PATIENCE
            while server.get("/readyz")[0] != 200 and time.monotonic() < end:
                time.sleep(0.2)  # It was not ready for events, and says so some seconds on.
            self.assertEqual(server.get("/readyz")[0], 200)
            total = server.get("/v1/players/filler")[1]["total"]
            self.assertEqual(server.stop(), 0)
            server = self.serve(data)
            self.assertEqual(server.post_event(small)[1]["code"], "duplicate")
            self.assertEqual(server.get("/v1/players/filler")[1]["total"], total)
        finally:
            self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
