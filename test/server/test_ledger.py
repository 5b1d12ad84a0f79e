"""Where a player's points come from: the ledger by HTTP, and `tallyho explain --data` beside it; the shadow ruleset."""

import json
import unittest

from tallyho_server import Client, RULESET, ServerTest, find
from test_log_tools import DataDirectory, run

JSON = {"Content-Type": "application/json"}


class Ledger(DataDirectory):
    def ledger(self, server, player, query="", **options):
        status, page = server.get(f"/v1/players/{player}/ledger{query}", **options)
        return status, page

    def explained(self, *arguments, status=0):
        printed = run("explain", "--data", self.data, "--json", *arguments, status=status)[0]
        return json.loads(printed) if status == 0 else None

    def adjust(self, server, player, points, what):
        body = json.dumps({"id": what, "points": points, "reason": "a test"})
        return json.loads(server.request("POST", f"/v1/players/{player}/adjust", body, JSON, admin=True)[2])

    def fill(self, server):
        for i in range(5):
            server.post_event(find("ada", 10 + i, id=f"e{i}"))
            server.post_event(find("bob", i))
        server.post_event(find("ada", 3, id="e1"))  # A duplicate.
        server.post_event(find("ada", 3, kind="forbidden"))  # Rejected.
        self.adjust(server, "ada", -20, "case-1")

    def test_it_has_what_counted_newest_first_with_rules_and_totals(self):
        server = self.start()
        self.fill(server)
        status, page = self.ledger(server, "ada")
        self.assertEqual(status, 200)
        self.assertEqual(page["player"], "ada")
        self.assertNotIn("cursor", page)
        rows = [(entry["id"], entry["type"], entry["points"], entry["total"]) for entry in page["entries"]]
        self.assertEqual(rows, [("case-1", "adjustment", -20, 40), ("e4", "find", 14, 60), ("e3", "find", 13, 46),
                                ("e2", "find", 12, 33), ("e1", "find", 11, 21), ("e0", "find", 10, 10)])
        self.assertEqual(page["entries"][-1]["fired"], [["base", 10], ["ten", 0]])
        self.assertEqual(page["entries"][-1]["position"], 2)
        self.assertEqual(page["entries"][0]["fired"], [])
        self.assertEqual(self.ledger(server, "ada", admin=True), (200, page))
        # What a replay says is the same.
        explained = self.explained("--player", "ada")
        self.assertEqual(explained, page)

    def test_pages_follow_each_other(self):
        server = self.start()
        self.fill(server)
        whole = self.ledger(server, "ada", "?limit=100")[1]["entries"]
        seen, query = [], "?limit=2"
        for _ in range(3):
            page = self.ledger(server, "ada", query)[1]
            self.assertEqual(len(page["entries"]), 2)
            seen += page["entries"]
            query = "?limit=2&cursor=" + page.get("cursor", "")
        self.assertEqual(seen, whole)
        self.assertNotIn("cursor", page)
        first = self.explained("--player", "ada", "--limit", 4)
        rest = self.explained("--player", "ada", "--limit", 4, "--cursor", first["cursor"])
        self.assertEqual(first["entries"] + rest["entries"], whole)
        cursor = self.ledger(server, "ada", "?limit=2")[1]["cursor"]
        for player, wrong in (("bob", cursor), ("ada", "7"), ("ada", "x"), ("ada", "-1"), ("ada", "99999999999999")):
            status, problem = self.ledger(server, player, "?cursor=" + wrong)
            self.assertEqual((status, problem["code"]), (400, "invalid_argument"), (player, wrong))
        self.assertEqual(self.ledger(server, "ada", "?limit=0")[0], 400)
        self.assertEqual(self.ledger(server, "nobody")[0], 404)

    def test_it_outlives_the_server_however_that_ended(self):
        server = self.start()
        self.fill(server)
        before = self.ledger(server, "ada")[1]
        server.process.kill()
        server.process.wait()
        server = self.start()
        self.assertEqual(self.ledger(server, "ada")[1], before)
        server.post_event(find("ada", 1, id="later"))
        self.assertEqual(server.stop(), 0)
        for file in self.data.glob("ledger-*"):
            file.unlink()
        server = self.start()
        after = self.ledger(server, "ada")[1]
        self.assertEqual(after["entries"][0]["id"], "later")
        self.assertEqual(after["entries"][1:], before["entries"])

    def test_a_forgotten_player_has_none_until_it_comes_again(self):
        server = self.start()
        self.fill(server)
        self.assertEqual(server.request("DELETE", "/v1/players/ada", admin=True)[0], 200)
        self.assertEqual(self.ledger(server, "ada")[0], 404)
        server.post_event(find("ada", 7, id="new"))
        expected = [("new", 7)]
        self.assertEqual([(e["id"], e["total"]) for e in self.ledger(server, "ada")[1]["entries"]], expected)
        self.assertEqual(server.stop(), 0)
        server = self.start()
        self.assertEqual([(e["id"], e["total"]) for e in self.ledger(server, "ada")[1]["entries"]], expected)
        self.assertEqual([e["id"] for e in self.explained("--player", "ada")["entries"]], ["new"])

    def test_explain_says_of_one_event_what_every_rule_did(self):
        server = self.start()
        self.fill(server)
        answer = self.explained("--player", "ada", "--id", "e1")
        came = [(one["position"], one["code"]) for one in answer["explained"]]
        self.assertEqual(came, [(4, "ok"), (12, "duplicate")])
        verdicts = {rule["rule"]: rule["verdict"] for rule in answer["explained"][0]["rules"]}
        self.assertEqual((verdicts["base"], verdicts["ten"]), ("fired", "condition_false"))
        text = run("explain", "--data", self.data, "--player", "ada", "--id", "e1")[0]
        self.assertIn("+ base", text)
        self.assertIn("event.value = 11", text)
        self.assertIn("case-1", run("explain", "--data", self.data, "--player", "ada")[0])
        self.assertEqual(self.explained("--player", "ada", "--id", "case-1")["entries"][0]["points"], -20)
        self.explained("--player", "nobody", status=1)
        self.explained("--player", "ada", "--id", "no-such", status=1)
        run("explain", "--data", self.data, status=2)
        run("explain", status=2)


