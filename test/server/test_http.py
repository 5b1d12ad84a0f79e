"""The HTTP interface: events, reads, problems."""

import http.client
import json
import socket
import unittest

from tallyho_server import PATIENCE, Server, ServerTest, find


class Events(ServerTest):
    def test_one_event_is_answered_with_its_result_and_its_status(self):
        status, headers, body = self.server.post_events(find("one", 20, id="i1", ref=5))
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
        result = json.loads(body)
        self.assertEqual({k: result[k] for k in ("id", "code", "points", "total", "ref")},
                         {"id": "i1", "code": "ok", "points": 20, "total": 20, "ref": 5})
        for event, status, code in [
                ({"type": "find", "player": "one"}, 400, "missing_field"),
                ({"type": "x", "player": "one"}, 400, "unknown_type"),
                (find("one", -1), 400, "invalid_field"), (find("one", ts=0), 400, "out_of_time"),
                (find("one", 3, id="i1"), 200, "duplicate"), (find("one", kind="forbidden"), 422, "rejected"),
                (find("one", kind="broken"), 422, "rule_error"), (find("one", x="x" * 16384), 413, "too_large")]:
            with self.subTest(code):
                got, result = self.server.post_event(event)
                self.assertEqual((got, result["code"]), (status, code))
        for body in ("", "{", "nothing", "7"):
            status, _, answer = self.server.post_events(body)
            self.assertEqual((status, json.loads(answer)["code"]), (400, "malformed"))
        self.assertEqual(self.server.get("/v1/players/one")[1]["total"], 20)

    def test_what_is_no_json_is_malformed_alone_among_lines_and_in_an_array(self):
        """Bytes that a WebSocket's text cannot have, and some of what it can: one event, a line, an element."""
        event = json.dumps(find("no json", 1))
        for bad in (b"\xef\xbb\xbf" + event.encode(), event.encode("utf-16"), event.encode("utf-16-le"),
                    event.encode("utf-32"), event.encode() + b"\x00", b"\x00" + event.encode(),
                    b'{"a":"\xff"}', b'{"a":"\xc0\x80"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\xed\xa0\xbd\xed\xb8\x80"}',
                    b'{"a":"\xf5\x80\x80\x80"}', b'{"a":"\xc3"}', b'{"\x80":1}', b'{"a":"\\ud800"}', b'{"a":"\x1f"}',
                    b'{"a":"\x00"}', b'{"a":1,"\\u0061":2}', b'{"a":NaN}', b'{"a":01}', b'{"a":1.}', b'{"a":0x1}',
                    b'{"a":1,}', b"{'a':1}", b'{"a":1}//', b"nul", b"{" * 10000, b'{"a":' * 33 + b"1" + b"}" * 33):
            with self.subTest(bad[:60]):
                status, _, body = self.server.post_events(bad)
                self.assertEqual((status, json.loads(body)["code"]), (400, "malformed"))
                if b"\n" in bad:
                    continue
                lines = b"\n".join((event.encode(), bad, event.encode()))
                status, _, body = self.server.post_events(lines, "application/x-ndjson")
                codes = [json.loads(line)["code"] for line in body.splitlines()]
                self.assertEqual((status, codes), (200, ["ok", "malformed", "ok"]))
        status, _, body = self.server.post_events(b"[" + event.encode() + b"," + event.encode() + b"\x00]")
        self.assertEqual((status, [result["code"] for result in json.loads(body)]), (200, ["ok", "malformed"]))

    def test_an_array_is_answered_with_an_array(self):
        events = [find("many", i, ref=i) for i in range(100)] + [{"type": "x"}, 7, [], {"a": [1, "]", "}"]}]
        status, headers, body = self.server.post_events(events)
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
        results = json.loads(body)
        self.assertEqual([r["code"] for r in results],
                         ["ok"] * 100 + ["unknown_type", "malformed", "malformed", "missing_field"])
        self.assertEqual([r["ref"] for r in results[:100]], list(range(100)))
        self.assertEqual(self.server.get("/v1/players/many")[1]["total"], sum(range(100)))

    def test_an_empty_array_is_answered_with_one(self):
        for body in ("[]", " [ ] "):
            self.assertEqual(self.server.post_events(body)[2], b"[]")

    def test_nothing_is_taken_of_an_array_that_is_none(self):
        event = json.dumps(find("torn"))
        for body in (f"[{event}", f"[{event}]]", f"[{event}}}", f"[{event}] [", f'[{event},"]', f"[{event},{{]",
                    f"[{event}]x"):
            status, headers, answer = self.server.post_events(body)
            self.assertEqual((status, headers["Content-Type"], json.loads(answer)["code"]),
                             (400, "application/problem+json", "malformed"), body)
        self.assertEqual(self.server.get("/v1/players/torn")[0], 404)

    def test_lines_are_answered_with_lines(self):
        lines = [json.dumps(find("lines", i)) for i in range(50)]
        lines[20] = "{"
        body = "\n".join(lines[:30]) + "\n\n\r\n" + "\r\n".join(lines[30:])
        status, headers, answer = self.server.post_events(body, "application/x-ndjson")
        self.assertEqual((status, headers["Content-Type"]), (200, "application/x-ndjson"))
        self.assertTrue(answer.endswith(b"\n"))
        codes = [json.loads(line)["code"] for line in answer.decode().splitlines()]
        self.assertEqual(codes, ["ok"] * 20 + ["malformed"] + ["ok"] * 29)
        self.assertEqual(self.server.post_events("", "application/x-ndjson")[::2], (200, b""))

    def test_detail_is_a_parameter(self):
        status, result = self.server.post_event(find("detail", 10), "?detail=fired,notices,ranks")
        self.assertEqual((status, result["fired"], result["notices"]), (200, [["base", 10], ["ten", 0]],
                 ["a ten for detail"]))
        self.assertEqual(result["ranks"]["best"].keys(), {"rank"})
        for query in ("?detail=fires", "?details=fired", "?detail=fired&detail=ranks"):
            status, problem = self.server.post_event(find("detail"), query)
            self.assertEqual((status, problem["code"]), (400, "invalid_argument"))

    def test_the_content_type_says_how(self):
        for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""):
            status, _, body = self.server.post_events(find("typed"), content_type)
            self.assertEqual((status, json.loads(body)["code"]), (415, "invalid_argument"), content_type)
        self.assertEqual(self.server.post_events(find("typed"), "Application/JSON; charset=utf-8")[0], 200)

    def test_a_body_over_the_limit_is_too_large(self):
        body = "\n".join([json.dumps(find("big"))] * 30_000)
        self.assertGreater(len(body), 1 << 20)
        status, headers, answer = self.server.post_events(body, "application/x-ndjson")
        self.assertEqual((status, headers["Content-Type"], json.loads(answer)["code"]),
                         (413, "application/problem+json", "too_large"))
        self.assertEqual(self.server.get("/v1/players/big")[0], 404)


