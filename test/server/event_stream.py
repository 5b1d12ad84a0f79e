"""A client of Server-Sent Events over a socket of its own: what the standard says of lines, and no more."""

import json
import socket
import time

from tallyho_server import PATIENCE


class EventStream:
    """GET `path`; if the answer is a stream, its events one by one as (id, data)."""

    def __init__(self, port, path, headers=None, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Accept: text/event-stream"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(": ")
            self.headers[name.lower()] = value
        self.comments = 0

    def next(self):
        """The next event, or None when the stream has ended."""
        identity, data = None, []
        deadline = time.monotonic() + PATIENCE
        while True:
            if time.monotonic() > deadline:  # Comments may still come.
                raise TimeoutError("no event")
            line = self.file.readline()
            if not line:
                return None
            line = line.decode().rstrip("\n")
            if line.startswith(":"):
                self.comments += 1
            elif line == "":
                if data:
                    return identity, json.loads("\n".join(data))
            else:
                name, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if name == "id":
                    identity = value
                elif name == "data":
                    data.append(value)

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
