"""Backups of a data directory: taken while its server is under load, and begun with."""

import json
import pathlib
import re
import subprocess
import tempfile
import threading
import unittest

from tallyho_server import PATIENCE, TALLYHO, Server

LONG = 10 * PATIENCE  # Copying and replaying, on a machine that has other things to do.


def run(*arguments, status=0):
    done = subprocess.run([TALLYHO, *arguments], capture_output=True, text=True, timeout=LONG, check=False)
    if done.returncode != status:
        raise AssertionError(f"{arguments}: status {done.returncode}: {done.stderr}")
    return done.stdout + done.stderr


class Load:
    """Sends batches without pause, until it is told to stop."""

    def __init__(self, server):
        self.server, self.sent, self.is_stopping = server, 0, False
        self.problem = None
        self.has_begun = threading.Event()
        self.thread = threading.Thread(target=self.send)

    def send(self):
        try:
            while not self.is_stopping:
                events = [{"type": "find", "id": f"e{self.sent + i}", "player": f"player-{i % 17}", "value": i}
                          for i in range(50)]
                _, _, body = self.server.post_events(events)
                if any(answer["code"] != "ok" for answer in json.loads(body)):
                    raise AssertionError(body)
                self.sent += len(events)
                self.has_begun.set()
        except Exception as problem:  # pylint: disable=broad-except
            self.problem = problem
            self.has_begun.set()

    def __enter__(self):
        self.thread.start()
        self.has_begun.wait(LONG)
        return self

    def __exit__(self, *_):
        self.is_stopping = True
        self.thread.join(LONG)


class Backup(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.data, self.copy = str(self.folder / "data"), str(self.folder / "copy")

    def start(self, data, *arguments, **options):
        server = Server("--data", data, *arguments, **options)
        self.addCleanup(server.process.kill)  # Of no effect on one that was stopped.
        return server

    def test_under_load_holds_what_a_recomputation_up_to_its_position_comes_to(self):
        server = self.start(self.data, "--snapshot-events", "0")
        with Load(server) as load:
            run("snapshot", "--data", self.data)
            said = run("backup", "--data", self.data, "--to", self.copy)
            sent_by_then = load.sent
        self.assertIsNone(load.problem)
        self.assertEqual(server.stop(), 0)
        position = int(re.search(r"position (\d+)", said)[1])
        self.assertIn("1 snapshots", said)
        self.assertGreater(position, 1)
        self.assertLessEqual(position, sent_by_then + 50 + 1, "and no more than was sent, and the ruleset's record")

        # A recomputation of the game that went on, up to there.
        expected = self.folder / "expected.json"
        hash_then = run("replay", "--data", self.data, "--until", str(position), "--boards", str(expected), "--hash")
        found = self.folder / "found.json"
        hash_now = run("replay", "--data", self.copy, "--boards", str(found), "--hash")
        self.assertEqual(json.loads(found.read_text()), json.loads(expected.read_text()))
        state_hash = re.compile(r"state hash (\w+)")
        self.assertEqual(state_hash.search(hash_now)[1], state_hash.search(hash_then)[1])

        # A server begins with it, and goes on.
        restored = self.start(self.copy, ruleset=None)
        page = restored.get("/v1/boards/global?limit=100")[1]["members"]
        self.assertEqual([(one["rank"], one["member"], one["value"]) for one in page],
                         [(one["rank"], one["member"], one["value"])
                          for one in json.loads(expected.read_text())["global"]])
        last = position - 2  # Of its events, which are behind the ruleset's record and count from 0.
        answer = restored.post_event({"type": "find", "id": f"e{last}", "player": f"player-{last % 50 % 17}",
                                      "value": 0})[1]
        self.assertEqual(answer["code"], "duplicate", "ids are remembered")
        self.assertEqual(restored.post_event({"type": "find", "player": "player-0", "value": 1})[1]["code"], "ok")
        self.assertEqual(restored.stop(), 0)

    def test_goes_into_an_empty_directory_only(self):
        server = self.start(self.data)
        server.post_event({"type": "find", "player": "ada", "value": 1})
        self.assertEqual(server.stop(), 0)
        run("backup", "--data", self.data, "--to", self.copy)
        self.assertIn("not empty", run("backup", "--data", self.data, "--to", self.copy, status=1))
        self.assertIn("No such file", run("backup", "--data", str(self.folder / "none"), "--to", self.copy, status=1))

    def test_that_did_not_come_to_its_end_is_refused(self):
        server = self.start(self.data)
        server.post_event({"type": "find", "player": "ada", "value": 1})
        self.assertEqual(server.stop(), 0)
        run("backup", "--data", self.data, "--to", self.copy)
        (pathlib.Path(self.copy) / "unfinished-backup").touch()
        with self.assertRaisesRegex(RuntimeError, "a backup that did not come to its end"):
            Server("--data", self.copy)


if __name__ == "__main__":
    unittest.main()
