"""Limits of connections and rates: what is refused, when, and who is not."""

import http.client
import json
import pathlib
import socket
import tempfile
import time
import unittest

import websockets

from test_tokens import Guarded, bearer, find, token
from tallyho_server import PATIENCE, Client, Server
from tallyho_server import find as found


class RateTest(unittest.IsolatedAsyncioTestCase):
    """The rates are so low that no bucket fills up again while a test runs, however slow the machine is."""

    def start(self, *arguments):
        self.server = Guarded(*arguments)
        self.addCleanup(self.server.stop)

    async def test_a_player_sends_so_many_events_on_whatever_connections(self):
        self.start("--limits-player-events-per-second", "1", "--limits-player-events-burst", "3")
        began = time.monotonic()
        codes = []
        for _ in range(3):
            async with self.server.connect(extra_headers=bearer(token())) as opened:
                client = Client(opened)
                codes += [(await client.ask(find()))["ack"] for _ in range(20)]
        codes.append(self.server.ask("POST", "/v1/events", token(), find())[1])
        took = time.monotonic() - began
        taken = sum(ack["code"] == "ok" for ack in codes)
        self.assertGreaterEqual(taken, 3)
        self.assertLessEqual(taken, 3 + took + 1, "a token a second, and no more")
        for ack in codes:
            if ack["code"] != "ok":
                self.assertEqual(ack["code"], "overloaded")
                self.assertTrue(1 <= ack["retry_after_ms"] <= 1000, ack)
        self.assertEqual(self.server.ask("POST", "/v1/events", token(sub="bob"), find("bob"))[1]["code"], "ok")

    async def test_what_is_wrong_with_an_event_is_said_first(self):
        self.start("--limits-player-events-per-second", "1", "--limits-player-events-burst", "1")
        ada = token()
        for _ in range(5):
            self.server.ask("POST", "/v1/events", ada, find())
            self.assertEqual(self.server.ask("POST", "/v1/events", ada, find("bob"))[1]["code"], "unauthorized")
            self.assertEqual(self.server.ask("POST", "/v1/events", ada, {"type": "find"})[1]["code"], "missing_field")

    async def test_a_connection_sends_so_many_messages(self):
        self.start("--limits-connection-messages-per-second", "1", "--limits-connection-messages-burst", "5")
        async with self.server.connect(extra_headers=bearer(token(["read"]))) as opened:
            client = Client(opened)
            began = time.monotonic()
            answers = [await client.ask({"op": "ping", "ref": n}) for n in range(100)]
            took = time.monotonic() - began
            pongs = sum("pong" in answer for answer in answers)
            self.assertGreaterEqual(pongs, 5)
            self.assertLessEqual(pongs, 5 + took + 1)
            refused = [answer for answer in answers if "pong" not in answer]
            self.assertTrue(all(answer["error"]["code"] == "overloaded" for answer in refused))
            self.assertTrue(all("ref" in answer for answer in refused))
            async with self.server.connect(extra_headers=bearer(token(["read"]))) as another:
                self.assertIn("pong", await Client(another).ask({"op": "ping"}))

    async def test_a_connections_requests_are_counted_too(self):
        self.start("--limits-connection-messages-per-second", "1", "--limits-connection-messages-burst", "5")
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        statuses = []
        for _ in range(30):
            connection.request("GET", "/v1/boards", headers=bearer(token(["read"])))
            response = connection.getresponse()
            body = json.loads(response.read())
            statuses.append(response.status)
            if response.status == 429:
                self.assertEqual(body["code"], "overloaded")
                self.assertIsNotNone(response.headers["Retry-After"])
        connection.close()
        self.assertEqual(statuses[:5], [200] * 5)
        self.assertIn(429, statuses)

    async def test_a_back_end_is_not_counted(self):
        self.start("--limits-connection-messages-per-second", "1", "--limits-connection-messages-burst", "1",
                   "--limits-player-events-per-second", "1", "--limits-player-events-burst", "1")
        async with self.server.connect(extra_headers=bearer(token(["ingest"], None))) as opened:
            client = Client(opened)
            for _ in range(50):
                self.assertEqual((await client.ask(find()))["ack"]["code"], "ok")


class CapacityTest(unittest.TestCase):
    def test_what_a_full_game_does_not_take_is_answered_507(self):
        server = Guarded("--limits-players-max", "1")
        self.addCleanup(server.stop)
        made = token(["ingest"], None)
        self.assertEqual(server.ask("POST", "/v1/events", made, find("ada"))[0], 200)
        status, result = server.ask("POST", "/v1/events", made, find("bob"))
        self.assertEqual((status, result["code"]), (507, "capacity"))
        status, results = server.ask("POST", "/v1/events", made, [find("ada"), find("bob"), find("ada")])
        self.assertEqual((status, [result["code"] for result in results]), (200, ["ok", "capacity", "ok"]))


