"""Many small frames that come together: the server may take them to the engine together, and nobody can tell."""

import asyncio
import json
import random
import threading
import unittest

from raw_websocket import BINARY, TEXT, RawWebSocket, close_frame, frame
from tallyho_server import PATIENCE, Client, ServerTest, find

EVENTS = 500


class SmallFrames(ServerTest):
    def test_messages_of_all_kinds_are_answered_in_order_and_by_what_was_so_in_their_place(self):
        """Goal: nothing is overtaken. Method: a random sequence in one go, and a total that is counted here."""
        seed = random.randrange(1 << 32)
        with self.subTest(seed=seed), RawWebSocket(self.server.port) as client:
            frames, expected = sequence(random.Random(seed), "together")
            sender = threading.Thread(target=client.send, args=[frame(TEXT, one) for one in frames])
            sender.start()  # Beside the reading: neither side's buffers hold all of it.
            answers = messages(client, len(expected))
            sender.join()
            for (ref, what), answer in zip(expected, answers, strict=True):
                self.assertEqual(answer.get("ref"), ref, answer)
                if isinstance(what, str):
                    self.assertIn(what, answer)
                    continue
                said = answer.get("ack") or answer["result"]
                self.assertEqual({key: said.get(key) for key in what}, what)

    async def test_events_right_before_the_end_of_a_connection_are_scored(self):
        """Goal: what has arrived counts, though nobody may wait for the acks. So many events that the first acks cannot
        be sent any more while most of what is `gone` is still to be read, and so few that they fit into a window."""
        ends = {"closed": close_frame(1000), "binary": frame(BINARY, b"x"), "reserved": frame(3, b"x"), "gone": b""}
        for name, end in ends.items():
            with self.subTest(name), RawWebSocket(self.server.port) as client:
                client.send(*(frame(TEXT, json.dumps(find(name, 1))) for _ in range(EVENTS)), end)
                if end:
                    while client.next() is not None:
                        pass
            async with self.server.connect() as websocket, asyncio.timeout(PATIENCE):
                while await total(Client(websocket), name) != EVENTS:
                    await asyncio.sleep(0.01)


def sequence(chance, player):
    """Frames, and of each answer its ref and what is in it: a member's name, or values of the ack or result."""
    frames, expected, points = [json.dumps(find(player, 1))], [(None, {"total": 1})], 1
    for ref in range(1500):
        kind = chance.choice(["event"] * 20 + ["unknown", "lines", "ping", "query", "detail", "malformed"])
        if kind == "event":
            points += 1
            frames.append(json.dumps(find(player, 1, ref=ref)))
            expected.append((ref, {"code": "ok", "total": points}))
        elif kind == "lines":
            frames.append("\n".join(json.dumps(find(player, 1, ref=ref)) for _ in range(3)))
            expected += [(ref, {"code": "ok", "total": points + more}) for more in (1, 2, 3)]
            points += 3
        elif kind == "unknown":
            frames.append(json.dumps({"type": "nothing", "player": player, "ref": ref}))
            expected.append((ref, {"code": "unknown_type"}))
        elif kind == "query":
            frames.append(json.dumps({"op": "query", "path": f"/v1/players/{player}", "ref": ref}))
            expected.append((ref, {"total": points}))
        elif kind == "malformed":
            frames.append("{")
            expected.append((None, "error"))
        else:
            asked = {"op": "ping"} if kind == "ping" else {"op": "hello", "detail": ["fired"] * chance.randrange(2)}
            frames.append(json.dumps({**asked, "ref": ref}))
            expected.append((ref, "pong" if kind == "ping" else "hello"))
    return frames, expected


def messages(client, count):
    got = []
    while len(got) < count:
        opcode, payload = client.next()
        assert opcode == TEXT, (opcode, payload)
        got += [json.loads(line) for line in payload.split(b"\n")]
    return got


async def total(client, player):
    answer = await client.ask({"op": "query", "path": f"/v1/players/{player}"})
    return answer.get("result", {}).get("total")


if __name__ == "__main__":
    unittest.main()
