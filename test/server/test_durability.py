"""What was acked outlives the server: kill -9 under load, restarts, damage.

TALLYHO_KILLS says how many times the server is killed (5; `./dev faults` asks for 200).
"""

import asyncio
import http.client
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

import websockets
from tallyho_server import PATIENCE, RULESET, TALLYHO, Server

KILLS = int(os.environ.get("TALLYHO_KILLS", "5"))
PLAYERS = [f"player-{i}" for i in range(20)]


class Ledger:
    """What clients were told: for each id of an event its player and the points acked, or None without an ack."""

    def __init__(self):
        self.sent = {}

    def acked(self):
        return {event_id: answer for event_id, answer in self.sent.items() if answer[1] is not None}


def find(event_id, player):
    return {"type": "find", "id": event_id, "player": player, "value": 1}


class Writers:
    """Clients that send without pause until their server is gone."""

    def __init__(self, server, ledger, prefix):
        self.server, self.ledger, self.prefix, self.count = server, ledger, prefix, 0

    def next_event(self, random_source):
        self.count += 1
        event = find(f"{self.prefix}-{self.count}", random_source.choice(PLAYERS))
        self.ledger.sent[event["id"]] = (event["player"], None)
        return event

    def note(self, answer):
        if answer.get("code") in ("ok", "duplicate"):
            self.ledger.sent[answer["id"]] = (self.ledger.sent[answer["id"]][0], answer["points"])

    async def over_websocket(self, seed):
        random_source = random.Random(seed)
        try:
            async with self.server.connect() as socket:
                while True:
                    for _ in range(8):
                        await socket.send(json.dumps(self.next_event(random_source)))
                    waiting = 8
                    while waiting > 0:
                        for line in (await socket.recv()).splitlines():
                            self.note(json.loads(line))
                            waiting -= 1
        except (OSError, websockets.ConnectionClosed):
            pass  # The server is gone, as it should be.

    def over_http(self, seed):
        random_source = random.Random(seed)
        try:
            while True:
                _, answer = self.server.post_event(self.next_event(random_source))
                self.note(answer)
        except (OSError, ValueError, http.client.HTTPException):
            pass  # ValueError: half an answer.