class ConnectionTest(unittest.IsolatedAsyncioTestCase):
    async def test_there_are_so_many_connections_in_all(self):
        server = Guarded("--limits-connections-max", "3")
        self.addCleanup(server.stop)
        opened = [await server.connect(extra_headers=bearer(token(["read"]))) for _ in range(3)]
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as one_more:
            self.assertEqual(one_more.recv(1), b"")
        await opened.pop().close()
        for attempt in range(1000):  # The server may notice a little later.
            try:
                opened.append(await server.connect(extra_headers=bearer(token(["read"]))))
                break
            except (OSError, websockets.InvalidMessage, websockets.ConnectionClosed):
                self.assertLess(attempt, 999)
        for one in opened:
            self.assertIn("pong", await Client(one).ask({"op": "ping"}))
            await one.close()

    async def test_behind_a_proxy_the_address_that_it_names_has_so_many(self):
        server = Guarded("--behind-proxy", "--limits-connections-per-address-max", "2")
        self.addCleanup(server.stop)

        def connect(forwarded):
            return server.connect(extra_headers=bearer(token(["read"])) | {"X-Forwarded-For": forwarded})

        opened = [await connect("203.0.113.7"), await connect("6.6.6.6, 203.0.113.7")]
        for headers in ([("X-Forwarded-For", "9.9.9.9, 203.0.113.7")],  # Proxies may as well add a line of their own.
                        [("X-Forwarded-For", "9.9.9.9"), ("X-Forwarded-For", "203.0.113.7")]):
            with self.assertRaises(websockets.InvalidStatusCode) as refused:
                await server.connect(extra_headers=[*bearer(token(["read"])).items(), *headers])
            self.assertEqual(refused.exception.status_code, 429)
        opened.append(await connect("203.0.113.8"))
        for one in opened:
            await one.close()

    def test_a_page_that_may_is_told_so_and_another_is_not(self):
        server = Guarded("--origin", "https://game.example")
        self.addCleanup(server.stop)
        asks = {"Origin": "https://game.example", "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization"}
        status, headers, _ = server.request("OPTIONS", "/v1/events", headers=asks)
        self.assertEqual((status, headers["Access-Control-Allow-Origin"]), (204, "https://game.example"))
        self.assertIn("authorization", headers["Access-Control-Allow-Headers"].lower())
        status, headers, _ = server.request("GET", "/healthz", headers={"Origin": "https://game.example"})
        self.assertEqual((status, headers["Access-Control-Allow-Origin"], headers["Vary"]),
                         (200, "https://game.example", "Origin"))
        status, headers, _ = server.request("OPTIONS", "/v1/events", headers=asks | {"Origin": "https://evil.example"})
        self.assertEqual((status, headers["Access-Control-Allow-Origin"]), (403, None))
        self.assertIsNone(server.request("GET", "/healthz")[1]["Access-Control-Allow-Origin"])


SCOPES = """
tallyho: 1
name: scopes
events: {find: {treasure: string, region: string}}
state: {treasure: {key: event.treasure, finds: int}}
rules: [{id: count, points: 1, set: {treasure.finds: treasure.finds + 1}}]
boards: [{id: regions, group_by: event.region}]
"""


