"""Snapshots of a data directory: made beside the server and by hand, begun with, and done without if damaged."""

import json
import os
import pathlib
import random
import subprocess
import tempfile
import time
import unittest

from tallyho_server import PATIENCE, RULESET, TALLYHO, Server

LONG = 10 * PATIENCE  # Replaying and writing down, on a machine that has other things to do.
PLAYERS = [f"player-{i}" for i in range(20)]


def find(event_id, player, value=1):
    return {"type": "find", "id": event_id, "player": player, "value": value}


class SnapshotTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.data = pathlib.Path(self.folder.name) / "data"
        self.sent = 0

    def tearDown(self):
        self.folder.cleanup()

    def start(self, *arguments, ruleset=RULESET):
        server = Server("--data", str(self.data), *arguments, ruleset=ruleset)
        self.addCleanup(server.process.kill)  # Of no effect on one that was stopped.
        return server

    def send(self, server, count):
        """Events of random players, with ids that go on counting; all of them are acked."""
        source = random.Random(self.sent)
        events = [find(f"e{self.sent + i}", source.choice(PLAYERS), source.randrange(100)) for i in range(count)]
        self.sent += count
        _, _, body = server.post_events(events)
        for answer in json.loads(body):
            self.assertEqual(answer["code"], "ok")
        return events

    def kill(self, server):
        server.process.kill()
        server.process.wait(PATIENCE)
        server.process.stderr.close()

    def snapshot(self, *arguments, status=0):
        done = subprocess.run([TALLYHO, "snapshot", "--data", str(self.data), *arguments], capture_output=True,
                              text=True, timeout=LONG, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout + done.stderr

    def snapshots(self):
        return sorted(path.name for path in self.data.glob("*.snapshot"))

    def wait_for(self, what):
        deadline = time.monotonic() + LONG  # Somebody at a lower priority is at work.
        while not what():
            self.assertLess(time.monotonic(), deadline, "it did not come")
            time.sleep(0.05)


class Made(SnapshotTest):
    def test_beside_a_running_server_which_is_killed_and_goes_on_from_it(self):
        server = self.start("--snapshot-events", "300")
        for _ in range(10):
            self.send(server, 100)
            time.sleep(0.05)
        self.wait_for(lambda: server.metric('tallyho_snapshots_total{outcome="made"}') >= 1)
        self.assertEqual(server.metric('tallyho_snapshots_total{outcome="failed"}'), 0)
        self.assertGreaterEqual(server.metric("tallyho_snapshot_position"), 300)
        sent = self.send(server, 50)
        before = server.everything()
        self.kill(server)
        self.assertIn(len(self.snapshots()), (1, 2))

        server = self.start("--snapshot-events", "0")
        self.assertEqual(server.everything(), before)
        # Remembered ids are in the snapshot, or come from the records behind it.
        _, _, body = server.post_events(sent[-5:])
        self.assertEqual([answer["code"] for answer in json.loads(body)], ["duplicate"] * 5)
        self.assertEqual(server.metric('tallyho_snapshots_total{outcome="made"}'), 0)
        self.assertEqual(server.stop(), 0)

    def test_by_hand_of_a_stopped_directory_and_again_from_the_last_one(self):
        server = self.start()
        self.send(server, 100)
        before = server.everything()
        self.assertEqual(server.stop(), 0)
        self.assertIn("position 101, 20 players", self.snapshot())
        self.assertIn("nothing has come since", self.snapshot())
        self.assertEqual(self.snapshots(), [f"{101:020}.snapshot"])

        server = self.start()
        self.assertEqual(server.everything(), before)
        self.send(server, 100)
        self.assertIn("position 201", self.snapshot(), "beside the server")
        self.assertEqual(self.snapshots(), [f"{101:020}.snapshot", f"{201:020}.snapshot"])
        self.send(server, 100)
        self.assertEqual(server.stop(), 0)
        self.snapshot()
        self.assertEqual(self.snapshots(), [f"{201:020}.snapshot", f"{301:020}.snapshot"], "two are kept")

    def test_under_load_until_the_server_is_killed_loses_and_repeats_nothing(self):
        totals = dict.fromkeys(PLAYERS, 0)
        for _ in range(int(os.environ.get("TALLYHO_KILLS", "5"))):
            server = self.start("--snapshot-events", "50")
            for _ in range(5):
                for event in self.send(server, 40):
                    totals[event["player"]] += event["value"]
            self.kill(server)
        server = self.start("--snapshot-events", "50")
        self.wait_for(self.snapshots)
        for player, total in totals.items():
            self.assertEqual(server.get("/v1/players/" + player)[1]["total"], total)
        self.assertEqual(server.stop(), 0)

    def test_what_two_snapshots_hold_is_let_go_of_beyond_the_bytes_that_are_kept(self):
        server = self.start("--snapshot-events", "3000", "--retain-bytes", "1")
        event = {"type": "find", "player": "filler", "value": 1, "more": "x" * 15_000}
        batch, sent = "\n".join([json.dumps(event)] * 60), 0
        first = self.data / f"{1:020}.log"
        deadline = time.monotonic() + 4 * LONG
        while first.exists():  # Of 64 MiB, so some 4,300 events: gone once there are two snapshots behind it.
            self.assertLess(time.monotonic(), deadline, "it was not let go of")
            if sent < 20_000:
                _, _, body = server.post_events(batch, "application/x-ndjson")
                sent += sum(json.loads(answer)["code"] == "ok" for answer in body.splitlines())
            else:
                time.sleep(0.1)
        self.assertEqual(server.get("/v1/players/filler")[1]["total"], sent)
        self.kill(server)
        server = self.start("--snapshot-events", "0")
        self.assertEqual(server.get("/v1/players/filler")[1]["total"], sent)
        self.assertEqual(server.stop(), 0)

    def test_what_two_snapshots_hold_is_let_go_of_once_it_is_older_than_what_is_kept(self):
        server = self.start("--snapshot-events", "0")
        event = {"type": "find", "player": "filler", "value": 1, "more": "x" * 15_000}
        batch, sent = "\n".join([json.dumps(event)] * 60), 0
        first, deadline = self.data / f"{1:020}.log", time.monotonic() + 4 * LONG
        while len(list(self.data.glob("*.log"))) < 2:
            self.assertLess(time.monotonic(), deadline, "there is no second segment")
            _, _, body = server.post_events(batch, "application/x-ndjson")
            sent += sum(json.loads(answer)["code"] == "ok" for answer in body.splitlines())
        for _ in range(3):  # Beside the server: the third one could let go of it.
            self.send(server, 1)
            self.assertNotIn("let go", self.snapshot("--retain-age", "720h"))
        self.assertTrue(first.exists())
        self.assertEqual(server.stop(), 0)

        server = self.start("--snapshot-events", "10", "--retain-age", "1s")
        deadline = time.monotonic() + LONG
        while first.exists():
            self.assertLess(time.monotonic(), deadline, "it was not let go of")
            self.send(server, 20)
            time.sleep(0.1)
        self.assertEqual(len(list(self.data.glob("*.log"))), 1, "the one at hand stays")
        before = server.everything()
        self.kill(server)
        server = self.start("--snapshot-events", "0")
        self.assertEqual(server.everything(), before)
        self.assertEqual(server.get("/v1/players/filler")[1]["total"], sent)
        self.assertEqual(server.stop(), 0)

    def test_of_what_is_no_log_fails_and_says_why(self):
        self.assertIn("No such file or directory", self.snapshot(status=1))
        self.data.mkdir()
        self.assertIn("there is no log", self.snapshot(status=1))


class Damaged(SnapshotTest):
    def setUp(self):
        super().setUp()
        server = self.start()
        for _ in range(2):
            self.send(server, 100)
            self.snapshot()
        self.send(server, 10)
        self.before = server.everything()
        self.assertEqual(server.stop(), 0)

    def spoil(self, name):
        path = self.data / name
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)

    def test_ones_are_done_without_and_the_server_says_so(self):
        older, newer = self.snapshots()
        self.spoil(newer)
        server = self.start()
        self.assertIn(f"snapshot {newer} cannot be used", "".join(server.said))
        self.assertEqual(server.everything(), self.before)
        self.assertEqual(server.stop(), 0)
        self.spoil(older)
        server = self.start()
        self.assertIn(f"snapshot {older} cannot be used", "".join(server.said))
        self.assertEqual(server.everything(), self.before)
        self.assertEqual(server.stop(), 0)

    def test_ones_are_replaced_by_the_next(self):
        older, newer = self.snapshots()
        self.spoil(newer)
        self.assertIn(f"snapshot {newer} cannot be used", self.snapshot())
        self.assertEqual(self.snapshots(), [older, f"{211:020}.snapshot"])

    def refused(self):
        command = [TALLYHO, "serve", "--ruleset", str(RULESET), "--dev", "--data", str(self.data), "--listen",
                   "127.0.0.1:0", "--admin", "127.0.0.1:0"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONG, check=False)
        self.assertEqual(done.returncode, 1)
        return done.stderr

    def test_a_log_that_ends_before_a_snapshot_has_lost_what_was_acked(self):
        segment = next(self.data.glob("*.log"))
        content = bytearray(segment.read_bytes())
        begins = 4096  # The first frame, with the ruleset, stays.
        size = int.from_bytes(content[begins + 4:begins + 8], "little")
        ends = begins + (40 + size + 511) // 512 * 512
        content[ends:] = bytes(len(content) - ends)
        segment.write_bytes(content)
        self.assertIn("a snapshot holds everything up to", self.refused())

    def test_snapshots_without_their_log_are_refused(self):
        for segment in self.data.glob("*.log"):
            segment.unlink()
        self.assertIn("but no log", self.refused())


if __name__ == "__main__":
    unittest.main()
