"""What one client may ask of the server, and what many who want the same cost it."""

import json
import unittest

from raw_websocket import PING, PONG, TEXT, RawWebSocket, frame
from tallyho_server import Client, ServerTest, find

QUERY = {"op": "query", "path": "/v1/boards/global?limit=1000"}


class Requests(ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        lines = "\n".join(json.dumps(find(f"m{i:03}" + "x" * 124, 1)) for i in range(1000))
        cls.server.post_events(lines, "application/x-ndjson")

    # Goal: a frame can't make the server hold gigabytes of answers. Method: twenty thousand queries in one frame, each
    # answered by more than a hundred kilobytes; those beyond the first mebibyte are to come again.
    async def test_a_frame_that_asks_for_too_much_is_answered_in_part(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            count = (1 << 20) // (len(json.dumps(QUERY)) + 1)
            await client.send(*[QUERY] * count)
            answers = [await client.receive() for _ in range(count)]
            results = [i for i, answer in enumerate(answers) if "result" in answer]
            self.assertEqual(results, list(range(len(results))))  # The first ones.
            self.assertGreaterEqual(len(results), 5)
            self.assertLessEqual(len(results), 20)
            self.assertEqual(len(answers[0]["result"]["members"]), 1000)
            for answer in answers[len(results):]:
                self.assertEqual(answer["error"]["code"], "overloaded")
                self.assertIn("retry_after_ms", answer["error"])
            self.assertIn("result", await client.ask(QUERY))

    async def test_watches_count_as_what_they_are_answered_with(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            watch = {"op": "watch", "board": "global", "top": 1000, "ref": "same"}
            await client.send(*[watch] * 1000)
            answers = [await client.receive() for _ in range(1000)]
            self.assertLessEqual(sum("members" in answer for answer in answers), 20)

    async def test_events_are_taken_however_many_stand_in_a_frame(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            await client.send(*[QUERY] * 20, *[find("many", 1)] * 1000)
            answers = [await client.receive() for _ in range(1020)]
            self.assertEqual(sum(answer.get("ack", {}).get("code") == "ok" for answer in answers), 1000)

    # Goal: a ping is answered ahead of messages that wait. Method: more answers than the kernel takes from the server
    # for a client that does not read; then a ping; then it reads.
    def test_a_ping_is_answered_before_the_answers_that_wait(self):
        with RawWebSocket(self.server.port, receive_buffer=4096) as websocket:
            frames = 100
            for _ in range(frames):
                websocket.send(frame(TEXT, json.dumps(QUERY)))
            websocket.send(frame(PING, b"now"))
            answers_before, answers = None, 0
            while answers < frames:
                opcode, payload = websocket.next()
                if opcode == PONG:
                    self.assertEqual(payload, b"now")
                    answers_before = answers
                else:
                    answers += len(payload.split(b"\n"))
            self.assertIsNotNone(answers_before)
            self.assertLess(answers_before, frames)


class SameThing(ServerTest):
    async def test_what_many_watch_is_encoded_once(self):
        count = 50
        sockets = [await self.server.connect() for _ in range(count)]
        clients = [Client(one) for one in sockets]
        self.server.post_event(find("s0", 5))
        for client in clients:
            await client.ask({"op": "watch", "board": "global", "top": 10})
        before = {name: self.server.metric(f"tallyho_feed_{name}_total") for name in ("messages", "encoded")}
        rounds = 10
        for i in range(rounds):
            position = self.server.post_event(find("s0", 5))[1]["position"]
            for client in clients:
                self.assertGreaterEqual((await client.push())["version"], position)
        messages = self.server.metric("tallyho_feed_messages_total") - before["messages"]
        encoded = self.server.metric("tallyho_feed_encoded_total") - before["encoded"]
        self.assertEqual(messages, count * rounds)
        self.assertEqual(encoded, rounds)
        for one in sockets:
            await one.close()


class MoreThanThereIsRoomFor(ServerTest):
    arguments = ("--io-threads", "1")

    # Goal: more watchers than there is room for at once are all told, each of what is so in the end, and acks come all
    # the while. Method: 300 of them on one thread, and a player who sends on and on.
    async def test_more_watchers_than_there_is_room_for_are_all_told(self):
        sockets = [await self.server.connect(ping_interval=None) for _ in range(300)]
        clients = [Client(one) for one in sockets]
        watch = {"op": "watch", "board": "global", "top": 1}
        for client in clients:
            await client.send(watch)
        for client in clients:
            await client.receive()
        async with self.server.connect() as sender:
            player = Client(sender)
            for _ in range(100):
                ack = (await player.ask(find("many watched", 1000)))["ack"]
                self.assertEqual(ack["code"], "ok")
        for client in clients:
            version = value = 0
            while version < ack["position"]:
                shown = await client.receive()
                version = shown["version"]
                value = shown["changes"][-1]["value"] if shown["changes"] else value
            self.assertEqual(value, ack["total"])
        for one in sockets:
            await one.close()


if __name__ == "__main__":
    unittest.main()
