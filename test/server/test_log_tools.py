"""What `tallyho log` and `tallyho replay` make of a server's data directory, beside it and after it."""

import json
import pathlib
import subprocess
import tempfile
import unittest

from tallyho_server import PATIENCE, RULESET, TALLYHO, Server, find

HEADER, SECTOR = 4096, 512


def run(*arguments, status=0):
    """Runs the program; returns what it printed, and what it said on standard error."""
    done = subprocess.run([TALLYHO, *map(str, arguments)], capture_output=True, text=True, timeout=4 * PATIENCE,
                          check=False)
    if done.returncode != status:
        raise AssertionError(f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout, done.stderr


class DataDirectory(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)
        self.data = self.path / "data"

    def start(self, *arguments, ruleset=RULESET):
        server = Server("--data", str(self.data), *arguments, ruleset=ruleset)
        self.addCleanup(server.stop)
        return server

    def log(self, what, *arguments, status=0):
        return run("log", what, "--data", self.data, *arguments, status=status)

    def verified(self, status=0):
        return json.loads(self.log("verify", "--json", status=status)[0])

    def dumped(self, *arguments):
        return [json.loads(line) for line in self.log("dump", *arguments)[0].splitlines()]

    def play(self, server, count, code="ok"):
        for i in range(count):
            answer = server.post_event(find(f"player-{i % 7}", i % 50, id=f"e{i}"))[1]
            self.assertEqual(answer["code"], code)

    def flip(self, offset):
        segment = next(self.data.glob("*.log"))
        with open(segment, "r+b") as file:
            file.seek(offset)
            byte = file.read(1)
            file.seek(offset)
            file.write(bytes([byte[0] ^ 1]))
        return segment.name


class LogTools(DataDirectory):
    def test_a_running_server_log_can_be_read_and_dumped(self):
        server = self.start()
        self.play(server, 30)
        server.request("POST", "/v1/players/player-1/adjust", json.dumps({"id": "a1", "points": -5}),
                       {"Content-Type": "application/json"}, admin=True)
        found = self.verified()
        self.assertEqual((found["ok"], found["first"], found["last"], found["faults"]), (True, 1, 32, []))
        self.assertEqual(found["log"], server.get("/v1/boards/global")[1]["log"])
        records = self.dumped()
        self.assertEqual([record["position"] for record in records], list(range(1, 33)))
        self.assertEqual(records[0]["kind"], "ruleset")
        self.assertEqual(records[0]["text"], RULESET.read_text(encoding="utf-8"))
        self.assertEqual(records[3]["event"], find("player-2", 2, id="e2"))
        self.assertEqual(records[31]["operation"], {"op": "adjust", "player": "player-1", "id": "a1", "points": -5})
        self.assertEqual([record["position"] for record in self.dumped("--from", 5, "--to", 7)], [5, 6, 7])

    def test_an_event_over_several_lines_is_dumped_on_one(self):
        server = self.start()
        server.post_events('{"type": "find",\r\n "player": "ada",\n "value": 5}')
        self.assertEqual(self.dumped()[1]["event"], find("ada"))

    def test_no_log_and_no_directory_are_said(self):
        self.data.mkdir()
        for verb in ("verify", "dump"):
            self.assertIn("there is no log", self.log(verb, status=1)[1])
        self.assertIn("No such file", run("log", "verify", "--data", self.path / "nowhere", status=1)[1])
        self.assertFalse((self.path / "nowhere").exists())
        run("log", "verify", status=2)

    def test_damage_is_found_and_salvaged(self):
        server = self.start()
        self.play(server, 20)
        self.assertEqual(server.stop(), 0)
        before = {record["position"]: record for record in self.dumped()}
        # The frame of some position in the middle: the log is one event a frame.
        segment = next(self.data.glob("*.log"))
        text = segment.read_bytes()
        at = text.index(b'"e9"') // SECTOR * SECTOR
        while text[at + 20] not in (1, 2, 3) or text[at:at + 4] == bytes(4):
            at -= SECTOR
        name = self.flip(at + 60)
        found = self.verified(status=1)
        fault = found["faults"][0]
        self.assertEqual((fault["segment"], fault["offset"]), (name, at))
        lost = fault["position"]
        self.assertIn(name, self.log("verify", status=1)[0])
        printed, said = self.log("dump", status=1)
        positions = [json.loads(line)["position"] for line in printed.splitlines()]
        self.assertNotIn(lost, positions)
        self.assertEqual(positions[-1], 21)
        self.assertIn(name, said)

        refusal = run("serve", "--ruleset", RULESET, "--dev", "--data", self.data, status=1)[1]
        self.assertIn("tallyho log salvage", refusal)
        self.assertIn("--accept-loss", self.log("salvage", status=1)[1])
        self.assertEqual(self.verified(status=1), found, "nothing was changed")
        done = json.loads(self.log("salvage", "--accept-loss", "--json")[0])
        self.assertEqual((done["kept_through"], done["lost"]), (lost - 1, {"from": lost, "to": 21}))
        self.assertEqual(done["kept_aside"], [name + ".damaged"])
        self.assertEqual((self.data / (name + ".damaged")).stat().st_size, len(text))
        self.assertTrue(self.verified()["ok"])
        self.assertEqual({record["position"]: record for record in self.dumped()},
                         {position: record for position, record in before.items() if position < lost})
        server = self.start()
        answer = server.post_event(find("player-1", 3))[1]
        self.assertEqual((answer["code"], answer["position"]), ("ok", lost))
        self.assertIn("nothing was changed", self.log_salvage_after(server))

    def test_a_snapshot_of_what_is_lost_is_set_aside(self):
        server = self.start()
        self.play(server, 20)
        self.assertEqual(server.stop(), 0)
        run("snapshot", "--data", self.data)
        self.flip(next(self.data.glob("*.log")).read_bytes().index(b'"e9"') + 1)
        done = json.loads(self.log("salvage", "--accept-loss", "--json")[0])
        self.assertIn("00000000000000000021.snapshot.outdated", done["kept_aside"])
        server = self.start()
        self.assertEqual(server.get("/v1/boards/global")[1]["version"], done["kept_through"])

    def log_salvage_after(self, server):
        self.assertIn("has it open", self.log("salvage", "--accept-loss", status=1)[1])
        self.assertEqual(server.stop(), 0)
        return self.log("salvage", "--accept-loss")[0]


class Quarantine(DataDirectory):
    def test_a_record_in_quarantine_never_happened_for_any_replay(self):
        server = self.start()
        self.play(server, 10)
        self.assertIn("has it open", self.log("quarantine", 5, status=1)[1])
        self.assertEqual(server.stop(), 0)
        before = run("replay", "--data", self.data, "--hash", "--until", 4)[0].split()[-1]
        self.assertIn("no position 99", self.log("quarantine", 99, status=1)[1])
        self.assertIn("is a ruleset", self.log("quarantine", 1, status=1)[1])
        printed = self.log("quarantine", 5, "--reason", "it ends the server")[0]
        self.assertIn('"id": "e3"', printed)
        self.log("quarantine", 5)
        self.assertEqual(len((self.data / "quarantine").read_text(encoding="utf-8").splitlines()), 1, "once is enough")
        self.assertEqual([one["position"] for one in self.dumped() if one.get("quarantined")], [5])
        after = run("replay", "--data", self.data, "--hash", "--until", 5)[0].split()[-1]
        self.assertEqual(after, before)
        server = self.start()
        self.assertEqual(server.get("/v1/players/player-3")[1]["code"], "not_found")
        self.assertEqual(server.get("/v1/players/player-4")[1]["total"], 4)
        self.assertEqual(server.get("/v1/players/player-0/ledger")[1]["entries"][0]["position"], 9)
        # Its id is not remembered either.
        self.assertEqual(server.post_event(find("player-3", 3, id="e3"))[1]["code"], "ok")

    def test_a_snapshot_that_holds_it_is_set_aside(self):
        server = self.start()
        self.play(server, 10)
        self.assertEqual(server.stop(), 0)
        run("snapshot", "--data", self.data)
        self.log("quarantine", 5)
        self.assertEqual([path.name for path in self.data.glob("*.snapshot*")],
                         ["00000000000000000011.snapshot.outdated"])
        server = self.start()
        self.assertEqual(server.get("/v1/players/player-3")[1]["code"], "not_found")
        # Its id is not remembered either.
        self.assertEqual(server.post_event(find("player-3", 3, id="e3"))[1]["code"], "ok")


class Replay(DataDirectory):
    def new_ruleset(self, old, new):
        text = RULESET.read_text(encoding="utf-8")
        self.assertIn(old, text)
        path = self.path / "new.yaml"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return path

    def replayed(self, *arguments):
        return json.loads(run("replay", "--data", self.data, "--json", *arguments)[0])

    def test_a_replay_comes_to_the_boards_of_the_server_beside_it(self):
        server = self.start()
        self.play(server, 40)
        self.play(server, 10, "duplicate")
        server.request("POST", "/v1/players/player-3/ban", None, {}, admin=True)
        out = self.path / "boards.json"
        replayed = self.replayed("--boards", out, "--hash")
        self.assertEqual((replayed["position"], replayed["records"]), (52, 52))
        self.assertEqual(replayed["codes"], {"ok": 40, "duplicate": 10})
        self.assertEqual(len(replayed["state_hash"]), 32)
        boards = json.loads(out.read_text(encoding="utf-8"))
        for board in ("global", "best"):
            self.assertEqual(boards[board], server.get(f"/v1/boards/{board}?limit=1000")[1]["members"])
        self.assertEqual(self.replayed("--hash", "--ruleset", RULESET)["state_hash"], replayed["state_hash"])

    def test_until_a_position_or_a_time(self):
        server = self.start()
        self.play(server, 20)
        records = self.dumped()
        self.assertEqual(self.replayed("--until", 8)["position"], 8)
        at = records[9]["at"]
        expected = max(record["position"] for record in records if record["at"] <= at)
        self.assertEqual(self.replayed("--until", at)["position"], expected)
        run("replay", "--data", self.data, "--until", "yesterday", status=1)
        run("replay", "--data", self.data, "--diff", status=2)

    def test_the_diff_says_what_another_ruleset_changes(self):
        server = self.start()
        self.play(server, 40)
        server.post_event(find("zoe", 49, kind="forbidden", id="z1"))
        new = self.new_ruleset("points: event.value\n", "points: \"event.value * (event.player == 'zoe' ? 1 : 2)\"\n")
        new.write_text(new.read_text(encoding="utf-8").replace("event.kind == 'forbidden'", "false"), encoding="utf-8")
        diff = self.replayed("--diff", "--ruleset", new)
        self.assertEqual(diff["changed"], [{"position": 42, "id": "z1", "player": "zoe", "before": "rejected",
                                            "after": "ok", "points_before": 0, "points_after": 49}])
        self.assertEqual((diff["events"], diff["other_codes"], diff["other_points"]), (41, 1, 39))  # e0 is worth 0.
        paid = sum(i % 50 for i in range(40))
        self.assertEqual(diff["points"], {"before": paid, "after": 2 * paid + 49})
        rules = {rule["rule"]: rule for rule in diff["rules"]}
        self.assertEqual(rules["base"]["before"], {"fired": 40, "paid": paid, "refused": 0})
        self.assertEqual(rules["base"]["after"], {"fired": 41, "paid": 2 * paid + 49, "refused": 0})
        self.assertEqual(rules["no-forbidden"]["before"]["refused"], 1)
        entered = [move["member"] for board in diff["boards"] if board["board"] == "global" for move in board["moves"]
                   if "rank_before" not in move]
        self.assertEqual(entered, ["zoe"])
        text = run("replay", "--data", self.data, "--diff", "--ruleset", new)[0]
        self.assertIn("* base", text)
        self.assertIn("position 42, zoe, z1: rejected -> ok, 0 -> 49 points", text)

    def test_events_that_the_new_ruleset_does_not_take_have_another_code(self):
        server = self.start()
        self.play(server, 20)
        diff = self.replayed("--diff", "--ruleset", self.new_ruleset("max: 1000", "max: 15"))
        self.assertEqual([one["after"] for one in diff["changed"]], ["invalid_field"] * 4)
        self.assertEqual(diff["codes"]["after"], {"ok": 16, "invalid_field": 4})

    def test_a_damaged_log_is_not_replayed_behind_the_damage(self):
        server = self.start()
        self.play(server, 10)
        self.assertEqual(server.stop(), 0)
        self.flip(HEADER + SECTOR + 60)
        self.assertIn("is damaged", run("replay", "--data", self.data, status=1)[1])


if __name__ == "__main__":
    unittest.main()
