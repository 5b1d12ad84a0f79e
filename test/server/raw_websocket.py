"""A WebSocket client that sends any bytes and hides nothing, for tests of the protocol itself (RFC 6455)."""

import contextlib
import json
import os
import socket
import struct
import zlib

from tallyho_server import PATIENCE

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(opcode, payload=b"", fin=True, rsv=0, mask=b"\x01\x02\x03\x04", length_bytes=None):
    """One frame as a client sends it; `length_bytes` (0, 2, 8) forces an encoding, mask None leaves it unmasked."""
    if isinstance(payload, str):
        payload = payload.encode()
    size = len(payload)
    if length_bytes is None:
        length_bytes = 0 if size < 126 else 2 if size < 65536 else 8
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    masked = 0x80 if mask is not None else 0
    head += {0: lambda: bytes([masked | size]), 2: lambda: bytes([masked | 126]) + struct.pack("!H", size),
             8: lambda: bytes([masked | 127]) + struct.pack("!Q", size)}[length_bytes]()
    if mask is None:
        return head + payload
    key = (mask * (size // 4 + 1))[:size]
    return head + mask + (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def close_frame(code=None, reason=b"", **options):
    return frame(CLOSE, b"" if code is None else struct.pack("!H", code) + reason, **options)


class RawWebSocket:
    def __init__(self, port, extensions=None, receive_buffer=None, tls=None):
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        lines = ["GET /v1/ws HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"]
        if extensions is not None:
            lines.append("Sec-WebSocket-Extensions: " + extensions)
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(":")
            self.headers[name.strip().lower()] = value.strip()

    def send(self, *parts):
        self.socket.sendall(b"".join(parts))

    def send_octets(self, data):
        """One by one, each in a packet of its own as far as that is up to us."""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in data:
            self.socket.sendall(bytes([octet]))

    def next(self):
        """The next frame as (opcode, payload); None when the server has ended the connection."""
        try:
            head = self.file.read(2)
            if len(head) < 2:
                return None
            assert head[1] < 128, "a server does not mask"
            size = head[1]
            if size == 126:
                size = struct.unpack("!H", self.file.read(2))[0]
            elif size == 127:
                size = struct.unpack("!Q", self.file.read(8))[0]
            payload = self.file.read(size)
        except ConnectionResetError:
            return None
        self.head = head[0]
        return head[0] & 15, payload

    def answer(self):
        """The next text frame, as JSON."""
        opcode, payload = self.next()
        assert opcode == TEXT, (opcode, payload)
        if self.head & 0x40:
            payload = zlib.decompressobj(-15).decompress(payload + b"\x00\x00\xff\xff")
        return json.loads(payload)

    def ends_with(self):
        """Reads to the end; returns the code of the server's closing frame; None: it had none; "": there was none."""
        code = ""
        while (got := self.next()) is not None:
            if got[0] == CLOSE:
                code = struct.unpack("!H", got[1][:2])[0] if got[1] else None
                with contextlib.suppress(OSError):  # It may have gone already.
                    self.send(frame(CLOSE, got[1]))
        return code

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def echo(text):
    """A message whose answer has `text` in it."""
    return json.dumps({"op": "ping", "ref": text}, ensure_ascii=False).encode()


def random_mask():
    return os.urandom(4)
