"""A server that closes while its clients send: whatever lies on the wire then, there is one closing frame behind whole
frames, and the server goes on, or ends, as it should."""

import contextlib
import json
import pathlib
import random
import ssl
import tempfile
import time
import unittest

from certificates import CertificateAuthority
from raw_websocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, RawWebSocket, close_frame, frame
from tallyho_server import PATIENCE, Server, find

CLIENTS = 100
ROUNDS = 4
GOING_AWAY = b"\x03\xe9"
LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Closing(unittest.TestCase):
    def test_sigterm_between_any_two_bytes(self):
        """Goal: no interleaving of a client's frames, pongs and its closing frame with the server's own closing frame
        harms either side. Method: many clients at random places of random streams, all closed at once."""
        self.stop_between_any_two_bytes(None)

    def test_sigterm_between_any_two_records_of_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            authority = CertificateAuthority(pathlib.Path(folder))
            certificate = str(authority.vouch("localhost"))
            tls = ssl.create_default_context(cafile=str(authority.path))
            self.stop_between_any_two_bytes(tls, "--tls-certificate", certificate, "--tls-key", certificate)

    def stop_between_any_two_bytes(self, tls, *arguments):
        seed = random.randrange(1 << 32)
        for number in range(ROUNDS):
            chance = random.Random(seed + number)
            with self.subTest(seed=seed, round=number):
                server = Server(*arguments)
                clients = [Talker(server.port, chance, i, tls=tls) for i in range(CLIENTS)]
                try:
                    talk(clients, chance.randrange(1, 30), lambda _: False)
                    server.ask_to_stop()
                    talk(clients, 0, lambda client: client.has_ended)
                    for client in clients:
                        client.check(self)
                finally:
                    for client in clients:
                        client.websocket.close()
                    self.assertEqual(server.stop(), 0)

    def test_who_asks_and_never_listens_is_closed_in_time(self):
        """Goal: what cannot be sent does not keep a connection that has no right to be there. Method: pings without
        end, whose pongs are not read, by a client without a token; it would have stayed for the 80 s of silence."""
        with tempfile.TemporaryDirectory() as folder:
            key = pathlib.Path(folder) / "secret"
            key.write_text("0123456789abcdef0123456789abcdef")
            server = Server("--token-key", str(key), "--limits-first-message-timeout", "4s",
                            "--limits-close-timeout", "500ms", dev=False)
            try:
                with RawWebSocket(server.port, receive_buffer=4096) as client:
                    client.socket.setblocking(False)
                    pings = frame(PING, b"p" * 120) * 100
                    until = time.monotonic() + PATIENCE
                    while server.metric("tallyho_connections") > 1 and time.monotonic() < until:
                        with contextlib.suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
                            while True:
                                client.socket.send(pings)
                    self.assertEqual(server.metric("tallyho_connections"), 1)  # That which asks for it.
            finally:
                self.assertEqual(server.stop(), 0)

    def test_who_is_closed_for_a_binary_frame_sends_on(self):
        """As above, of one server that goes on: each client is closed with 1003 by its own doing."""
        seed = random.randrange(1 << 32)
        chance = random.Random(seed)
        server = Server()
        try:
            with self.subTest(seed=seed):
                clients = [Talker(server.port, chance, i, binary_at=chance.randrange(40)) for i in range(CLIENTS)]
                talk(clients, 0, lambda client: client.has_ended)
                for client in clients:
                    client.check(self, b"\x03\xeb")
                    client.websocket.close()
            self.assertEqual(server.get("/readyz")[0], 200)
        finally:
            self.assertEqual(server.stop(), 0)


class Talker:
    """A client that sends frames of all kinds, cut anywhere, and answers a closing frame with its own."""

    def __init__(self, port, chance, number, binary_at=None, tls=None):
        self.chance = chance
        self.name = f"talker{number}"
        self.websocket = RawWebSocket(port, tls=tls)
        self.websocket.socket.setblocking(False)
        self.to_send = b""
        self.received = b""
        self.made = 0
        self.binary_at = binary_at
        self.is_in_message = False
        self.has_sent_close = False
        self.has_ended = False

    def next_frame(self):
        self.made += 1
        chance = self.chance
        if self.made - 1 == self.binary_at and not self.is_in_message:
            return frame(BINARY, b"x")
        if self.binary_at is not None and self.made - 1 >= self.binary_at and self.is_in_message:
            self.binary_at += 1
        kind = chance.randrange(12)
        if kind == 0:
            return frame(PING, b"p" * chance.randrange(100))
        if kind == 1:
            return frame(PONG, b"p" * chance.randrange(100))
        if self.is_in_message:
            self.is_in_message = chance.randrange(2) == 0
            return frame(CONTINUATION, b" " * chance.randrange(2000), fin=not self.is_in_message)
        if kind == 2 and self.binary_at is None and chance.randrange(20) == 0:
            self.has_sent_close = True
            return close_frame(1000)
        message = json.dumps(find(self.name, chance.randrange(10))).encode() + b" " * chance.randrange(200)
        self.is_in_message = kind == 3
        return frame(TEXT, message, fin=not self.is_in_message)

    def step(self):
        while not self.has_sent_close and len(self.to_send) < 2000:
            self.to_send += self.next_frame()
        with contextlib.suppress(*LATER):
            try:
                if self.to_send:
                    sent = self.websocket.socket.send(self.to_send[:self.chance.randrange(1, 1500)])
                    self.to_send = self.to_send[sent:]
            except (BrokenPipeError, ConnectionResetError):
                self.to_send = b""
        with contextlib.suppress(*LATER):
            try:
                got = self.websocket.socket.recv(65536)
                self.has_ended = self.has_ended or not got
                self.received += got
            except ConnectionResetError:
                self.has_ended = True
        # Behind the frames that it has begun to send.
        if not self.has_sent_close and any(opcode == CLOSE for opcode, _ in self.frames()):
            self.has_sent_close = True
            self.to_send += close_frame(1000)

    def frames(self):
        """Of what has come so far."""
        at = 0
        while len(self.received) - at >= 2:
            size, head = self.received[at + 1], 2
            if size >= 126:
                head = 4 if size == 126 else 10
                size = int.from_bytes(self.received[at + 2:at + head], "big")
            if len(self.received) - at < head + size:
                break
            yield self.received[at] & 15, self.received[at + head:at + head + size]
            at += head + size
        self.rest = self.received[at:]

    def check(self, test, code=GOING_AWAY):
        frames = list(self.frames())
        test.assertEqual(self.rest, b"", "only whole frames")
        opcodes = [opcode for opcode, _ in frames]
        test.assertLessEqual(set(opcodes), {TEXT, PONG, CLOSE})
        test.assertEqual(opcodes.count(CLOSE), 1, opcodes[-3:])
        test.assertEqual(opcodes[-1], CLOSE)
        test.assertIn(frames[-1][1][:2], {code, b"\x03\xe8"} if code == GOING_AWAY else {code})
        for opcode, payload in frames:
            if opcode == TEXT:
                for line in payload.splitlines():
                    json.loads(line)


def talk(clients, steps, is_done):
    """So many steps of each; 0: until they are all done."""
    until = time.monotonic() + PATIENCE
    number = 0
    while number < steps if steps else not all(map(is_done, clients)):
        number += 1
        for client in clients:
            if not client.has_ended:
                client.step()
        if time.monotonic() > until:
            raise TimeoutError(f"{sum(not is_done(client) for client in clients)} clients wait for the server")


if __name__ == "__main__":
    unittest.main()