class KilledServer(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.data = str(pathlib.Path(self.folder.name) / "data")

    def tearDown(self):
        self.folder.cleanup()

    def start(self, *arguments, ruleset=RULESET):
        return Server("--data", self.data, *arguments, ruleset=ruleset)

    async def play(self, server, ledger, life):
        writers = Writers(server, ledger, f"life-{life}")
        loop = asyncio.get_running_loop()

        async def kill():
            await asyncio.sleep(random.Random(life).uniform(0.05, 0.3))
            server.process.kill()
        try:
            await asyncio.gather(kill(), *(writers.over_websocket(seed) for seed in range(3)),
                                 loop.run_in_executor(None, writers.over_http, 99))
        finally:
            server.process.kill()
        server.process.wait(PATIENCE)
        server.process.stderr.close()

    def recomputed(self):
        """The boards without groups, computed offline from the log."""
        boards = pathlib.Path(self.folder.name) / "boards.json"
        subprocess.run([TALLYHO, "replay", "--data", self.data, "--boards", str(boards)], capture_output=True,
                       timeout=20 * PATIENCE, check=True)
        computed = json.loads(boards.read_text(encoding="utf-8"))
        return {board: computed[board] for board in ("global", "best")}

    def test_acked_events_are_scored_exactly_once(self):
        ledger = Ledger()
        ruleset = pathlib.Path(self.folder.name) / "rules.yaml"  # Remembers every id of this test.
        ruleset.write_text(RULESET.read_text(encoding="utf-8") + "\ndedupe: {window: 24h, per_player: 65536}\n",
                           encoding="utf-8")
        for life in range(KILLS):
            asyncio.run(self.play(self.start(ruleset=ruleset), ledger, life))
            if KILLS >= 100 and (life + 1) % (KILLS // 20) == 0:
                print(f"  {life + 1} of {KILLS} kills", file=sys.stderr, flush=True)
        server = self.start(ruleset=ruleset)
        try:
            self.assertGreater(len(ledger.acked()), KILLS)
            # Whatever was sent is sent again: acked ones are known, with the points they were told; the others are
            # scored now, if they were not. In pieces: after early ends a server is careful, and slow.
            all_sent = list(ledger.sent.items())
            for first in range(0, len(all_sent), 2_000):
                sent = all_sent[first:first + 2_000]
                _, _, body = server.post_events([find(event_id, player) for event_id, (player, _) in sent])
                for (event_id, (_, points)), answer in zip(sent, json.loads(body), strict=True):
                    if points is not None:
                        self.assertEqual((answer["code"], answer["points"]), ("duplicate", points), event_id)
                    self.assertIn(answer["code"], ("ok", "duplicate"))
            expected = {}
            for player, _ in ledger.sent.values():
                expected[player] = expected.get(player, 0) + 1
            for player, finds in expected.items():
                self.assertEqual(server.get("/v1/players/" + player)[1]["total"], finds)
            for board, members in self.recomputed().items():
                self.assertEqual(server.get(f"/v1/boards/{board}?limit=1000")[1]["members"], members, board)
        finally:
            server.stop()
        print(f"\n{KILLS} kills: {len(ledger.sent)} events sent, {len(ledger.acked())} of them acked before the kill: "
              "each scored exactly once, boards as recomputed")

    def test_a_stopped_server_goes_on_where_it_was(self):
        server = self.start()
        for i in range(50):
            self.assertEqual(server.post_event(find(f"e{i}", PLAYERS[i % 20]))[1]["code"], "ok")
        before, identity = server.everything(), server.get("/v1/boards/global")[1]["log"]
        self.assertEqual(server.stop(), 0)
        server = self.start()
        self.assertEqual(server.everything(), before)
        self.assertEqual(server.get("/v1/boards/global")[1]["log"], identity)
        self.assertEqual(server.stop(), 0)

    def test_buffered_acks_outlive_a_killed_server(self):
        server = self.start("--durability", "buffered")
        for i in range(20):
            self.assertEqual(server.post_event(find(f"e{i}", "ada"))[1]["code"], "ok")
        server.process.kill()
        server.process.wait(PATIENCE)
        server.process.stderr.close()
        server = self.start()
        self.assertEqual(server.get("/v1/players/ada")[1]["total"], 20)
        self.assertEqual(server.post_event(find("e0", "ada"))[1]["code"], "duplicate")
        self.assertEqual(server.stop(), 0)

    def refused(self, ruleset=RULESET):
        command = [TALLYHO, "serve", "--ruleset", str(ruleset), "--dev", "--data", self.data, "--listen", "127.0.0.1:0",
                   "--admin", "127.0.0.1:0"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 1)
        return done.stderr

    def test_a_directory_has_one_server(self):
        server = self.start()
        self.assertIn("another server has it open", self.refused())
        self.assertEqual(server.stop(), 0)

    def test_another_ruleset_is_refused(self):
        self.assertEqual(self.start().stop(), 0)
        other = pathlib.Path(self.folder.name) / "other.yaml"
        other.write_text(RULESET.read_text(encoding="utf-8") + "\n# Another one.\n", encoding="utf-8")
        self.assertIn("another ruleset", self.refused(other))

    def test_damage_is_refused_with_its_place(self):
        server = self.start()
        for i in range(10):
            server.post_event(find(f"e{i}", "ada"))
        self.assertEqual(server.stop(), 0)
        segment = next(pathlib.Path(self.data).glob("*.log"))
        with open(segment, "r+b") as file:
            file.seek(4096 + 512 + 60)
            byte = file.read(1)
            file.seek(-1, 1)
            file.write(bytes([byte[0] ^ 1]))
        said = self.refused()
        self.assertIn(segment.name, said)
        self.assertIn("offset", said)
        self.assertIn("put back the damaged file", said)


if __name__ == "__main__":
    unittest.main()
