"""Clients that never fall silent and never come to an end: one byte at a time. However long they go on, they are gone
after the time that a header, a body, a message or a handshake has.

Of the server's time, these tests know nothing but that it passes: the bytes would go on for minutes."""

import contextlib
import pathlib
import socket
import ssl
import tempfile
import time
import unittest

from raw_websocket import CONTINUATION, PING, PONG, TEXT, RawWebSocket, echo, frame
from tallyho_server import PATIENCE, Server, ServerTest
from test_tls import write_certificate
from test_tokens import Guarded

HEAD = b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
PAUSE = 0.02


def is_ended_while_sending(peer, parts):
    """Sends part after part with a pause before each; whether the server hangs up before they are over."""
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    peer.settimeout(PAUSE)
    for part in parts:
        try:
            peer.sendall(part)
            while peer.recv(65536):
                pass
            return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


def octets(data, times=1):
    for _ in range(times):
        for octet in data:
            yield bytes([octet])


class Trickle(ServerTest):
    arguments = ("--limits-header-timeout", "300ms", "--limits-body-timeout", "300ms")

    def setUp(self):
        super().setUp()
        self.began = time.monotonic()

    def tearDown(self):
        self.assertGreaterEqual(time.monotonic() - self.began, 0.3, "it was ended by something else than its time")
        self.assertEqual(self.server.get("/healthz")[0], 200, "whatever came, the server goes on")
        super().tearDown()

    def open(self, sent=b""):
        peer = socket.create_connection(("127.0.0.1", self.server.port), PATIENCE)
        self.addCleanup(peer.close)
        peer.sendall(sent)
        return peer

    def test_a_header_byte_by_byte(self):
        # No more than a header may have, so that it is time that ends it.
        self.assertTrue(is_ended_while_sending(self.open(), octets(HEAD + b"X: " + b"x" * 7000)))

    def test_a_header_byte_by_byte_behind_another_request(self):
        peer = self.open(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertTrue(peer.recv(65536).startswith(b"HTTP/1.1 200 "))
        self.assertTrue(is_ended_while_sending(peer, octets(HEAD + b"X: " + b"x" * 7000)))

    def test_a_body_byte_by_byte(self):
        peer = self.open(HEAD + b"Content-Length: 1000000\r\n\r\n")
        self.assertTrue(is_ended_while_sending(peer, octets(b" ", 7000)))

    def test_a_body_in_chunks_of_a_byte(self):
        peer = self.open(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        self.assertTrue(is_ended_while_sending(peer, octets(b"1\r\n \r\n", 1000)))

    def test_the_size_of_a_chunk_byte_by_byte(self):
        for begun in (b"", b"0"):
            peer = self.open(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + begun)
            self.assertTrue(is_ended_while_sending(peer, octets(b"0", 7000)), begun)

    def test_a_trailer_that_does_not_end(self):
        peer = self.open(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n")
        self.assertTrue(is_ended_while_sending(peer, octets(b"X: y\r\n", 1000)))

    def test_a_body_that_is_expected_and_does_not_come(self):
        peer = self.open(HEAD + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        self.assertTrue(is_ended_while_sending(peer, [b""] * 7000))

    def test_a_frame_byte_by_byte(self):
        with RawWebSocket(self.server.port) as peer:
            whole = frame(TEXT, b'{"op":"ping","ref":"' + b"x" * 7000)
            self.assertTrue(is_ended_while_sending(peer.socket, octets(whole)))

    def test_a_message_in_fragments_that_does_not_end(self):
        """The client answers every ping, and is alive by every other measure."""
        with RawWebSocket(self.server.port) as peer:
            begun = [frame(TEXT, b'{"op":"ping","ref":"', fin=False)]
            more = [frame(CONTINUATION, b"x", fin=False) + frame(PONG, b"")] * 7000
            self.assertTrue(is_ended_while_sending(peer.socket, begun + more))

    def test_messages_that_come_whole_have_all_the_time_there_is(self):
        with RawWebSocket(self.server.port) as peer:
            until = time.monotonic() + 1
            count = 0
            while time.monotonic() < until:
                peer.send(frame(TEXT, echo(f"m{count}")))
                self.assertEqual(peer.answer()["ref"], f"m{count}")
                count += 1
                time.sleep(PAUSE)
            self.assertGreater(count, 0)


class Silence(unittest.TestCase):
    def start(self, kind, *arguments):
        server = kind(*arguments)
        self.addCleanup(server.stop)
        return server

    def test_who_says_nothing_at_all(self):
        server = self.start(Server, "--limits-header-timeout", "300ms")
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as peer:
            self.assertEqual(peer.recv(1), b"")

    def test_who_says_nothing_more(self):
        server = self.start(Server, "--limits-keep-alive", "300ms")
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as peer:
            peer.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = b"".join(iter(lambda: peer.recv(65536), b""))
        self.assertEqual(answer.count(b"HTTP/1.1 200 "), 1)

    def test_who_shows_no_token_and_only_pings_or_never_ends_a_message(self):
        """Who that is nobody knows yet, and so it has less time than others."""
        server = self.start(Guarded, "--limits-first-message-timeout", "300ms", "--limits-close-timeout", "300ms")
        for begun, more in ((b"", frame(PING, b"x")), (b"", frame(PONG, b"x")),
                            (frame(TEXT, b"{", fin=False), frame(CONTINUATION, b"", fin=False))):
            with RawWebSocket(server.port) as peer:
                peer.send(begun)
                self.assertTrue(is_ended_while_sending(peer.socket, [more] * 7000))


class TrickledHandshake(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name)
        write_certificate(path)
        self.certificate = str(path / "cert.pem")
        self.server = Server("--tls-certificate", self.certificate, "--tls-key", str(path / "key.pem"),
                             "--limits-header-timeout", "300ms")
        self.addCleanup(self.server.stop)

    def test_a_greeting_byte_by_byte(self):
        sent, received = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = ssl.create_default_context(cafile=self.certificate).wrap_bio(received, sent,
                                                                             server_hostname="localhost")
        with contextlib.suppress(ssl.SSLWantReadError):
            client.do_handshake()
        greeting = sent.read()
        # Its last byte never comes.
        with socket.create_connection(("127.0.0.1", self.server.port), PATIENCE) as peer:
            self.assertTrue(is_ended_while_sending(peer, octets(greeting[:-1])))

    def test_a_header_byte_by_byte_within_tls(self):
        raw = socket.create_connection(("127.0.0.1", self.server.port), PATIENCE)
        context = ssl.create_default_context(cafile=self.certificate)
        with context.wrap_socket(raw, server_hostname="localhost") as peer:
            self.assertTrue(is_ended_while_sending(peer, octets(HEAD + b"X: " + b"x" * 7000)))


if __name__ == "__main__":
    unittest.main()
