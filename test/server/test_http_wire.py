"""HTTP as it should not be: requests that two servers would read differently, that never end, or that are something
else. Each is refused and its connection closed, and what was hidden behind it is not served."""

import json
import socket
import struct
import time
import unittest

from raw_websocket import TEXT, frame
from tallyho_server import PATIENCE, ServerTest, find

HOST = b"Host: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"


class HttpWire(ServerTest):
    def talk(self, *parts):
        """Sends bytes, and reads to the end of the connection."""
        with socket.create_connection(("127.0.0.1", self.server.port), PATIENCE) as peer:
            try:
                for part in parts:
                    peer.sendall(part)
                peer.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # It has heard enough.
            got = b""
            try:
                while chunk := peer.recv(65536):
                    got += chunk
            except ConnectionResetError:
                pass
            return got

    def statuses(self, answer):
        return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]

    def hidden(self, player):
        """A request to be smuggled, and what tells whether it was served."""
        event = json.dumps(find(player, 1)).encode()
        return b"POST /v1/events HTTP/1.1\r\n" + HOST + JSON + b"Content-Length: %d\r\n\r\n" % len(event) + event

    def assert_refused(self, name, request, statuses=(400,)):
        player = "hidden " + name
        answer = self.talk(request + self.hidden(player))
        got = self.statuses(answer)
        self.assertEqual(len(got), 1, (name, answer))
        self.assertIn(got[0], statuses, (name, answer))
        self.assertIn(b"application/problem+json", answer, name)
        self.assertIn(b"Connection: close", answer, name)
        status, _ = self.server.get("/v1/players/" + player.replace(" ", "%20"))
        self.assertEqual(status, 404, f"{name}: what was hidden behind it was served")

    def test_lengths_that_contradict_each_other_are_refused(self):
        post = b"POST /v1/events HTTP/1.1\r\n" + HOST + JSON
        chunked = b"Transfer-Encoding: chunked\r\n"
        cases = {
            "length and chunks": post + b"Content-Length: 4\r\n" + chunked + b"\r\n0\r\n\r\n",
            "chunks and length": post + chunked + b"Content-Length: 4\r\n\r\n0\r\n\r\n",
            "two lengths": post + b"Content-Length: 2\r\nContent-Length: 7\r\n\r\n{}",
            "a list of lengths": post + b"Content-Length: 2, 7\r\n\r\n{}",
            "a negative length": post + b"Content-Length: -1\r\n\r\n{}",
            "a length with a sign": post + b"Content-Length: +2\r\n\r\n{}",
            "a length in hex": post + b"Content-Length: 0x2\r\n\r\n{}",
            "an empty length": post + b"Content-Length: \r\n\r\n{}",
            "a length beyond 64 bits": post + b"Content-Length: 18446744073709551618\r\n\r\n{}",
            "the same length twice": post + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
            "a list of the same length": post + b"Content-Length: 2, 2\r\n\r\n{}",
        }
        for name, request in cases.items():
            self.assert_refused(name, request, (400, 413))

    # Beast takes a coding that it does not know for no body: what stood in it was served as the next request.
    def test_codings_other_than_chunked_are_refused(self):
        def post(version=b"1.1"):
            return b"POST /v1/events HTTP/" + version + b"\r\n" + HOST + JSON + b"Transfer-Encoding: "

        cases = {
            "an unknown coding": post() + b"xchunked\r\n\r\n",
            "identity": post() + b"identity\r\n\r\n",
            "identity and a length": post() + b"identity\r\nContent-Length: 2\r\n\r\n{}",
            "an empty coding": post() + b"\r\n\r\n",
            "another one before it": post() + b"gzip, chunked\r\n\r\n0\r\n\r\n",
            "another one behind it": post() + b"chunked, gzip\r\n\r\n0\r\n\r\n",
            "chunked twice": post() + b"chunked, chunked\r\n\r\n0\r\n\r\n",
            "chunked twice in two headers": post() + b"chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "chunked in quotes": post() + b"\"chunked\"\r\n\r\n0\r\n\r\n",
            "chunked in HTTP 1.0": post(b"1.0") + b"chunked\r\n\r\n0\r\n\r\n",
            "chunked behind a vertical tab": post() + b"\x0bchunked\r\n\r\n0\r\n\r\n",
        }
        for name, request in cases.items():
            self.assert_refused(name, request)

    def test_chunks_that_are_none_are_refused(self):
        post = b"POST /v1/events HTTP/1.1\r\n" + HOST + JSON + b"Transfer-Encoding: chunked\r\n\r\n"
        cases = {
            "a size beyond 64 bits": post + b"fffffffffffffffff\r\n{}\r\n0\r\n\r\n",
            "a size that wraps": post + b"10000000000000002\r\n{}\r\n0\r\n\r\n",
            "a negative size": post + b"-2\r\n{}\r\n0\r\n\r\n",
            "no size": post + b"\r\n{}\r\n0\r\n\r\n",
            "no hex": post + b"xyz\r\n{}\r\n0\r\n\r\n",
            "more than the size": post + b"2\r\n{}{}\r\n0\r\n\r\n",
        }
        for name, request in cases.items():
            self.assert_refused(name, request, (400, 413))

    def test_bodies_that_end_too_early_are_told_so(self):
        event = json.dumps(find("half", 1)).encode()
        post = b"POST /v1/events HTTP/1.1\r\n" + HOST + JSON
        chunk = b"%x\r\n%s" % (len(event), event)
        for body in (b"", b"0", b"0\r\n\r", b"5", chunk, chunk + b"\r\n"):
            answer = self.talk(post + b"Transfer-Encoding: chunked\r\n\r\n" + body)
            self.assertEqual(self.statuses(answer), [400], body)
        answer = self.talk(post + b"Content-Length: %d\r\n\r\n" % (len(event) + 1) + event)
        self.assertEqual(self.statuses(answer), [400])
        self.assertEqual(self.server.get("/v1/players/half")[0], 404)

    def test_a_chunked_body_over_the_limit_is_too_large(self):
        post = b"POST /v1/events HTTP/1.1\r\n" + HOST + JSON + b"Transfer-Encoding: chunked\r\n\r\n"
        chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
        answer = self.talk(post, *[chunk] * 32, b"0\r\n\r\n")
        self.assertEqual(self.statuses(answer), [413])

    def test_chunks_may_have_extensions_and_trailers(self):
        event = json.dumps(find("chunks", 5)).encode()
        answer = self.talk(b"POST /v1/events HTTP/1.1\r\n" + HOST + JSON + b"Transfer-Encoding: chunked\r\n\r\n"
                           + b'%x;name="value"\r\n' % len(event) + event + b"\r\n0\r\nTrailer: value\r\n\r\n")
        self.assertEqual(self.statuses(answer), [200])

    # Beast has no limit for them: a name or a value of 64 KiB ended the server, and a line without an end grew for as
    # long as a body may take.
    def test_lines_of_chunks_and_trailers_have_a_limit(self):
        post = b"POST /v1/events HTTP/1.1\r\n" + HOST + JSON + b"Transfer-Encoding: chunked\r\n\r\n"
        for name, rest in (("a value", b"0\r\nX: " + b"a" * 70_000 + b"\r\n\r\n"),
                           ("a name", b"0\r\n" + b"a" * 70_000 + b": x\r\n\r\n"),
                           ("fields", b"0\r\n" + b"X: y\r\n" * 20_000 + b"\r\n"),
                           ("an extension", b"1;" + b"a" * 70_000 + b"\r\n \r\n0\r\n\r\n"),
                           ("no end", b"1;" + b"a" * 8_000_000)):
            self.assertIn(self.statuses(self.talk(post, rest)), ([431], []), name)
            self.assertEqual(self.server.get("/healthz")[0], 200, name)

    def test_trailers_are_no_headers(self):
        event = json.dumps(find("trailers", 5)).encode()
        trailer = (b"Origin: https://evil.example\r\nHost: evil.example\r\nContent-Type: text/plain\r\n"
                   b"Connection: close\r\nAuthorization: Bearer none\r\n")
        answer = self.talk(b"POST /v1/events HTTP/1.1\r\n" + HOST + JSON + b"Transfer-Encoding: chunked\r\n\r\n"
                           + b"%x\r\n" % len(event) + event + b"\r\n0\r\n" + trailer + b"\r\n"
                           + b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        self.assertEqual(self.statuses(answer), [200, 200])
        upgrade = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        answer = self.talk(b"GET /v1/ws HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + upgrade
                           + key + b"\r\n")
        self.assertEqual(self.statuses(answer), [426])

    # Beast asserts that the end of an empty body does not come byte by byte: a server built with assertions was ended
    # by it. Found by http_fuzz.
    def test_a_body_in_chunks_may_come_byte_by_byte(self):
        event = json.dumps(find("bytes", 5)).encode()
        for body, status in ((b"0\r\n\r\n", 400), (b"0\r\nA: b\r\n\r\n", 400), (b"000;a\r\n\r\n", 400),
                             (b"%x\r\n%s\r\n0\r\n\r\n" % (len(event), event), 200)):
            request = (b"POST /v1/events HTTP/1.1\r\n" + HOST + JSON + b"Transfer-Encoding: chunked\r\n\r\n" + body
                       + b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
            with socket.create_connection(("127.0.0.1", self.server.port), PATIENCE) as peer:
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for byte in request:
                    peer.sendall(bytes([byte]))
                    time.sleep(0.0002)  # So that most come alone. If they don't the test is easier, and no less true.
                answer = b"".join(iter(lambda: peer.recv(65536), b""))
            self.assertEqual(self.statuses(answer), [status, 200], body)

    def test_request_lines_and_headers_that_are_none_are_refused(self):
        cases = {
            "no version": b"GET /healthz\r\n" + HOST + b"\r\n",
            "another version": b"GET /healthz HTTP/3.0\r\n" + HOST + b"\r\n",
            "a space too many": b"GET  /healthz HTTP/1.1\r\n" + HOST + b"\r\n",
            "a nul in the path": b"GET /health\x00z HTTP/1.1\r\n" + HOST + b"\r\n",
            "a nul in a header": b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n\r\n",
            "a space before the colon": b"GET /healthz HTTP/1.1\r\nHost : localhost\r\n\r\n",
            "a header without a colon": b"GET /healthz HTTP/1.1\r\n" + HOST + b"header\r\n\r\n",
            "a header without a name": b"GET /healthz HTTP/1.1\r\n" + HOST + b": value\r\n\r\n",
            "a return without a line": b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: a\rb\r\n\r\n",
            "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
            "two hosts": b"GET /healthz HTTP/1.1\r\n" + HOST + b"Host: evil.example\r\n\r\n",
            "the same host twice": b"GET /healthz HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
            "a greeting of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 32 + b"\r\n\r\n",
        }
        for name, request in cases.items():
            self.assert_refused(name, request)

    def test_floods_of_headers_are_refused(self):
        many = b"".join(b"X-%d: value\r\n" % i for i in range(10000))
        for name, headers in (("many", many), ("long", b"X: " + b"y" * 100000 + b"\r\n"),
                              ("long name", b"x" * 100000 + b": y\r\n")):
            answer = self.talk(b"GET /healthz HTTP/1.1\r\n" + HOST + headers + b"\r\n")
            self.assertIn(self.statuses(answer), ([431], []), name)  # Or it closed before all of it was sent.

    def test_nothing_but_a_100_is_expected(self):
        event = json.dumps(find("hidden expectation", 1)).encode()
        self.assert_refused("expectation", b"POST /v1/events HTTP/1.1\r\n" + HOST + JSON + b"Expect: a wonder\r\n"
                            + b"Content-Length: %d\r\n\r\n" % len(event) + event, (417,))

    def test_who_expects_a_100_and_is_refused_is_not_told_to_go_on(self):
        for header, status in ((b"Transfer-Encoding: gzip\r\n", 400), (b"Content-Length: 9999999\r\n", 413)):
            answer = self.talk(b"POST /v1/events HTTP/1.1\r\n" + HOST + JSON + header + b"Expect: 100-continue\r\n\r\n")
            self.assertEqual(self.statuses(answer), [status])

    def test_a_path_may_be_given_with_its_authority(self):
        answer = self.talk(b"GET http://localhost/healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        self.assertEqual(self.statuses(answer), [200])

    def test_a_handshake_that_is_none_is_a_problem_document(self):
        good = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}

        def handshake(**changed):
            headers = {**good, **{name.replace("_", "-"): value for name, value in changed.items()}}
            status, got, body = self.server.request(
                "GET", "/v1/ws", headers={name: value for name, value in headers.items() if value is not None})
            return status, got, json.loads(body)["code"]

        for changed, wanted in (({"Upgrade": None}, 426), ({"Upgrade": "h2c"}, 426), ({"Connection": "close"}, 426),
                                ({"Sec_WebSocket_Version": "12"}, 426), ({"Sec_WebSocket_Version": None}, 426),
                                ({"Sec_WebSocket_Key": None}, 400), ({"Sec_WebSocket_Key": "short"}, 400)):
            status, headers, code = handshake(**changed)
            self.assertEqual((status, code), (wanted, "invalid_argument"), changed)
            self.assertEqual(headers["Content-Type"], "application/problem+json")
            if status == 426:
                self.assertEqual((headers["Upgrade"], headers["Sec-WebSocket-Version"]), ("websocket", "13"))
        status, headers, _ = self.server.request("POST", "/v1/ws", headers=good)
        self.assertEqual((status, headers["Allow"]), (405, "GET"))

    # They were lost once, and what followed them was read from its middle on.
    def test_frames_that_do_not_wait_for_the_handshakes_answer_are_refused(self):
        handshake = (b"GET /v1/ws HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        answer = self.talk(handshake + frame(TEXT, json.dumps(find("early", 1))))
        self.assertEqual(self.statuses(answer), [400])
        self.assertIn(b'"code":"invalid_argument"', answer)
        self.assertEqual(self.server.get("/v1/players/early")[0], 404)

    def test_an_answer_says_who_gives_it_and_not_what_it_is_made_of(self):
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                   "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        for path, headers in (("/healthz", {}), ("/v1/ws", {}), ("/v1/ws", upgrade)):
            self.assertEqual(self.server.request("GET", path, headers=headers)[1].get_all("Server"), ["tallyho"], path)

    def test_a_connection_that_is_reset_anywhere_leaves_nothing_behind(self):
        request = self.hidden("reset")
        for cut in range(0, len(request), 7):
            with socket.create_connection(("127.0.0.1", self.server.port), PATIENCE) as peer:
                peer.sendall(request[:cut])
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.assertEqual(self.server.get("/healthz")[0], 200)
        self.assertEqual(self.server.get("/v1/players/reset")[0], 404)


if __name__ == "__main__":
    unittest.main()
