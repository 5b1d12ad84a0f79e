"""System calls of the log's path fail, one in each life of a server: what was acked is scored exactly once.

A case is a scenario, a call and a fault: the server runs with fault_shim.c, which makes that call fail so, while a
client sends events and keeps a ledger of what it was told. Then a server without faults starts on the same directory.
It must start; every event is sent to it again; and then each must have been scored exactly once, with the points that
its first ack said.

TALLYHO_FAULT_CASES says how many cases are tried (24, spread over all of them; 0: all, as `./dev faults` has it).
TALLYHO_FAULT_SHIM names the built shim.
"""

import collections
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

from tallyho_server import PATIENCE, RULESET, Server, find

CASES = int(os.environ.get("TALLYHO_FAULT_CASES", "24"))
SHIM = os.environ.get("TALLYHO_FAULT_SHIM")
FAULTS = {  # By call: what it is made to fail with.
    "pwrite": ("eio", "enospc", "eintr", "short", "kill", "killed"),
    "pread": ("eio", "eintr", "short", "kill"),
    "fdatasync": ("eio", "enospc", "eintr", "kill", "killed"),
    "fsync": ("eio", "enospc", "eintr", "kill", "killed"),
    "openat": ("eio", "eintr", "kill", "killed"),
    "renameat": ("eio", "enospc", "kill", "killed"),
    "flock": ("eio", "kill"),
    "unlinkat": ("eio", "kill", "killed"),
    "ftruncate": ("eio", "eintr", "kill", "killed"),
}
HARMLESS = ("eintr", "short")  # Not even noticed.
EVENTS = 12
CALLS_MAX = 100  # Of a scenario; of more, the first, the last, and some between.
MIB = 1 << 20
LONG = 10 * PATIENCE  # For what waits for a disk that others use, too.


def environment(**variables):
    sanitizers = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    return dict(os.environ, LD_PRELOAD=SHIM, ASAN_OPTIONS=sanitizers, **variables)


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


class Faults(unittest.TestCase):
    def setUp(self):
        if not SHIM:
            self.skipTest("TALLYHO_FAULT_SHIM names no shim")
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.ruleset = self.folder / "rules.yaml"  # Remembers every id of this test.
        self.ruleset.write_text(RULESET.read_text(encoding="utf-8") + "\ndedupe: {per_player: 65536}\n",
                                encoding="utf-8")

    def serve(self, data, **variables):
        return Server("--data", str(data), ruleset=self.ruleset,
                      environment=environment(**variables) if variables else None)

    def run_with(self, data, ledger, prefix, **variables):
        """A life: events are sent, and what they were answered goes to the ledger. What the server said, and whether it
        came to a good end."""
        try:
            server = self.serve(data, TALLYHO_FAULT_FOLDER=str(data), **variables)
        except RuntimeError as error:
            return str(error), False
        try:
            for i in range(EVENTS):
                event = find(f"player-{i % 3}", 10 + i, id=f"{prefix}-{i}")
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
        said = server.process.stderr.read()
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
            calls = self.calls_of(template, "life")
            numbers = range(1, len(calls) + 1)
            if len(calls) > CALLS_MAX:
                step = len(calls) // 40
                numbers = sorted({*numbers[:40], *numbers[::step], *numbers[-30:]})
            cases += [(name, template, ledger, number, calls[number - 1], fault)
                      for number in numbers for fault in FAULTS[calls[number - 1]]]
        if CASES:
            cases = cases[:: max(1, len(cases) // CASES)]
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
        print(f"\n{len(cases)} faults:")
        for (call, fault, outcome), count in sorted(outcomes.items()):
            print(f"  {call:<10} {fault:<7} {outcome:<8} {count:>5}")

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
            while server.post_event(event)[1]["code"] == "ok":
                pass  # What still fits in.
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
