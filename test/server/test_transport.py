"""How connections end: closing codes, limits, SIGTERM; and the record of a run."""

import asyncio
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

import websockets

from tallyho_server import PATIENCE, RULESET, TALLYHO, Client, Server, ServerTest, find


class Closings(ServerTest):
    async def test_a_binary_frame_closes_with_1003_after_what_came_before_it_is_answered(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            for i in range(50):
                await client.send(find("binary", 1, ref=i))
            await websocket.send(b"\x00\x01")
            for i in range(50):
                self.assertEqual((await client.receive())["ref"], i)
            self.assertEqual(await client.close_code(), 1003)

    async def test_bytes_that_are_not_utf8_close_with_1007(self):
        for bad in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b'{"a":"\xc3'):
            async with self.server.connect() as websocket:
                await self.send_text_frame(websocket, bad)
                self.assertEqual(await Client(websocket).close_code(), 1007, bad)

    async def test_a_frame_over_the_limit_closes_with_1009(self):
        async with self.server.connect() as websocket:
            await websocket.send(" " * (1 << 20))
            self.assertEqual((await Client(websocket).receive())["ack"]["code"], "too_large")
            await websocket.send(" " * ((1 << 20) + 1))
            self.assertEqual(await Client(websocket).close_code(), 1009)

    async def test_a_frame_of_a_mebibyte_is_answered_message_by_message(self):
        line = json.dumps(find("mebibyte", 1))
        count = (1 << 20) // (len(line) + 1)
        async with self.server.connect() as websocket:
            client = Client(websocket)
            await client.send(*[line] * count)
            for i in range(count):
                self.assertEqual((await client.receive())["ack"]["total"], i + 1)

    async def test_a_message_in_fragments_is_one_message(self):
        async with self.server.connect() as websocket:
            text = json.dumps(find("fragments", 3))
            await websocket.send([text[:1], "", text[1:10], text[10:]])
            self.assertEqual((await Client(websocket).receive())["ack"]["points"], 3)

    async def test_an_unmasked_frame_closes_with_1002(self):
        async with self.server.connect() as websocket:
            websocket.transport.write(b"\x81\x02{}")
            self.assertEqual(await Client(websocket).close_code(), 1002)

    async def test_the_subprotocol_is_accepted_when_offered(self):
        async with self.server.connect(subprotocols=["tallyho.v1", "bearer.x"]) as websocket:
            self.assertEqual(websocket.subprotocol, "tallyho.v1")

    async def test_who_goes_leaves_nothing_behind(self):
        for _ in range(20):
            async with self.server.connect() as websocket:
                client = Client(websocket)
                await client.ask({"op": "watch", "board": "global"})
                await client.send(*[find("leaver", 1)] * 10)
                websocket.transport.abort()
        for _ in range(PATIENCE * 20):
            if self.server.metric("tallyho_watches") == 0 and self.server.metric("tallyho_connections") == 1:
                break
            await asyncio.sleep(0.05)
        self.assertEqual(self.server.metric("tallyho_watches"), 0)

    async def send_text_frame(self, websocket, payload):
        mask = b"\x01\x02\x03\x04"
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        websocket.transport.write(bytes([0x81, 0x80 | len(payload)]) + mask + masked)