class Reads(ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for i in range(25):
            cls.server.post_event(find(f"m{i:02}", 100 - i // 2))
        cls.server.post_event({"type": "joined", "player": "m00", "team": "red & blue"})

    def test_boards_are_listed(self):
        boards = {board["id"]: board for board in self.server.get("/v1/boards")[1]["boards"]}
        self.assertEqual(list(boards), ["global", "today", "teams", "best"])
        self.assertEqual({k: boards["global"][k] for k in ("order", "operator", "size")},
                         {"order": "descending", "operator": "sum", "size": 25})
        self.assertEqual(boards["best"]["operator"], "best")
        self.assertEqual(boards["teams"]["groups"], 1)
        window = boards["today"]["windows"][0]
        self.assertEqual((window["starts"], boards["today"]["resets_at"]), (window["window"] + "T00:00:00Z",
                 window["ends"]))

    def test_a_page_has_ranks_and_a_cursor_to_the_next(self):
        page = self.server.get("/v1/boards/best")[1]
        self.assertEqual((page["board"], page["of"], len(page["members"])), ("best", 25, 10))
        self.assertEqual(page["members"][0], {"rank": 1, "member": "m00", "value": 100})
        seen = []
        path = "/v1/boards/best?limit=4"
        cursor = ""
        while True:
            page = self.server.get(path + cursor)[1]
            seen += page["members"]
            if "cursor" not in page:
                break
            cursor = "&cursor=" + page["cursor"]
        self.assertEqual([m["member"] for m in seen], [f"m{i:02}" for i in range(25)])
        self.assertEqual([m["rank"] for m in seen], list(range(1, 26)))

    def test_who_does_not_move_is_seen_once_though_others_do(self):
        for i in range(30):
            self.server.post_event(find(f"page{i:02}", 900 - i))
        seen = []
        page = self.server.get("/v1/boards/best?limit=5")[1]
        for i in range(20):
            seen += [m["member"] for m in page["members"]]
            if "cursor" not in page:
                break
            self.server.post_event(find(f"page{29 - i}", 950 + i))  # From behind the cursor to before it.
            page = self.server.get("/v1/boards/best?limit=5&cursor=" + page["cursor"])[1]
        still = [f"page{i:02}" for i in range(10)] + [f"m{i:02}" for i in range(25)]
        for member in still:
            self.assertEqual(seen.count(member), 1, member)

    def test_offsets_and_rankings(self):
        page = self.server.get("/v1/boards/best?offset=20&limit=1000")[1]
        self.assertEqual(page["members"][0]["rank"], 21)
        self.assertNotIn("cursor", page)
        self.assertEqual(self.server.get("/v1/boards/best?offset=1000")[1]["members"], [])
        names = [m["member"] for m in self.server.get("/v1/boards/best?limit=1000")[1]["members"]]
        at = names.index("m00")
        for ranking, ranks in (("competition", [1, 1, 3, 3, 5]), ("dense", [1, 1, 2, 2, 3])):
            page = self.server.get(f"/v1/boards/best?ranking={ranking}&limit=5&offset={at}")[1]
            self.assertEqual([m["rank"] - page["members"][0]["rank"] + 1 for m in page["members"]], ranks)

    def test_a_member_has_a_rank_a_percentile_and_neighbours(self):
        of = self.server.get("/v1/boards/best")[1]["of"]
        member = self.server.get("/v1/boards/best/members/m04?around=2")[1]
        self.assertEqual((member["member"], member["value"], member["of"]), ("m04", 98, of))
        self.assertAlmostEqual(member["percentile"], 100 * (of - member["rank"]) / of)
        self.assertEqual([m["member"] for m in member["around"]], ["m02", "m03", "m04", "m05", "m06"])

    def test_the_ranks_of_some_members(self):
        status, _, body = self.server.request(
            "POST", "/v1/boards/best/ranks", json.dumps({"members": ["m03", "nobody", "m01", "m01"]}),
            {"Content-Type": "application/json"})
        answer = json.loads(body)
        self.assertEqual((status, answer["absent"]), (200, ["nobody"]))
        self.assertEqual([m["member"] for m in answer["members"]], ["m01", "m03"])
        for body, code in (("{", "malformed"), ("[]", "invalid_argument"), ('{"members":[1]}', "invalid_argument"),
                           ('{"members":"m01"}', "invalid_argument"), ('{"members":[],"x":1}', "invalid_argument"),
                           (json.dumps({"members": ["m"] * 1001}), "invalid_argument")):
            status, _, answer = self.server.request("POST", "/v1/boards/best/ranks", body,
                                                    {"Content-Type": "application/json"})
            self.assertEqual((status, json.loads(answer)["code"]), (400, code), body[:40])

    def test_a_player_has_a_total_ranks_and_state(self):
        player = self.server.get("/v1/players/m00")[1]
        self.assertEqual((player["player"], player["total"], player["banned"]), ("m00", 101, False))
        self.assertEqual(player["ranks"]["global"]["value"], 101)
        self.assertEqual((player["ranks"]["teams"]["group"], player["ranks"]["teams"]["rank"]), ("red & blue", 1))
        self.assertEqual(player["state"], {"team": "red & blue", "finds": 1})

    def test_groups_are_named_with_percent_signs(self):
        page = self.server.get("/v1/boards/teams?group=red%20%26+blue")[1]
        self.assertEqual((page["group"], page["of"]), ("red & blue", 1))

    def test_the_ruleset_is_there_with_its_hash(self):
        ruleset = self.server.get("/v1/ruleset")[1]
        self.assertEqual(ruleset["name"], "test-game")
        self.assertIn("id: divides-by-zero", ruleset["source"])

    def test_problems_are_documents_with_a_code(self):
        for method, path, status, code in [
                ("GET", "/", 404, "not_found"), ("GET", "/v1", 404, "not_found"),
                ("GET", "/v1/boards/x", 404, "not_found"),
                ("GET", "/v1/boards/best/members/x", 404, "not_found"), ("GET", "/v1/players/x", 404, "not_found"),
                ("GET", "/v1/boards/teams?group=x", 404, "not_found"),
                ("GET", "/v1/boards/today?window=x", 404, "not_found"),
                ("GET", "/v1/boards/teams", 400, "invalid_argument"),
                ("GET", "/v1/boards/best?group=x", 400, "invalid_argument"),
                ("GET", "/v1/boards/best?limit=0", 400, "invalid_argument"),
                ("GET", "/v1/boards/best?x=1", 400, "invalid_argument"),
                ("GET", "/v1/boards/best?limit=1&limit=1", 400, "invalid_argument"),
                ("GET", "/v1/boards/best?cursor=x", 400, "invalid_argument"),
                ("GET", "/v1/boards/%zz", 400, "invalid_argument"),
                ("GET", "/v1/players/%ff", 400, "invalid_argument"), ("GET", "/v1/events", 405, "invalid_argument"),
                ("POST", "/v1/boards", 405, "invalid_argument"), ("DELETE", "/v1/players/m00", 405, "invalid_argument"),
                ("BREW", "/v1/boards", 405, "invalid_argument"), ("GET", "/v1/ws", 426, "invalid_argument")]:
            with self.subTest(path):
                got, headers, body = self.server.request(method, path)
                problem = json.loads(body)
                self.assertEqual((got, problem["status"], problem["code"]), (status, status, code))
                self.assertEqual(headers["Content-Type"], "application/problem+json")
                self.assertEqual(problem["type"], "urn:tallyho:code:" + code)
                self.assertTrue(problem["title"] and problem["detail"])
        self.assertEqual(self.server.request("PUT", "/v1/boards")[1]["Allow"], "GET, HEAD")
        self.assertEqual(self.server.request("GET", "/v1/events")[1]["Allow"], "POST")

    def test_head_is_get_without_the_body(self):
        status, headers, body = self.server.request("HEAD", "/v1/ruleset")
        self.assertEqual((status, body), (200, b""))
        self.assertEqual(int(headers["Content-Length"]), len(self.server.request("GET", "/v1/ruleset")[2]))


class Wire(ServerTest):
    def exchange(self, request, admin=False):
        """Sends bytes, and returns all that comes until the server closes."""
        with socket.create_connection(("127.0.0.1", self.server.admin_port if admin else self.server.port),
                                      PATIENCE) as connection:
            connection.sendall(request)
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
            return answer

    def test_a_connection_serves_many_requests(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        for i in range(100):
            connection.request("POST", "/v1/events", json.dumps(find("alive", 1)), {"Content-Type": "application/json"})
            self.assertEqual(json.loads(connection.getresponse().read())["total"], i + 1)
        connection.close()

    def test_requests_may_be_sent_ahead(self):
        one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        answer = self.exchange(one * 20 + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        self.assertEqual(answer.count(b"HTTP/1.1 200 OK"), 21)

    def test_expect_continue_is_answered_before_the_body(self):
        body = json.dumps(find("expect")).encode()
        with socket.create_connection(("127.0.0.1", self.server.port), PATIENCE) as connection:
            connection.sendall(b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                               b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % len(body))
            self.assertTrue(connection.recv(65536).startswith(b"HTTP/1.1 100 Continue"))
            connection.sendall(body)
            self.assertIn(b'"code":"ok"', connection.recv(65536))

    def test_a_body_in_chunks_is_taken(self):
        body = json.dumps(find("chunks")).encode()
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:5], body[5:])) + b"0\r\n\r\n"
        answer = self.exchange(b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                               b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
        self.assertIn(b'"code":"ok"', answer)

    def test_what_is_not_http_is_refused_and_closed(self):
        for request in (b"\x16\x03\x01\x02\x00\r\n\r\n", b"HELLO\r\n\r\n", b"GET /healthz HTTP/9.9\r\n\r\n",
                        b"GET  HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nbroken\r\n\r\n",
                        b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
                        b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
                        b"Content-Length: 2\r\n\r\n",
                        b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                        b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"):
            with self.subTest(request):
                self.assertTrue(self.exchange(request).startswith(b"HTTP/1.1 400 "))
        header = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 9000 + b"\r\n\r\n"
        self.assertTrue(self.exchange(header).startswith(b"HTTP/1.1 431 "))

    def test_hosts_and_origins_from_elsewhere_are_refused(self):
        for headers in ({"Host": "rebound.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"},
                        {"Origin": "http://localhost.evil.example"}):
            status, _, body = self.server.request("GET", "/v1/boards", headers=headers)
            self.assertEqual((status, json.loads(body)["code"]), (403, "unauthorized"), headers)
            upgrade = {**headers, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                       "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
            self.assertEqual(self.server.request("GET", "/v1/ws", headers=upgrade)[0], 403)
        self.assertEqual(self.server.request("GET", "/v1/boards", headers={"Origin": "http://localhost:3000"})[0], 200)


class Admin(ServerTest):
    def test_health_and_readiness_are_on_both_listeners(self):
        for admin in (False, True):
            for path in ("/healthz", "/readyz"):
                self.assertEqual(self.server.get(path, admin=admin), (200, {"status": "ok"}))

    def test_clients_are_not_served_on_the_admin_listener(self):
        status, _, _ = self.server.request("POST", "/v1/events", json.dumps(find("admin")),
                                           {"Content-Type": "application/json"}, admin=True)
        self.assertEqual(status, 404)
        self.assertEqual(self.server.request("GET", "/v1/ws", admin=True)[0], 404)

    def test_the_admin_listener_wants_its_own_host_and_no_origin(self):
        for headers in ({"Host": "rebound.example"}, {"Origin": "http://localhost:7071"}):
            self.assertEqual(self.server.request("GET", "/metrics", headers=headers, admin=True)[0], 403)

    def test_metrics_count_what_happened(self):
        self.assertEqual(self.server.metric('tallyho_events_total{code="rejected"}'), 0)
        self.server.post_event(find("metrics", 10))
        self.server.post_event(find("metrics", kind="forbidden"))
        self.server.post_event("{")
        for code, count in (("ok", 1), ("rejected", 1), ("malformed", 1), ("internal", 0)):
            self.assertEqual(self.server.metric(f'tallyho_events_total{{code="{code}"}}'), count)
        self.assertEqual(self.server.metric('tallyho_rule_fired_total{rule="ten"}'), 1)
        self.assertEqual(self.server.metric("tallyho_players"), 1)
        self.assertEqual(self.server.metric("tallyho_event_seconds_count"), 3)
        self.assertGreater(self.server.metric('tallyho_memory_bytes{class="players"}'), 0)
        self.assertEqual(self.server.metric("tallyho_hand_overs_total"), 0)
        self.server.post_event(find("metrics", kind="broken"))
        self.assertEqual(self.server.metric("tallyho_hand_overs_total"), 1)
        _, headers, _ = self.server.request("GET", "/metrics", admin=True)
        self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertEqual(self.server.request("GET", "/metrics")[0], 200)


if __name__ == "__main__":
    unittest.main()
