"""What the tests of the server share: a server of their own, WebSocket and HTTP clients for it.

The program under test is named by the environment variable TALLYHO; TALLYHO_HAS_TIME=1 is for long runs. Needs
Python 3.11 and websockets 10.4.
"""

import asyncio
import faulthandler
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import unittest

import websockets

HERE = pathlib.Path(__file__).resolve().parent
TALLYHO = os.environ.get("TALLYHO", "tallyho")
RULESET = HERE / "game.yaml"
PATIENCE = 30  # Seconds until something that should come has not come: no test measures time with it.

if not os.environ.get("TALLYHO_HAS_TIME"):
    faulthandler.dump_traceback_later(240)  # Where a test waits that is about to be ended for taking too long.


class Server:
    """A server on free ports, as a process of its own."""

    def __init__(self, *arguments, ruleset=RULESET, environment=None, is_json=False, dev=True,
                 listen="127.0.0.1:0"):
        self.process = subprocess.Popen(
            [TALLYHO, "serve", *(["--ruleset", str(ruleset)] if ruleset else []), *(["--dev"] if dev else []),
             "--listen", listen, "--admin", "127.0.0.1:0", *arguments],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment)
        self.said = []
        for line in self.process.stderr:
            self.said.append(line)
            if is_json and json.loads(line)["topic"] == "ready":
                line = json.loads(line)["message"]
                break
            if line.startswith("listening on "):
                break
        else:
            self.process.wait(PATIENCE)
            self.process.stderr.close()
            raise RuntimeError("the server did not start: " + "".join(self.said))
        listen, admin = line.strip().removeprefix("listening on ").split(", admin on ")
        self.port = int(listen.rpartition(":")[2])
        self.admin_port = int(admin.rpartition(":")[2])

    def ask_to_stop(self):
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        """Ends it; returns its exit status. Where that is not 0, what it said comes to standard error."""
        if self.process.poll() is None:
            self.ask_to_stop()
        try:
            status = self.process.wait(PATIENCE)
            if status != 0 and not self.process.stderr.closed:
                print(*self.said, self.process.stderr.read(), sep="", file=sys.stderr)
            return status
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.process.stderr.close()

    def connect(self, **options):
        """A WebSocket; use with `async with`."""
        options.setdefault("max_size", None)
        options.setdefault("compression", None)
        return websockets.connect(f"ws://127.0.0.1:{self.port}/v1/ws", **options)

    def request(self, method, path, body=None, headers=None, admin=False):
        """One HTTP request on a connection of its own: (status, headers, body)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port if admin else self.port,
                                                timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def get(self, path, **options):
        status, _, body = self.request("GET", path, **options)
        return status, json.loads(body)

    def post_events(self, body, content_type="application/json", query=""):
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        return self.request("POST", "/v1/events" + query, body, {"Content-Type": content_type})

    def post_event(self, event, query=""):
        status, _, body = self.post_events(event, query=query)
        return status, json.loads(body)

    def metric(self, name):
        """The value of a metric, with its labels as they are written: 'tallyho_events_total{code="ok"}'."""
        _, _, body = self.request("GET", "/metrics", admin=True)
        for line in body.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.rpartition(" ")[2])
        raise KeyError(name)

    def everything(self):
        """All that rules, reads and watches can see, without the positions."""
        seen = {}
        for board in ("global", "today", "best"):
            page = self.get(f"/v1/boards/{board}?limit=1000")[1]
            seen[board] = page["members"]
            for member in page["members"]:
                player = self.get("/v1/players/" + member["member"])[1]
                player.pop("version")
                seen[member["member"]] = player
        return seen


class Client:
    """A WebSocket on which every message is one line, and the next line is waited for."""

    def __init__(self, websocket):
        self.websocket = websocket
        self.lines = []

    async def send(self, *messages):
        """Sends messages in one frame: bytes and strings as they are, anything else as JSON."""
        texts = [m.decode("utf-8", "surrogateescape") if isinstance(m, bytes) else m if isinstance(m, str)
                 else json.dumps(m) for m in messages]
        await self.websocket.send("\n".join(texts))

    async def receive(self):
        if not self.lines:
            frame = await asyncio.wait_for(self.websocket.recv(), PATIENCE)
            self.lines = frame.split("\n")
        return json.loads(self.lines.pop(0))

    async def ask(self, message):
        """Sends one message; returns the next one that is not a push."""
        await self.send(message)
        return await self.answer()

    async def answer(self):
        while True:
            message = await self.receive()
            if not is_push(message):
                return message

    async def push(self):
        while True:
            message = await self.receive()
            if is_push(message):
                return message

    async def close_code(self):
        """Waits until the server closes, and returns its code."""
        await asyncio.wait_for(self.websocket.wait_closed(), PATIENCE)
        return self.websocket.close_code


def is_push(message):
    # With a ref it is the answer to a watch that resumes.
    is_push = any(name in message for name in ("changes", "score", "notice"))
    return is_push and "watch" in message and "ref" not in message


def find(player, value=5, **more):
    return {"type": "find", "player": player, "value": value, **more}


class ServerTest(unittest.IsolatedAsyncioTestCase):
    """Tests of one class share a server; what they leave behind is told apart by players' names."""

    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.arguments)

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        if status != 0:
            raise AssertionError(f"the server ended with status {status}")