class Stopping(unittest.IsolatedAsyncioTestCase):
    async def test_sigterm_answers_what_was_sent_and_closes_with_1001(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = Server()
            try:
                async with server.connect() as websocket, server.connect() as idle:
                    client = Client(websocket)
                    await client.ask(find("stop", 1))
                    for i in range(200):
                        await client.send(*[find("stop", 1, ref=j) for j in range(i * 10, i * 10 + 10)])
                    server.process.send_signal(number)
                    for i in range(2000):
                        answer = await client.receive()
                        self.assertEqual((answer["ref"], answer["ack"]["code"]), (i, "ok"))
                    self.assertEqual(await client.close_code(), 1001)
                    self.assertEqual(await Client(idle).close_code(), 1001)
            finally:
                self.assertEqual(server.stop(), 0)

    async def test_a_client_that_never_stops_sending_does_not_hold_it_up(self):
        server = Server()
        async with server.connect() as websocket:
            client = Client(websocket)

            async def send():
                while websocket.open:
                    await client.send(*[find("flood", 1)] * 100)
                    await asyncio.sleep(0.001)

            async def receive():
                try:
                    while True:
                        await client.receive()
                except websockets.ConnectionClosed:
                    pass

            sending, receiving = asyncio.create_task(send()), asyncio.create_task(receive())
            await asyncio.sleep(0.2)
            server.ask_to_stop()
            self.assertEqual(await client.close_code(), 1001)
            await asyncio.gather(sending, receiving, return_exceptions=True)
        self.assertEqual(server.stop(), 0)

    async def test_an_idle_http_connection_does_not_hold_it_up(self):
        server = Server()
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            connection.recv(65536)
            self.assertEqual(server.stop(), 0)

    async def test_without_dev_it_does_not_start(self):
        started = subprocess.run([TALLYHO, "serve", "--ruleset", str(RULESET), "--listen", "127.0.0.1:0", "--admin",
                                  "127.0.0.1:0"], capture_output=True, text=True, timeout=PATIENCE)
        self.assertNotEqual(started.returncode, 0)
        self.assertIn("--dev", started.stderr)

    async def test_dev_is_for_loopback_only(self):
        started = subprocess.run([TALLYHO, "serve", "--ruleset", str(RULESET), "--dev", "--listen", "0.0.0.0:0",
                                  "--admin", "127.0.0.1:0"], capture_output=True, text=True, timeout=PATIENCE)
        self.assertNotEqual(started.returncode, 0)
        self.assertIn("loopback", started.stderr)


class Recording(unittest.IsolatedAsyncioTestCase):
    async def test_the_record_scores_to_the_same_boards(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="tallyho-test-"))
        self.addCleanup(shutil.rmtree, folder)
        record = folder / "record.ndjson"
        server = Server("--record", str(record))
        try:
            positions = 0
            async with server.connect() as one, server.connect() as other:
                clients = [Client(one), Client(other)]
                for i in range(300):
                    client = clients[i % 2]
                    event = [find(f"r{i % 17}", i % 100, id=f"e{i % 90}"), find("r1", kind="forbidden"),
                             {"type": "joined", "player": f"r{i % 5}", "team": f"t{i % 3}"},
                             find("r2", kind="broken"), find("r3", -1), find("r3", 9, at="1999-01-01T00:00:00Z"),
                             find("r4", 3, ts=5)][i % 7]
                    positions = max(positions, (await client.ask(event))["ack"].get("position", 0))
                server.post_events(json.dumps(find("pretty", 3), indent=2))
            boards = {board: server.get(f"/v1/boards/{board}?limit=1000")[1]["members"] for board in ("global", "best")}
        finally:
            self.assertEqual(server.stop(), 0)
        lines = record.read_text().splitlines()
        self.assertEqual(len(lines), positions + 1)
        scored = subprocess.run([TALLYHO, "score", "--ruleset", str(RULESET), str(record), "--boards",
                                 str(folder / "boards.json"), "--quiet"], capture_output=True, text=True,
                                             timeout=PATIENCE)
        self.assertEqual(scored.returncode, 0, scored.stderr)
        again = json.loads((folder / "boards.json").read_text())
        self.assertEqual({board: again[board] for board in boards}, boards)

    async def test_a_record_that_cannot_be_written_is_an_error_at_the_start(self):
        started = subprocess.run([TALLYHO, "serve", "--ruleset", str(RULESET), "--dev", "--listen", "127.0.0.1:0",
                                  "--admin", "127.0.0.1:0", "--record", "/no/such/folder/file"],
                                 capture_output=True, text=True, timeout=PATIENCE)
        self.assertNotEqual(started.returncode, 0)
        self.assertIn("/no/such/folder/file", started.stderr)


if __name__ == "__main__":
    unittest.main()
