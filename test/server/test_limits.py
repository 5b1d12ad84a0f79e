"""Limits of connections and rates: what is refused, when, and who is not."""

import http.client
import json
import socket
import time
import unittest

import websockets

from test_tokens import Guarded, bearer, find, token
from tallyho_server import PATIENCE, Client


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
        with self.assertRaises(websockets.InvalidStatusCode) as refused:
            await connect("9.9.9.9, 203.0.113.7")
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


if __name__ == "__main__":
    unittest.main()
