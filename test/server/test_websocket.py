"""The WebSocket interface: events, control messages, watches."""

import json
import unittest

from tallyho_server import Client, ServerTest, find


class Events(ServerTest):
    async def test_an_event_is_acked_with_points_total_and_position(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            first = (await client.ask(find("acked", 20, id="a1")))["ack"]
            self.assertEqual({k: first[k] for k in ("id", "code", "points", "total")},
                             {"id": "a1", "code": "ok", "points": 20, "total": 20})
            second = (await client.ask(find("acked", 5)))["ack"]
            self.assertNotIn("id", second)
            self.assertEqual((second["points"], second["total"]), (5, 25))
            self.assertGreater(second["position"], first["position"])

    async def test_ref_comes_back_beside_the_ack_as_it_was_sent(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            for ref in (7, -1, "seven", "", "quote\"\\ü", 9007199254740993):
                answer = await client.ask(find("ref", ref=ref))
                self.assertEqual(answer["ref"], ref)
                self.assertEqual(answer["ack"]["code"], "ok")
                self.assertNotIn("ref", answer["ack"])

    async def test_detail_is_added_once_it_is_asked_for(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            plain = (await client.ask(find("detail", 10)))["ack"]
            self.assertFalse({"fired", "notices", "ranks"} & plain.keys())
            await client.ask({"op": "hello", "detail": ["fired", "notices", "ranks"]})
            ack = (await client.ask(find("detail", 10)))["ack"]
            self.assertEqual(ack["fired"], [["base", 10], ["ten", 0]])
            self.assertEqual(ack["notices"], ["a ten for detail"])
            self.assertEqual(ack["ranks"]["global"].keys(), {"rank", "was"})
            await client.ask({"op": "hello", "detail": []})
            self.assertNotIn("fired", (await client.ask(find("detail", 10)))["ack"])

    async def test_every_message_of_a_frame_is_answered_in_order(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            messages = []
            for i in range(2000):
                kind = i % 5
                messages.append([find("order", 1, ref=i), {"type": "nothing", "player": "order", "ref": i},
                                 {"op": "ping", "ref": i}, {"op": "query", "path": "/v1/boards", "ref": i},
                                 {"op": "what", "ref": i}][kind])
            await client.send(*messages)
            for i in range(2000):
                answer = await client.receive()
                self.assertEqual(answer["ref"], i)
                self.assertIn(["ack", "ack", "pong", "result", "error"][i % 5], answer)

    async def test_frames_in_flight_are_answered_in_order(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            for i in range(500):
                await client.send(find("flight", 1, ref=i) if i % 3 else {"op": "ping", "ref": i})
            for i in range(500):
                self.assertEqual((await client.receive())["ref"], i)

    async def test_empty_lines_are_no_messages_but_an_empty_frame_is_malformed(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            await websocket.send("\n" + json.dumps(find("lines", ref=1)) + "\n\r\n\n" + json.dumps(find("lines",
                        ref=2)) +
                                 "\r\n")
            self.assertEqual([(await client.receive())["ref"] for _ in range(2)], [1, 2])
            for frame in ("", "\n", "\r\n\n"):
                await websocket.send(frame)
                self.assertEqual((await client.receive())["error"]["code"], "malformed")


# What is wrong with an event, and what its ack says. `{}` is the player.
BAD_EVENTS = [
    ('{"player":"{}","value":1}', "missing_field", "type"),
    ('{"type":7,"player":"{}","value":1}', "invalid_field", "type"),
    ('{"type":"nothing","player":"{}","value":1}', "unknown_type", "type"),
    ('{"type":"find","value":1}', "missing_field", "player"),
    ('{"type":"find","player":"","value":1}', "invalid_field", "player"),
    ('{"type":"find","player":"' + "p" * 129 + '","value":1}', "invalid_field", "player"),
    ('{"type":"find","player":"a\\u0000b","value":1}', "invalid_field", "player"),
    ('{"type":"find","player":null,"value":1}', "invalid_field", "player"),
    ('{"type":"find","player":"{}","id":"","value":1}', "invalid_field", "id"),
    ('{"type":"find","player":"{}","id":5,"value":1}', "invalid_field", "id"),
    ('{"type":"find","player":"{}","ts":"yesterday","value":1}', "invalid_field", "ts"),
    ('{"type":"find","player":"{}","ts":1.5,"value":1}', "invalid_field", "ts"),
    ('{"type":"find","player":"{}","ref":1.5,"value":1}', "invalid_field", "ref"),
    ('{"type":"find","player":"{}","ref":[],"value":1}', "invalid_field", "ref"),
    ('{"type":"find","player":"{}"}', "missing_field", "value"),
    ('{"type":"find","player":"{}","value":1.0}', "invalid_field", "value"),
    ('{"type":"find","player":"{}","value":1e2}', "invalid_field", "value"),
    ('{"type":"find","player":"{}","value":"1"}', "invalid_field", "value"),
    ('{"type":"find","player":"{}","value":null}', "invalid_field", "value"),
    ('{"type":"find","player":"{}","value":-1}', "invalid_field", "value"),
    ('{"type":"find","player":"{}","value":1001}', "invalid_field", "value"),
    ('{"type":"find","player":"{}","value":9223372036854775808}', "invalid_field", "value"),
    ('{"type":"find","player":"{}","value":1,"kind":"odd"}', "invalid_field", "kind"),
    ('{"type":"joined","player":"{}","team":"' + "t" * 257 + '"}', "invalid_field", "team"),
    ('{"type":"find","player":"{}","value":1,"ts":0}', "out_of_time", "ts"),
    ('{"type":"find","player":"{}","value":1,"ts":"9999-12-31T23:59:59Z"}', "out_of_time", "ts"),
    ('{"type":"find","player":"{}","value":1,"kind":"forbidden"}', "rejected", None),
    ('{"type":"find","player":"{}","value":1,"kind":"broken"}', "rule_error", None),
    ('{"type":"find","player":"{}","value":1,"x":"' + "x" * 16384 + '"}', "too_large", None),
]

# What is not a well-formed object; or has bytes, depths or members that no object may have.
MALFORMED = [
    " ", "\t", "null", "1", '"text"', "[]", "[1]", "{", "}", "{]", '{"type"', '{"type":', '{"type":"find"', "{,}",
    '{"a":1,}', '{"a" 1}', "{'a':1}", '{"a":01}', '{"a":+1}', '{"a":.5}', '{"a":0x10}', '{"a":NaN}', '{"a":Infinity}',
    '{"a":1}{"a":1}', '{"a":1} x', "\ufeff{}", '{"a":"\t"}', '{"a":"\\x"}', '{"a":"\\ud800"}', '{"a":"\\udc00"}',
    '{"a":"\\ud800\\u0041"}', '{"a":1,"a":2}', '{"id":"x","\\u0069d":"y"}', '{"a":{"b":1,"b":2}}',
    '{"a":' + "[" * 32 + "]" * 32 + "}", '{"a":' * 33 + "1" + "}" * 33, "[" * 16000, '{"a":' * 3000,
    '{"op":"ping","op":"ping"}', '{"op":"ping"}x',
]


class Refusals(ServerTest):
    async def test_what_is_wrong_with_an_event_is_in_its_ack_and_changes_nothing(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            await client.ask(find("ada", 100))
            before = self.server.everything()
            for event, code, field in BAD_EVENTS:
                with self.subTest(event[:100]):
                    ack = (await client.ask(event.replace("{}", "ada")))["ack"]
                    self.assertEqual(ack["code"], code)
                    self.assertEqual(ack.get("field"), field)
                    self.assertTrue(ack["message"])
                    self.assertFalse({"points", "total"} & ack.keys())
            self.assertEqual(self.server.everything(), before)
            self.assertEqual((await client.ask(find("ada", 1)))["ack"]["total"], 101)

    async def test_what_is_known_of_a_refused_event_is_in_its_ack(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            answer = await client.ask('{"id":"i","ref":3,"type":"find","player":"ada"}')
            self.assertEqual((answer["ack"]["id"], answer["ref"]), ("i", 3))
            answer = await client.ask('{"id":"i","ref":3,"type":"find","player":"ada","value":1,"kind":"forbidden"}')
            self.assertEqual((answer["ack"]["id"], answer["ack"]["rule"], answer["ack"]["message"], answer["ref"]),
                             ("i", "no-forbidden", "forbidden", 3))
            answer = await client.ask('{"type":"find","player":"ada","value":1,"kind":"broken"}')
            self.assertEqual(answer["ack"]["rule"], "divides-by-zero")

    async def test_a_malformed_message_is_an_error_and_changes_nothing(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            await client.ask(find("bob", 100))
            before = self.server.everything()
            for message in MALFORMED:
                with self.subTest(message[:60]):
                    error = (await client.ask(message))["error"]
                    self.assertEqual(error["code"], "malformed")
                    self.assertTrue(error["message"])
            self.assertEqual(self.server.everything(), before)

    async def test_an_event_cut_short_anywhere_is_malformed(self):
        event = json.dumps(find("cut", 7, id="ü", kind="plain"))
        async with self.server.connect() as websocket:
            client = Client(websocket)
            await client.send(*[event[:length] for length in range(1, len(event))])
            for length in range(1, len(event)):
                self.assertEqual((await client.receive())["error"]["code"], "malformed", event[:length])
            self.assertEqual(self.server.get("/v1/players/cut")[0], 404)

    async def test_a_duplicate_carries_the_first_points_and_the_total_now(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            await client.ask(find("dup", 7, id="d1"))
            await client.ask(find("dup", 5, id="d2"))
            ack = (await client.ask(find("dup", 999, id="d1")))["ack"]
            self.assertEqual((ack["code"], ack["points"], ack["total"]), ("duplicate", 7, 12))
            # Over HTTP it is the same sender.
            status, result = self.server.post_event(find("dup", 1, id="d2"))
            self.assertEqual((status, result["code"], result["points"]), (200, "duplicate", 5))

    async def test_an_event_just_within_the_limit_is_taken(self):
        event = json.dumps(find("large", 1, x=""))
        padded = event.replace('"x": ""', '"x": "' + "x" * (16384 - len(event)) + '"')
        self.assertEqual(len(padded), 16384)
        async with self.server.connect() as websocket:
            client = Client(websocket)
            self.assertEqual((await client.ask(padded))["ack"]["code"], "ok")
            self.assertEqual((await client.ask(padded + " "))["ack"]["code"], "too_large")


BAD_CONTROLS = [
    {"op": "what"}, {"op": ""}, {"op": 7}, {"op": None}, {"op": {}}, {"op": "ping", "x": 1}, {"op": "ping", "ref": 1.5},
    {"op": "hello", "detail": "fired"}, {"op": "hello", "detail": ["fires"]}, {"op": "hello", "token": 1},
    {"op": "watch"}, {"op": "watch", "board": 1}, {"op": "watch", "board": "global", "top": 0},
    {"op": "watch", "board": "global", "top": 1001}, {"op": "watch", "board": "global", "top": 1.0},
    {"op": "watch", "board": "global", "top": "3"}, {"op": "watch", "board": "global", "top": 3, "around": "ada"},
    {"op": "watch", "board": "global", "radius": 3}, {"op": "watch", "board": "global", "around": "a", "radius": 51},
    {"op": "watch", "board": "global", "since": -1}, {"op": "watch", "board": "global", "limit": 3},
    {"op": "watch", "board": "global", "group": "x"}, {"op": "watch", "board": "global", "window": "2026-01-01"},
    {"op": "watch", "board": "teams"}, {"op": "watch", "player": ""}, {"op": "watch", "player": "ada", "top": 3},
    {"op": "watch", "player": "ada", "board": "global"},
    {"op": "unwatch"}, {"op": "unwatch", "watch": None}, {"op": "query"}, {"op": "query", "path": 1},
    {"op": "query", "path": ""}, {"op": "query", "path": "v1/boards"}, {"op": "query", "path": "/v1/events"},
    {"op": "query", "path": "/v1/boards/global?limit=0"}, {"op": "query", "path": "/v1/boards/global?x=1"},
    {"op": "query", "path": "/v1/boards/%"}, {"op": "query", "path": "/v1/boards/global/ranks"},
    {"op": "query", "path": "/v1/boards", "body": 1},
]

NOT_FOUND = [
    {"op": "watch", "board": "nothing"}, {"op": "watch", "board": "teams", "group": "nobody"},
    {"op": "watch", "board": "today", "window": "1999-01-01"}, {"op": "watch", "board": "global", "around": "nobody"},
    {"op": "watch", "player": "nobody"}, {"op": "unwatch", "watch": 77}, {"op": "unwatch", "watch": "x"},
    {"op": "query", "path": "/v1/boards/nothing"}, {"op": "query", "path": "/v1/nothing"},
    {"op": "query", "path": "/v1/players/nobody"}, {"op": "query", "path": "/v1/boards/global/members/nobody"},
    {"op": "query", "path": "/v1/boards/today?window=1999-01-01"}, {"op": "query", "path": "/metrics"},
]


class Controls(ServerTest):
    async def test_hello_tells_who_one_talks_to(self):
        async with self.server.connect() as websocket:
            hello = (await Client(websocket).ask({"op": "hello", "ref": "h"}))
            self.assertEqual(hello["ref"], "h")
            hello = hello["hello"]
            self.assertRegex(hello["log"], "^[0-9a-f]{32}$")
            self.assertEqual(hello["ruleset"]["name"], "test-game")
            self.assertRegex(hello["ruleset"]["hash"], "^[0-9a-f]{32}$")
            self.assertEqual(hello["roles"], ["ingest", "read"])
            self.assertIsNone(hello["player"])
            self.assertEqual(
                {k: hello["limits"][k] for k in ("event_bytes_max", "frame_bytes_max", "watches_max", "top_max",
                                                 "radius_max", "groups_max", "keys_max", "players_max")},
                {"event_bytes_max": 16384, "frame_bytes_max": 1048576, "watches_max": 64, "top_max": 1000,
                 "radius_max": 50, "groups_max": 10000, "keys_max": 10000000, "players_max": 10000000})

    async def test_ping_tells_the_time(self):
        async with self.server.connect() as websocket:
            pong = await Client(websocket).ask({"op": "ping", "ref": 1})
            self.assertEqual(pong["ref"], 1)
            self.assertGreater(pong["pong"]["time"], 1_600_000_000_000)

    async def test_an_op_may_be_spelled_with_escapes(self):
        async with self.server.connect() as websocket:
            self.assertIn("pong", await Client(websocket).ask('{"\\u006fp":"ping"}'))

    async def test_op_in_a_value_does_not_make_an_event_a_control_message(self):
        async with self.server.connect() as websocket:
            answer = await Client(websocket).ask(find("op", x={"op": "ping"}))
            self.assertEqual(answer["ack"]["code"], "ok")

    async def test_bad_control_messages_are_invalid_arguments_and_the_connection_works_on(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            await client.ask(find("ada"))
            for message in BAD_CONTROLS:
                with self.subTest(message):
                    error = (await client.ask(message))["error"]
                    self.assertEqual(error["code"], "invalid_argument")
                    self.assertTrue(error["message"])
            self.assertIn("pong", await client.ask({"op": "ping"}))

    async def test_what_does_not_exist_is_not_found(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            for message in NOT_FOUND:
                with self.subTest(message):
                    answer = await client.ask({**message, "ref": 5})
                    self.assertEqual((answer["error"]["code"], answer["ref"]), ("not_found", 5))

    async def test_a_query_reads_its_own_events(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            await client.send(find("own", 42), {"op": "query", "path": "/v1/players/own", "ref": "q"})
            position = (await client.receive())["ack"]["position"]
            answer = await client.receive()
            self.assertEqual((answer["ref"], answer["result"]["total"]), ("q", 42))
            self.assertEqual(answer["result"]["version"], position)
            self.assertEqual(answer["result"]["state"]["finds"], 1)


if __name__ == "__main__":
    unittest.main()
