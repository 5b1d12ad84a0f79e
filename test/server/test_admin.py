"""What whoever runs a game does to players: ban, unban, adjust, forget; and what reads and watches see of it."""

import json
import pathlib
import subprocess
import tempfile
import unittest

from board_mirror import Mirror, of_page
from tallyho_server import RULESET, TALLYHO, Client, Server, ServerTest, find

JSON = {"Content-Type": "application/json"}


class AdminTest(ServerTest):
    def act(self, player, what, body=None, method="POST"):
        path = f"/v1/players/{player}" + (f"/{what}" if what else "")
        data = None if body is None else body if isinstance(body, str) else json.dumps(body)
        status, _, answer = self.server.request(method, path, data, JSON if body is not None else {}, admin=True)
        return status, json.loads(answer)

    def members(self, board, query=""):
        page = self.server.get(f"/v1/boards/{board}?limit=1000{query}")[1]
        return [(one["member"], one["value"]) for one in page["members"]]

    def shown(self, board, prefix, query=""):
        return [one for one in self.members(board, query) if one[0].startswith(prefix)]


class Bans(AdminTest):
    def test_a_banned_player_is_hidden_and_refused_and_comes_back_where_it_was(self):
        for player in ("b-ada", "b-bob", "b-cat"):
            self.server.post_event(find(player, 7))
        status, answer = self.act("b-bob", "ban", {"reason": "two places at once"})
        self.assertEqual((status, answer["player"], answer["banned"], answer["total"]), (200, "b-bob", True, 7))
        self.assertGreater(answer["position"], 0)
        for board in ("global", "today", "best"):
            self.assertEqual(self.shown(board, "b-"), [("b-ada", 7), ("b-cat", 7)])
            self.assertEqual(self.server.get(f"/v1/boards/{board}/members/b-bob")[0], 404)
        status, player = self.server.get("/v1/players/b-bob")
        self.assertEqual((status, player["banned"], player["total"], player["ranks"]), (200, True, 7, {}))
        status, result = self.server.post_event(find("b-bob", 5))
        self.assertEqual((status, result["code"]), (403, "player_banned"))
        self.assertEqual(self.act("b-bob", "ban")[0], 200, "the second time, too")

        status, answer = self.act("b-bob", "unban")
        self.assertEqual((status, answer["banned"]), (200, False))
        for board in ("global", "today", "best"):
            self.assertEqual(self.shown(board, "b-"), [("b-ada", 7), ("b-bob", 7), ("b-cat", 7)])
        self.assertEqual(self.server.post_event(find("b-bob", 5))[1]["total"], 12)

    async def test_a_watch_sees_who_is_banned_leave_and_come_back(self):
        async with self.server.connect() as socket:
            watcher = Client(socket)
            for player, value in (("c-ada", 900), ("c-bob", 800), ("c-cat", 700)):
                self.server.post_event(find(player, value))
            mirror = Mirror(await watcher.ask({"op": "watch", "board": "best", "top": 3}))
            for what in ("ban", "unban"):
                position = self.act("c-bob", what)[1]["position"]
                while mirror.version < position:
                    mirror.apply(await watcher.push())
                self.assertEqual(mirror.shown(), of_page(self.server.get("/v1/boards/best?limit=3")[1]))

    def test_only_the_admin_listener_takes_it_and_only_as_it_should_be(self):
        self.server.post_event(find("d-ada"))
        self.assertEqual(self.server.request("POST", "/v1/players/d-ada/ban")[0], 404)
        self.assertEqual(self.server.request("DELETE", "/v1/players/d-ada")[0], 405)
        self.assertEqual(self.server.request("GET", "/v1/players/d-ada/ban", admin=True)[0], 405)
        self.assertEqual(self.server.request("POST", "/v1/players/d-ada/kick", admin=True)[0], 404)
        self.assertEqual(self.server.request("POST", "/v1/players/d-ada/ban?for=ever", admin=True)[0], 400)
        self.assertEqual(self.server.request("POST", "/v1/players/d-ada/ban", "{}", {}, admin=True)[0], 415)
        self.assertEqual(self.server.request("POST", "/v1/players/d-ada/ban", None, {"Origin": "http://localhost"},
                                             admin=True)[0], 403)
        for body, code in (("{", "malformed"), ("[]", "malformed"), ({"until": 1}, "invalid_argument"),
                           ({"id": "7"}, "invalid_argument"), ({"reason": 7}, "invalid_argument")):
            status, problem = self.act("d-ada", "ban", body)
            self.assertEqual((status, problem["code"]), (400, code), body)
        self.assertEqual(self.act("d-nobody", "ban")[0], 404)
        self.assertEqual(self.server.get("/v1/players/d-ada")[1]["banned"], False)


