"""A client of the server: acks for events, and boards that stay up to date, over connections that come and go.

    async with tallyho.connect("ws://localhost:7070/v1/ws", token=token) as connection:
        ack = await connection.send({"type": "chest_opened", "player": "ada", ...})
        async for change in connection.watch("global", top=10):
            print(change)

When the connection breaks it is opened again, with growing pauses. What was sent and not answered is sent again: so
give events an `id`, and the server counts each of them once. Watches go on from the version that they have seen: the
server sends one change from there, or a snapshot where that is too old.
"""

import asyncio
import contextlib
import itertools
import json

import websockets.asyncio.client
import websockets.exceptions

PAUSE_FIRST = 0.05  # Seconds before a connection is opened again; doubled up to PAUSE_MAX while that fails.
PAUSE_MAX = 5.0


def connect(url, *, token=None):
    """A connection, to be used with `async with`."""
    return Connection(url, token)


class Watch:
    """What is asked for, where it has got to, and the messages that nobody has taken yet."""

    def __init__(self, request):
        self.request = request
        self.version = None
        self.log = None
        self.messages = asyncio.Queue()

    def resume(self):
        """The request, from the version seen last."""
        if self.version is None:
            return self.request
        return {**self.request, "since": self.version, "log": self.log}

    def take(self, message):
        self.version = message.get("version", self.version)
        self.log = message.get("log", self.log)
        self.messages.put_nowait(message)


class Connection:
    """See the module. Methods may be called by any task of the loop, at the same time."""

    def __init__(self, url, token):
        self._url = url
        self._token = token
        self._refs = itertools.count(1)
        self._waiting = {}  # ref → (message, future, Watch or None), in the order in which they were sent.
        self._watches = {}  # ref → Watch
        self._socket = None
        self._runner = None

    async def __aenter__(self):
        self._socket = await self._open()  # Fails here where there is no server, instead of trying for ever.
        self._runner = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_):
        self._runner.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._runner
        await self._socket.close()
        for _, answer, _ in self._waiting.values():
            answer.cancel()

    async def send(self, event):
        """Sends an event, a dict; returns its ack, a dict: {"code": "ok", "points": 20, "total": 60, …}."""
        return (await self._ask(event))["ack"]

    async def query(self, path):
        """What GET of this path answers, as in `query("/v1/boards/global?limit=3")`. Raises for an error."""
        answer = await self._ask({"op": "query", "path": path})
        if "error" in answer:
            raise error_of(answer)
        return answer["result"]

    async def watch(self, board, *, top=10, around=None, radius=5, group=None, window=None):
        """Yields what the watch shows, a snapshot with `members`, then its changes, as the protocol has them."""
        request = {"op": "watch", "board": board, "group": group, "window": window}
        request |= {"top": top} if around is None else {"around": around, "radius": radius}
        watch = Watch({name: value for name, value in request.items() if value is not None})
        ref = next(self._refs)
        answer = await self._ask(watch.request, ref, watch)
        if "error" in answer:
            raise error_of(answer)
        try:
            while True:
                message = await watch.messages.get()
                if "error" in message:  # It could not be resumed.
                    raise error_of(message)
                yield message
        finally:
            self._watches.pop(ref, None)
            with contextlib.suppress(websockets.exceptions.ConnectionClosed):
                await self._socket.send(json.dumps({"op": "unwatch", "watch": ref}))

    async def _open(self):
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else None
        return await websockets.asyncio.client.connect(self._url, additional_headers=headers, max_size=None)

    async def _ask(self, message, ref=None, watch=None):
        ref = next(self._refs) if ref is None else ref
        answer = asyncio.get_running_loop().create_future()
        self._waiting[ref] = ({**message, "ref": ref}, answer, watch)
        try:
            with contextlib.suppress(websockets.exceptions.ConnectionClosed):  # Then it is sent again.
                await self._socket.send(json.dumps({**message, "ref": ref}))
            return await answer
        finally:
            self._waiting.pop(ref, None)

    async def _run(self):
        """Takes what comes, and opens the connection again whenever it breaks."""
        while True:
            with contextlib.suppress(websockets.exceptions.ConnectionClosed):
                async for frame in self._socket:
                    for line in frame.splitlines():
                        self._take(json.loads(line))
            await self._reopen()

    async def _reopen(self):
        pause = PAUSE_FIRST
        while True:
            await asyncio.sleep(pause)
            pause = min(2 * pause, PAUSE_MAX)
            try:
                self._socket = await self._open()
                for ref, watch in list(self._watches.items()):
                    await self._socket.send(json.dumps({**watch.resume(), "ref": ref}))
                for message, *_ in list(self._waiting.values()):
                    await self._socket.send(json.dumps(message))
                return
            except (OSError, websockets.exceptions.WebSocketException):
                continue

    def _take(self, message):
        ref = message.get("ref", message.get("watch"))
        if ref in self._watches:
            self._watches[ref].take(message)
            return
        _, answer, asked = self._waiting.get(ref, (None, None, None))
        if answer is None or answer.done():
            return
        if asked is not None and "error" not in message:
            self._watches[ref] = asked
            asked.take(message)
        answer.set_result(message)


def error_of(answer):
    """What the server says, as an exception."""
    from . import Code, Error  # Here, as the package imports this module.
    return Error(Code[answer["error"]["code"]], answer["error"]["message"])
