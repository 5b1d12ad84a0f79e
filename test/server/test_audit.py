"""Who did it: what admins do says in the log, the ledger and on standard error whose token it was, to who may know."""

import json
import pathlib
import tempfile
import threading
import unittest

from test_log_tools import run
from test_tokens import RULES, Guarded, bearer, find, token
from tallyho_server import PATIENCE, Client, Server

OPS = "ops@game.example"
OTHER = "zoë \"the\nadmin\""
YAML = {"Content-Type": "application/yaml"}


class AuditTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        self.data = self.path / "data"
        self.server = None
        self.addCleanup(self.stop)

    def start(self, *arguments):
        self.server = Guarded("--data", str(self.data), "--log-format", "json", *arguments, is_json=True)
        self.reader = threading.Thread(target=self.read_all, args=(self.server.process.stderr, self.server.said),
                                       daemon=True)
        self.reader.start()

    @staticmethod
    def read_all(stream, said):
        try:
            said.extend(stream)
        except ValueError:
            pass  # It was closed.

    def stop(self):
        if self.server:
            server, self.server = self.server, None
            server.ask_to_stop()
            self.assertEqual(server.process.wait(PATIENCE), 0)
            self.reader.join(PATIENCE)
            server.stop()
            return [json.loads(line) for line in server.said]
        return []

    def admin(self, method, path, who, body=None, **headers):
        return self.server.ask(method, path, token(["admin"], who), body, admin=True, **headers)

    def act(self):
        """Everything that an admin does, by two of them; and by one whose token does not say who he is."""
        for player in ("ada", "bob", "cat"):
            self.server.ask("POST", "/v1/events", token(["ingest"], None), find(player))
        for method, path, who, body in (
                ("POST", "/v1/players/bob/ban", OPS, {"reason": "a bot"}), ("POST", "/v1/players/bob/unban", OTHER, {}),
                ("POST", "/v1/players/ada/adjust", OPS, {"id": "case-1", "points": -2}),
                ("POST", "/v1/players/ada/adjust", None, {"id": "case-2", "points": 40}),
                ("DELETE", "/v1/players/cat", OTHER, None)):
            self.assertEqual(self.admin(method, path, who, body)[1]["code"], "ok")
        new = (RULES % "false").replace("points: event.value", "points: 2 * event.value")
        status, answer = self.admin("PUT", "/v1/ruleset", OPS, new, **YAML)
        self.assertEqual((status, answer["dropped"]), (200, []))
        self.server.ask("POST", "/v1/events", token(["ingest"], None), find("ada"))

    def test_who_may_not_is_in_the_journal(self):
        self.start()
        for made, status in ((token(["ingest"], "a backend"), 403), (token(["player"], "ada"), 403),
                             ("no.such.token", 401)):
            self.assertEqual(self.server.ask("POST", "/v1/players/ada/ban?why=1", made, {}, admin=True)[0], status)
        self.assertEqual(self.server.request("POST", "/v1/players/ada/ban", admin=True)[0], 401)
        self.assertEqual(self.admin("POST", "/v1/players/ada/ban", OPS, {})[0], 404)  # Which is no such thing.
        refused = [line for line in self.stop() if line["topic"] == "refused"]
        self.assertEqual([(line["method"], line["path"], line["by"], line["status"]) for line in refused],
                         [("POST", "/v1/players/ada/ban", by, status)
                          for by, status in (("a backend", 403), ("ada", 403), ("", 401), ("", 401))])

    def dumped(self):
        return [json.loads(line) for line in run("log", "dump", "--data", self.data)[0].splitlines()]

    def test_the_log_says_who(self):
        self.start("--record", str(self.path / "record.ndjson"))
        self.act()
        self.stop()
        records = self.dumped()
        operations = [record["operation"] for record in records if record["kind"] == "operation"]
        self.assertEqual(operations, [
            {"op": "ban", "player": "bob", "reason": "a bot", "by": OPS}, {"op": "unban", "player": "bob", "by": OTHER},
            {"op": "adjust", "player": "ada", "id": "case-1", "points": -2, "by": OPS},
            {"op": "adjust", "player": "ada", "id": "case-2", "points": 40},
            {"op": "forget", "player": "cat", "by": OTHER}])
        rulesets = [record for record in records if record["kind"] == "ruleset"]
        self.assertEqual([record.get("by") for record in rulesets], [None, OPS])
        self.assertTrue(all(record["text"].startswith("\ntallyho: 1\n") for record in rulesets))
        recorded = [json.loads(line) for line in (self.path / "record.ndjson").read_text().splitlines()]
        self.assertEqual([line.get("by") for line in recorded if "op" in line], [OPS, OTHER, OPS, None, OTHER])
        # Who recomputes the run reads it, too.
        (self.path / "rules.yaml").write_text(RULES % "false")
        scored = run("score", "--ruleset", self.path / "rules.yaml", self.path / "record.ndjson")[0].splitlines()
        self.assertEqual([json.loads(line)["code"] for line in scored], ["ok"] * 9)

    def test_a_server_goes_on_after_it(self):
        self.start()
        self.act()
        before = self.server.ask("GET", "/v1/players/ada", token(["admin"], OPS))[1]
        self.assertEqual(before["total"], 5 - 2 + 40 + 10)
        self.stop()
        for name in self.data.glob("ledger-*"):
            name.unlink()
        # Under the log's ruleset: the one that was swapped in.
        server = Server("--data", str(self.data), ruleset=None)
        self.addCleanup(server.stop)
        after = server.get("/v1/players/ada", admin=True)[1]
        self.assertEqual(after, before)
        entries = server.get("/v1/players/ada/ledger", admin=True)[1]["entries"]
        self.assertEqual([(entry["points"], entry.get("by")) for entry in entries],
                         [(10, None), (40, None), (-2, OPS), (5, None)])
        self.assertIn("11 records up to position 11", run("replay", "--data", self.data)[0])

    async def test_the_ledger_says_it_to_admins_alone(self):
        self.start()
        self.act()
        path = "/v1/players/ada/ledger"
        admins = token(["admin"], OPS)
        for admin in (False, True):
            status, page = self.server.ask("GET", path, admins, admin=admin)
            self.assertEqual(status, 200)
            self.assertEqual([entry.get("by") for entry in page["entries"]], [None, None, OPS, None])
        self.assertEqual(json.loads(run("explain", "--data", self.data, "--player", "ada", "--json")[0]), page)
        for roles, sub in ((["player"], "ada"), (["ingest"], None), (["ingest", "player", "read"], "ada")):
            made = token(roles, sub)
            status, _, body = self.server.request("GET", path, headers=bearer(made))
            self.assertEqual(status, 200)
            self.assertNotIn("by", json.loads(body)["entries"][2])
            self.assertNotIn(OPS, body.decode())
            self.assertNotIn(OPS, json.dumps(self.server.ask("GET", "/v1/players/ada", made)[1]))
            async with self.server.connect(extra_headers=bearer(made)) as opened:
                answer = await Client(opened).ask({"op": "query", "path": path})
                self.assertEqual(len(answer["result"]["entries"]), 4)
                self.assertNotIn(OPS, json.dumps(answer))

    async def test_who_watches_a_player_is_not_told_who_adjusted_it(self):
        self.start()
        self.server.ask("POST", "/v1/events", token(["ingest"], None), find("ada"))
        async with self.server.connect(extra_headers=bearer(token())) as opened:
            client = Client(opened)
            await client.ask({"op": "hello"})
            self.admin("POST", "/v1/players/ada/adjust", OPS, {"id": "a1", "points": 3})
            pushed = await client.push()
            self.assertEqual(pushed["score"]["type"], "adjustment")
            self.assertNotIn(OPS, json.dumps(pushed))

    def test_a_line_on_standard_error_says_it(self):
        self.start()
        self.act()
        self.assertEqual(self.admin("POST", "/v1/players/nobody/ban", OPS)[0], 404)
        lines = [line for line in self.stop() if line["topic"] == "admin"]
        for line in lines:
            self.assertEqual(line.pop("level"), "info")
            line.pop("time")
            line.pop("ruleset", None)
        dumped = [r["position"] for r in self.dumped() if r["kind"] in ("operation", "ruleset")][1:]
        said = [(line["message"], line.get("player"), line["by"], line["code"], line["position"]) for line in lines]
        self.assertEqual(said, [
            ("ban", "bob", OPS, "ok", dumped[0]), ("unban", "bob", OTHER, "ok", dumped[1]),
            ("adjust", "ada", OPS, "ok", dumped[2]), ("adjust", "ada", "", "ok", dumped[3]),
            ("forget", "cat", OTHER, "ok", dumped[4]), ("swap", None, OPS, "ok", dumped[5]),
            ("ban", "nobody", OPS, "not_found", 0)])

    def test_nobody_says_that_it_was_another(self):
        self.start()
        self.server.ask("POST", "/v1/events", token(["ingest"], None), find("ada"))
        for path, body in (("ban", {"by": OTHER}), ("adjust", {"id": "a", "points": 1, "by": OTHER})):
            status, problem = self.admin("POST", f"/v1/players/ada/{path}", OPS, body)
            self.assertEqual((status, problem["code"]), (400, "invalid_argument"))
        forged = '\x01{"by":"somebody else"}\n' + RULES % "false"
        self.assertEqual(self.admin("PUT", "/v1/ruleset", OPS, forged, **YAML)[0], 400)

    def test_without_tokens_nobody_is_named(self):
        server = Server("--data", str(self.data))
        self.addCleanup(server.stop)
        server.post_event(find("ada"))
        body = json.dumps({"id": "a", "points": 1})
        self.assertEqual(server.request("POST", "/v1/players/ada/adjust", body, {"Content-Type": "application/json"},
                                        admin=True)[0], 200)
        self.assertEqual(self.dumped()[-1]["operation"], {"op": "adjust", "player": "ada", "id": "a", "points": 1})
        self.assertNotIn("by", server.get("/v1/players/ada/ledger", admin=True)[1]["entries"][0])


if __name__ == "__main__":
    unittest.main()