class InMemory(ServerTest):
    async def test_without_data_there_is_no_ledger(self):
        self.server.post_event(find("ada"))
        status, problem = self.server.get("/v1/players/ada/ledger")
        self.assertEqual((status, problem["code"]), (404, "not_found"))
        self.assertIn("--data", problem["detail"])
        async with self.server.connect() as socket:
            answer = await Client(socket).ask({"op": "query", "path": "/v1/players/ada/ledger"})
            self.assertEqual(answer["error"]["code"], "not_found")


class OverWebSocket(DataDirectory, unittest.IsolatedAsyncioTestCase):
    async def test_a_query_reads_what_http_reads(self):
        server = self.start()
        for i in range(3):
            server.post_event(find("ada", i, id=f"e{i}"))
        async with server.connect() as socket:
            client = Client(socket)
            await client.send(find("ada", 9, id="e3"))
            answer = await client.ask({"op": "query", "path": "/v1/players/ada/ledger?limit=2"})
            if "ack" in answer:
                answer = await client.answer()
        self.assertEqual([entry["id"] for entry in answer["result"]["entries"]], ["e3", "e2"])
        self.assertEqual(answer["result"], server.get("/v1/players/ada/ledger?limit=2")[1])


class Shadow(DataDirectory):
    def candidate(self, old, new):
        path = self.path / "candidate.yaml"
        path.write_text(RULESET.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        return path

    def test_a_candidate_is_scored_beside_without_effect(self):
        server = self.start()
        self.play(server, 20)
        self.assertEqual(server.stop(), 0)
        candidate = self.candidate("points: event.value\n", "points: event.value * 3\n")
        server = self.start("--shadow", str(candidate))
        for i in range(5):
            server.post_event(find("zoe", 10, id=f"z{i}"))
        server.request("POST", "/v1/players/player-1/ban", None, {}, admin=True)
        status, report = server.get("/v1/shadow", admin=True)
        self.assertEqual((status, report["version"], report["events"], report["ended"]), (200, 27, 25, False))
        paid = sum(range(20)) + 50
        self.assertEqual(report["points"], {"before": paid, "after": 3 * paid})
        self.assertEqual(server.get("/v1/players/zoe")[1]["total"], 50)
        # It is what a replay says of the same log, but for what that keeps of changed events.
        replayed = json.loads(run("replay", "--data", self.data, "--ruleset", candidate, "--diff", "--json")[0])
        for member in ("events", "other_codes", "other_points", "points", "codes", "rules", "boards"):
            self.assertEqual(report[member], replayed[member], member)
        self.assertEqual(server.get("/v1/shadow")[0], 404, "on the admin listener only")
        self.assertEqual(server.request("POST", "/v1/shadow", None, {}, admin=True)[0], 405)

    def test_without_one_there_is_none(self):
        server = self.start()
        self.assertEqual(server.get("/v1/shadow", admin=True)[0], 404)
        broken = self.candidate("event.value", "event.nothing")
        self.assertIn("problem", run("serve", "--ruleset", RULESET, "--dev", "--shadow", broken, status=1)[1])


if __name__ == "__main__":
    unittest.main()
