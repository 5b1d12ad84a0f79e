"""A player who was forgotten is erased from the log and the ledger, and whoever computes the game again is told so."""

import fcntl
import json
import unittest

from tallyho_server import RULESET, find
from test_log_tools import DataDirectory, run

JSON = {"Content-Type": "application/json"}
MARK = "only-ada-sent-this"


class Erased(DataDirectory):
    def marks(self):
        """In how many places of the directory something that ada sent stands."""
        return sum(path.read_bytes().count(MARK.encode()) for path in self.data.iterdir() if path.is_file())

    def snapshot(self, server):
        server.post_event(find("zoe", 1))
        return run("snapshot", "--data", self.data)[0]

    def forget(self, server, player):
        status, _, body = server.request("DELETE", f"/v1/players/{player}", admin=True)
        self.assertEqual((status, json.loads(body)["forgotten"]), (200, True))

    def play(self, server):  # pylint: disable=arguments-differ
        for i in range(10):
            server.post_event(find("ada", i, id=f"{MARK}-{i}"))
            server.post_event(find("bob", i, id=f"b{i}"))
        body = json.dumps({"id": MARK, "points": 5, "reason": MARK})
        self.assertEqual(server.request("POST", "/v1/players/ada/adjust", body, JSON, admin=True)[0], 200)
        self.assertEqual(len(server.get("/v1/players/ada/ledger?limit=100")[1]["entries"]), 11)

    def erase(self):
        """A game in which ada was forgotten and erased; returns what it is."""
        server = self.start()
        self.play(server)
        self.forget(server, "ada")
        for _ in range(2):
            self.assertNotIn("erased", self.snapshot(server), "the one segment is being written")
        server.post_event(find("ada", 7, id="anew"))
        before = server.everything()
        self.assertEqual(server.stop(), 0)
        self.assertGreater(self.marks(), 0)
        server = self.start()
        said = "".join(server.said)
        self.assertIn("11 records of 1 players who were forgotten were erased from 1 segments", said)
        self.assertEqual(server.everything(), before)
        self.assertEqual(server.get("/v1/players/ada")[1]["total"], 7)
        self.assertEqual([entry["id"] for entry in server.get("/v1/players/ada/ledger")[1]["entries"]], ["anew"])
        self.assertEqual(len(server.get("/v1/players/bob/ledger")[1]["entries"]), 10)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.marks(), 0)
        return before

    def test_it_is_gone_from_every_file_and_the_game_goes_on(self):
        before = self.erase()
        server = self.start()
        self.assertNotIn("erased", "".join(server.said), "once is enough")
        self.assertEqual(server.everything(), before)
        self.assertEqual(server.post_event(find("bob", 3, id="b3"))[1]["code"], "duplicate")

    def test_whoever_reads_the_log_is_told(self):
        self.erase()
        verified = self.verified()
        self.assertEqual((verified["ok"], verified["erased"]), (True, 11))
        self.assertIn("11 of them erased", self.log("verify")[0])
        gone = [record for record in self.dumped() if record.get("erased")]
        self.assertEqual(len(gone), 11)
        self.assertEqual({record["kind"] for record in gone}, {"event", "operation"})
        for record in gone:
            self.assertEqual(set(record), {"position", "kind", "at", "erased"})
        operations = [record["operation"] for record in self.dumped() if "operation" in record]
        self.assertEqual(operations, [{"op": "forget", "player": "ada"}], "what says why stays")
        told = "10 events and 1 operation of players who were forgotten were erased"
        self.assertIn(told, run("replay", "--data", self.data)[0])
        report = json.loads(run("replay", "--data", self.data, "--json")[0])
        self.assertEqual(report["erased"], {"events": 10, "operations": 1})
        self.assertIn(told, run("explain", "--data", self.data, "--player", "bob")[1])

    def test_a_backup_knows_of_it(self):
        self.erase()
        copy = self.path / "copy"
        run("backup", "--data", self.data, "--to", copy)
        self.assertEqual((copy / "erased").read_bytes(), (self.data / "erased").read_bytes())
        self.assertNotIn(MARK.encode(), b"".join(path.read_bytes() for path in copy.iterdir() if path.is_file()))

    def test_nobody_begins_a_live_game_before_it(self):
        before = self.erase()
        for path in self.data.glob("ledger-*"):
            path.unlink()  # What is in it would take a replay from the first record on.
        server = self.start()
        self.assertIn("ledgers and outbox lack", "".join(server.said))
        self.assertEqual(server.everything(), before)
        self.assertEqual(server.stop(), 0)
        server = self.start("--shadow", str(RULESET))
        self.assertIn("there is no shadow", "".join(server.said))
        self.assertEqual(server.get("/v1/shadow", admin=True)[0], 404)
        self.assertEqual(server.everything(), before)
        self.assertEqual(server.stop(), 0)
        self.assertIn("every snapshot holds what 3 did", self.log("quarantine", "3", status=1)[1])

    def cut_ledger(self, keeps):
        """Takes away what the ledger has behind the last entry with this in it, as a power failure might."""
        path, = self.data.glob("ledger-*")
        content = path.read_bytes()
        end = content.rindex(keeps.encode())
        at = 64
        while at <= end:
            at += int.from_bytes(content[at:at + 4], "little")
        path.write_bytes(content[:at])

    def test_a_ledger_that_ended_before_is_completed_from_the_older_snapshot(self):
        before = self.erase()
        server = self.start()
        for i in range(3):
            server.post_event(find("bob", i, id=f"later{i}"))
            self.snapshot(server)
        server.post_event(find("bob", 9, id="last"))
        self.assertNotEqual(server.everything(), before)
        before, ledger = server.everything(), server.get("/v1/players/zoe/ledger?limit=100")[1]
        self.assertEqual(len(ledger["entries"]), 5)
        self.assertEqual(server.stop(), 0)
        self.cut_ledger("later2")  # The newest snapshot is of later, the older one not.
        server = self.start()
        self.assertEqual(server.get("/v1/players/zoe/ledger?limit=100")[1], ledger)
        self.assertEqual(server.everything(), before)

    def test_a_ledger_that_ended_before_somebody_was_forgotten_gives_nothing_back(self):
        server = self.start()
        server.post_event(find("bob", 1, id="first"))
        server.post_event(find("ada", 1, id=MARK))
        server.get("/v1/players/ada/ledger")
        self.assertEqual(server.stop(), 0)
        copy = {path: path.read_bytes() for path in self.data.glob("ledger-*")}
        server = self.start()
        self.forget(server, "ada")
        for _ in range(2):
            self.snapshot(server)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.start().stop(), 0)  # Erases it from the log.
        for path, content in copy.items():
            path.write_bytes(content)  # Nothing of all that had reached the disk.
        server = self.start()
        self.assertIn("ledgers and outbox lack", "".join(server.said))
        server.post_event(find("ada", 2, id="anew"))
        self.assertEqual([one["id"] for one in server.get("/v1/players/ada/ledger")[1]["entries"]], ["anew"])
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.start().stop(), 0)
        self.assertEqual(self.marks(), 0)

    def test_a_start_beside_somebody_who_makes_a_snapshot_begins_with_one(self):
        server = self.start()
        self.play(server)
        self.forget(server, "ada")
        for _ in range(2):
            self.snapshot(server)
        before = server.everything()
        self.assertEqual(server.stop(), 0)
        for path in self.data.glob("ledger-*"):
            path.unlink()
        with open(self.data / "snapshots.lock", "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            server = self.start()
            self.assertIn("ledgers and outbox lack", "".join(server.said))
            self.assertEqual(server.everything(), before)
            self.assertEqual(server.stop(), 0)
            self.assertIn("a snapshot or a backup is being made", self.log("quarantine", "3", status=1)[1])
        self.assertGreater(self.marks(), 0, "it was not alone, so it has erased nothing")

    def test_without_its_snapshots_it_says_what_is_missing(self):
        self.erase()
        for path in self.data.glob("*.snapshot"):
            path.unlink()
        server = self.start()
        self.assertIn("10 events and 1 operation of players who were forgotten are erased from the log",
                      "".join(server.said))
        self.assertEqual(server.get("/v1/players/bob")[1]["total"], 45)
        self.assertEqual(server.get("/v1/players/ada")[1]["total"], 7)


if __name__ == "__main__":
    unittest.main()
