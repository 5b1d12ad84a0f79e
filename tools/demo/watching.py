"""What a player and a spectator see, as two WebSocket clients, and how long it took to get there."""

import asyncio
import collections
import json
import time

import websockets

import hunt

PLAYER = "ada"
PAUSE = 0.2       # Seconds between Ada's events.
MOVE_SHOWN = 3.0  # Seconds for which a change of rank is marked.
SAMPLES = 500     # Latencies that are remembered.


class Latency:
    """The latest latencies, in milliseconds."""

    def __init__(self):
        self.samples = collections.deque(maxlen=SAMPLES)

    def add(self, seconds):
        self.samples.append(1000 * seconds)

    def percentile(self, percent):
        ordered = sorted(self.samples)
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else None


class Row:
    """A line of the top ten."""

    def __init__(self, rank, value):
        self.rank = rank
        self.value = value
        self.moved = 0  # Ranks gained, in the latest move.
        self.moved_at = float("-inf")


class TopTen:
    """The ten first of a board, kept up by applying changes."""

    def __init__(self):
        self.rows = {}
        self.of = 0
        self.version = 0

    def replace(self, snapshot):
        self.rows = {entry["member"]: Row(entry["rank"], entry["value"]) for entry in snapshot["members"]}
        self.of, self.version = snapshot["of"], snapshot["version"]

    def apply(self, change, now):
        self.of, self.version = change["of"], change["version"]
        for entry in change["changes"]:
            member = entry["member"]
            if entry.get("left"):
                self.rows.pop(member, None)
                continue
            row = self.rows.setdefault(member, Row(entry["rank"], entry["value"]))
            was = entry.get("was", 11)  # Who wasn't shown comes from below.
            if was != entry["rank"]:
                row.moved, row.moved_at = was - entry["rank"], now
            row.rank, row.value = entry["rank"], entry["value"]

    def lines(self, now):
        """(rank, member, value, ranks gained just now), best first."""
        return [(row.rank, member, row.value, row.moved if now - row.moved_at < MOVE_SHOWN else 0)
                for member, row in sorted(self.rows.items(), key=lambda entry: entry[1].rank)]


class Seen:
    """All that the demo shows, filled by play() and watch()."""

    def __init__(self):
        self.top = TopTen()
        self.ack = Latency()
        self.push = Latency()
        self.sent_at = {}  # Position of an event of Ada's -> when it was sent, until its push comes.
        self.pushed_at = {}  # The other way round, for a push that overtakes its ack.
        self.last_ack = None
        self.place = None  # On the global board, from the last ack that told it: one that scored nothing does not.
        self.last_type = ""
        self.notices = collections.deque(maxlen=4)
        self.points = collections.Counter()  # Fired rules of Ada's -> points.
        self.rates = collections.deque([(time.monotonic(), 0)], maxlen=20)

    def acked(self, ack, sent):
        now = time.monotonic()
        self.ack.add(now - sent)
        self.last_ack = ack
        self.place = ack.get("ranks", {}).get("global", self.place)
        self.points.update({rule: points for rule, points in ack.get("fired", []) if points})
        pushed = self.pushed_at.pop(ack.get("position"), None)
        if pushed is not None:
            self.push.add(pushed - sent)
        elif ack["code"] == "ok":
            self.sent_at[ack["position"]] = sent

    def pushed(self, position):
        now = time.monotonic()
        sent = self.sent_at.pop(position, None)
        if sent is None:
            self.pushed_at[position] = now
        else:
            self.push.add(now - sent)

    def rate(self):
        """Events per second that reached the log, over the last seconds."""
        (first, before), (last, now) = self.rates[0], self.rates[-1]
        return (now - before) / (last - first) if last > first else 0.0


async def play(url, seen):
    """Ada's connection: sends her events, and takes the acks."""
    async with websockets.connect(url, compression=None) as socket:
        await socket.send(json.dumps({"op": "hello", "detail": ["fired", "ranks"]}))
        await receive(socket, "hello")
        for number, event in enumerate(hunt.events()):
            sent = time.monotonic()
            await socket.send(json.dumps({"player": PLAYER, "id": f"ada-{number}", **event}))
            ack = (await receive(socket, "ack"))["ack"]
            seen.last_type = event["type"]
            seen.acked(ack, sent)
            for text in ack.get("notices", []):
                seen.notices.append((PLAYER, text["text"] if isinstance(text, dict) else text))
            await asyncio.sleep(PAUSE)


async def watch(url, seen, others):
    """A spectator's connection: watches the top ten, Ada, and what `others` are told."""
    async with websockets.connect(url, compression=None, max_size=None) as socket:
        await socket.send(json.dumps({"op": "watch", "board": "global", "top": 10, "ref": "top"}))
        for player in (PLAYER, *others):
            await socket.send(json.dumps({"op": "watch", "player": player, "ref": player}))
        async for frame in socket:
            for line in frame.split("\n"):
                message = json.loads(line)
                if message.get("error", {}).get("code") == "not_found":  # A player who has not played yet.
                    asyncio.get_running_loop().call_later(0.5, watch_again, socket, message["ref"])
                else:
                    see(message, seen)


def watch_again(socket, player):
    if socket.open:
        asyncio.ensure_future(socket.send(json.dumps({"op": "watch", "player": player, "ref": player})))


def see(message, seen):
    """Takes in one message of the spectator's."""
    now = time.monotonic()
    if "members" in message:
        seen.top.replace(message)
    elif "changes" in message:
        seen.top.apply(message, now)
    elif "score" in message and message["watch"] == PLAYER:
        seen.pushed(message["score"]["position"])
    elif "notice" in message and message["watch"] != PLAYER:
        seen.notices.append((message["notice"]["player"], message["notice"]["text"]))
    elif "error" in message:
        raise RuntimeError(f"the server refused a watch: {message}")
    if "version" in message and now - seen.rates[-1][0] > 0.25:
        seen.rates.append((now, message["version"]))


async def receive(socket, key):
    """The next message with `key`; others (pushes) are left out."""
    while True:
        for line in (await socket.recv()).split("\n"):
            message = json.loads(line)
            if key in message:
                return message
            if "error" in message:
                raise RuntimeError(f"the server answered: {message}")