class Adjustments(AdminTest):
    def test_an_adjustment_adds_points_once(self):
        self.server.post_event(find("e-ada", 20))
        for body, code, total in (({"id": "case-1", "points": -5, "reason": "late"}, "ok", 15),
                                  ({"id": "case-1", "points": -9}, "duplicate", 15),
                                  ({"id": "case-2", "points": 30}, "ok", 45)):
            status, answer = self.act("e-ada", "adjust", body)
            self.assertEqual((status, answer["code"], answer["total"]), (200, code, total))
        self.assertEqual(self.shown("global", "e-"), [("e-ada", 45)])
        self.assertEqual(self.shown("best", "e-"), [("e-ada", 20)], "that counts finds only")
        for body in ({"points": 5}, {"id": "x"}, {"id": "x", "points": 1.5}, {"id": "", "points": 1}, {}):
            self.assertEqual(self.act("e-ada", "adjust", body)[0], 400, body)
        self.assertEqual(self.act("e-nobody", "adjust", {"id": "x", "points": 1})[0], 404)

    async def test_who_watches_a_player_is_told(self):
        self.server.post_event(find("f-ada", 20))
        async with self.server.connect() as socket:
            watcher = Client(socket)
            await watcher.ask({"op": "watch", "player": "f-ada"})
            self.act("f-ada", "adjust", {"id": "x", "points": 5})
            score = (await watcher.push())["score"]
            self.assertEqual((score["player"], score["points"], score["total"], score["type"]),
                             ("f-ada", 5, 25, "adjustment"))


class Forgetting(AdminTest):
    def test_a_forgotten_player_is_gone_and_begins_anew(self):
        self.server.post_event({"type": "joined", "player": "g-ada", "team": "g"})
        self.server.post_event(find("g-ada", 20, id="i"))
        status, answer = self.act("g-ada", "", method="DELETE")
        self.assertEqual((status, answer["forgotten"]), (200, True))
        self.assertEqual(self.server.get("/v1/players/g-ada")[0], 404)
        self.assertEqual(self.shown("global", "g-"), [])
        self.assertEqual(self.server.get("/v1/boards/teams?group=g")[0], 404)
        self.assertEqual(self.act("g-ada", "", method="DELETE")[0], 404)
        self.assertEqual(self.server.post_event(find("g-ada", 3, id="i"))[1]["total"], 3)


class Replaying(unittest.TestCase):
    def test_a_record_with_operations_comes_to_the_same_boards(self):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            record, boards = pathlib.Path(folder) / "run", pathlib.Path(folder) / "boards"
            server = Server("--record", str(record))
            try:
                for i in range(50):
                    server.post_event(find(f"p{i % 7}", i))
                    if i % 10 == 9:
                        player = f"/v1/players/p{i % 7}"
                        server.request("POST", player + "/adjust", json.dumps({"id": str(i), "points": -3}), JSON,
                                       admin=True)
                        server.request("POST", player + ("/ban" if i % 20 == 9 else "/unban"), admin=True)
                server.request("DELETE", "/v1/players/p3", admin=True)
                seen = server.get("/v1/boards/global?limit=100")[1]["members"]
            finally:
                self.assertEqual(server.stop(), 0)
            self.assertIn('"op":"ban"', record.read_text())
            subprocess.run([TALLYHO, "score", "--ruleset", str(RULESET), str(record), "--quiet", "--boards",
                            str(boards)], check=True, capture_output=True)
            self.assertEqual(json.loads(boards.read_text())["global"], seen)


class Pages(AdminTest):
    def test_a_range_of_values_pages_like_a_board(self):
        for i in range(20):
            self.server.post_event(find(f"h-{i:02}", 500 + i))
        query = "&min=505&max=514"
        expected = [(f"h-{i:02}", 500 + i) for i in range(14, 4, -1)]
        page = self.server.get(f"/v1/boards/best?limit=4{query}")[1]
        self.assertEqual((page["matching"], page["of"] >= 20), (10, True))
        seen = page["members"]
        while "cursor" in page:
            page = self.server.get(f"/v1/boards/best?limit=4{query}&cursor={page['cursor']}")[1]
            seen += page["members"]
        self.assertEqual([(one["member"], one["value"]) for one in seen], expected)
        self.assertEqual([one["rank"] for one in seen], list(range(seen[0]["rank"], seen[0]["rank"] + 10)))
        self.assertEqual(self.members("best", query + "&offset=8"), expected[8:])
        for query in ("&min=9&max=8", "&min=9223372036854775807", "&max=-9223372036854775808"):
            self.assertEqual(self.members("best", query), [])
        for query in ("min=x", "max=1.5", "min=9223372036854775808"):
            self.assertEqual(self.server.get(f"/v1/boards/best?{query}")[0], 400)

    def test_who_does_not_move_while_one_pages_is_seen_once(self):
        for i in range(60):
            self.server.post_event(find(f"i-{i:02}", 300))
        seen, query = [], ""
        for step in range(1000):
            page = self.server.get(f"/v1/boards/global?limit=7{query}")[1]
            seen += [one["member"] for one in page["members"]]
            if "cursor" not in page:
                break
            query = "&cursor=" + page["cursor"]
            # The last of the page moves ahead, is banned or forgotten: the cursor holds.
            last = page["members"][-1]["member"]
            if last.startswith("i-"):
                if step % 3 == 0:
                    self.server.post_event(find(last, 1000))
                elif step % 3 == 1:
                    self.act(last, "ban")
                else:
                    self.act(last, "", method="DELETE")
        self.assertEqual(sorted(one for one in seen if one.startswith("i-")), [f"i-{i:02}" for i in range(60)])


if __name__ == "__main__":
    unittest.main()