class GameTest(unittest.TestCase):
    """How much a game may hold."""

    def start(self, *limits, ruleset=SCOPES):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name, "rules.yaml")
        path.write_text(ruleset, encoding="utf-8")
        self.server = Server(*limits, ruleset=path)
        self.addCleanup(self.server.stop)

    def score(self, player, treasure, region):
        status, result = self.server.post_event({"type": "find", "player": player, "treasure": treasure,
                                                 "region": region})
        return status, result["code"]

    def shown(self):
        """Of the player and the boards, but for positions: what was refused has one, too."""
        answers = [self.server.get(path)[1] for path in ("/v1/players/ada", "/v1/boards", "/v1/boards/regions?group=n")]
        for answer in answers:
            answer.pop("version")
        return answers

    def test_who_is_one_too_many_is_refused_and_leaves_nothing(self):
        for limit, one_more in (("players", ("bob", "t1", "n")), ("keys", ("ada", "t2", "n")),
                                ("groups", ("ada", "t1", "s"))):
            with self.subTest(limit):
                self.start(f"--limits-{limit}-max", "1")
                self.assertEqual(self.score("ada", "t1", "n"), (200, "ok"))
                before = self.shown()
                for _ in range(2):
                    self.assertEqual(self.score(*one_more), (507, "capacity"))
                self.assertEqual(self.shown(), before)
                self.assertEqual(self.server.get("/v1/players/bob")[0], 404)
                self.assertEqual(self.server.metric('tallyho_events_total{code="capacity"}'), 2)
                self.assertEqual(self.score("ada", "t1", "n"), (200, "ok"))  # Who is there goes on.

    def test_a_thousand_boards_and_one_event_on_all_of_them(self):
        boards = "".join(f"  - {{id: b{i}, value: event.value + {i}}}\n" for i in range(1000))
        self.start(ruleset="tallyho: 1\nname: boards\nbudget: 2000000\nevents: {find: {value: int}}\n"
                           f"rules: [{{id: base, points: event.value}}]\nboards:\n{boards}")
        event = {"type": "find", "player": "ada", "value": 5}
        status, result = self.server.post_event(event, "?detail=ranks")
        self.assertEqual((status, result["code"]), (200, "ok"))
        self.assertEqual(result["ranks"], {f"b{i}": {"rank": 1} for i in range(1000)})
        self.assertEqual([board["id"] for board in self.server.get("/v1/boards")[1]["boards"]],
                         [f"b{i}" for i in range(1000)])
        self.assertEqual(self.server.get("/v1/players/ada")[1]["ranks"],
                         {f"b{i}": {"rank": 1, "value": 5 + i, "of": 1} for i in range(1000)})
        self.assertEqual(self.server.post_event(event, "?detail=ranks")[1]["ranks"],
                         {f"b{i}": {"rank": 1, "was": 1} for i in range(1000)})
        self.assertEqual(self.server.get("/v1/boards/b999")[1]["members"],
                         [{"rank": 1, "member": "ada", "value": 2 * (5 + 999)}])

    def test_a_board_too_many_is_refused_with_its_place(self):
        boards = "".join(f"  - {{id: b{i}}}\n" for i in range(1001))
        with self.assertRaisesRegex(RuntimeError, "rules.yaml:5:3: error: 1001 boards; at most 1000 are possible"):
            self.start(ruleset=f"tallyho: 1\nname: boards\nevents: {{find: {{value: int}}}}\nboards:\n{boards}")


def with_keys(count):
    """An event with so many keys more than it needs."""
    more = "".join(f',"{i:x}":0' for i in range(count))
    return json.dumps(found("ada", 1)).removesuffix("}") + more + "}"


class HugeEvents(unittest.IsolatedAsyncioTestCase):
    """Events of 100,000 keys, or of one that is a mebibyte long, have their code, and cost nobody else anything."""

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.stop)
        mebibyte = 1 << 20
        event = json.dumps(found("ada", 1)).removesuffix("}")
        self.huge = {"100,000 keys": with_keys(100_000),
                     "100,000 times the same key": event + ',"value":1' * 100_000 + "}",
                     "a key that fills the frame": event + ',"' + "k" * (mebibyte - len(event) - 6) + '":0}',
                     "a key that does not end": (event + ',"' + "k" * mebibyte)[:mebibyte]}

    async def test_are_too_large_in_a_frame_and_alone(self):
        async with self.server.connect() as opened:
            client = Client(opened)
            for name, event in self.huge.items():
                with self.subTest(name):
                    self.assertLessEqual(len(event), 1 << 20)
                    self.assertEqual((await client.ask(event))["ack"]["code"], "too_large")
                    self.assertEqual(self.server.post_event(event)[0], 413)
                    status, _, body = self.server.post_events(event + "\n" + json.dumps(found("bob", 1)),
                                                              "application/x-ndjson")
                    if len(event) < (1 << 20) - 1000:  # Else the body is.
                        results = [json.loads(line)["code"] for line in body.splitlines()]
                        self.assertEqual((status, results), (200, ["too_large", "ok"]))
                    else:
                        self.assertEqual(status, 413)
            self.assertEqual((await client.ask(found("ada", 1)))["ack"]["total"], 1)

    async def test_a_key_of_a_mebibyte_is_more_than_a_frame_holds(self):
        event = '{"type":"find","player":"ada","value":1,"' + "k" * (1 << 20) + '":0}'
        async with self.server.connect() as opened:
            await Client(opened).send(event)
            self.assertEqual(await Client(opened).close_code(), 1009)
        self.assertEqual(self.server.post_event(event)[0], 413)
        self.assertEqual(self.server.post_event(found("ada", 1))[1]["total"], 1)

    async def test_as_many_keys_as_an_event_holds_are_passed_over(self):
        count = 1
        while len(with_keys(count + 1)) <= 16384:
            count += 1
        self.assertGreater(count, 1500)
        status, result = self.server.post_event(with_keys(count))
        self.assertEqual((status, result["code"]), (200, "ok"))
        self.assertEqual(self.server.post_event(with_keys(count).replace('"5":', '"6":', 1))[1]["code"], "malformed")


if __name__ == "__main__":
    unittest.main()
