"""The service under `tallyho load`, and by hand. TALLYHO names the program; needs tallyho, uvloop and websockets."""

import asyncio
import json
import os
import pathlib
import subprocess
import sys
import unittest

from websockets.asyncio.client import connect

SERVICE = pathlib.Path(__file__).resolve().parent / "service.py"
PATIENCE = 120


class Service(unittest.TestCase):
    def setUp(self):
        self.service = subprocess.Popen([sys.executable, SERVICE, "--port", "0"], stdout=subprocess.PIPE, text=True)
        self.url = f"ws://127.0.0.1:{self.service.stdout.readline().rpartition(':')[2].strip()}/v1/ws"

    def tearDown(self):
        self.service.terminate()
        self.service.wait(PATIENCE)
        self.service.stdout.close()

    def test_the_standard_load_is_scored_as_tallyho_scores_it(self):
        load = ["--events", "2000", "--players", "50", "--seed", "3"]
        done = subprocess.run([os.environ["TALLYHO"], "load", "--url", self.url, "--json", "--in-flight", "16", *load],
                              capture_output=True, text=True, timeout=PATIENCE, check=True)
        figures = json.loads(done.stdout)
        self.assertEqual(figures["events"], 2000)
        self.assertEqual(sum(figures["codes"].values()), 2000)
        self.assertGreater(figures["codes"]["ok"], 1000)
        self.assertNotIn("internal", figures["codes"])
        self.assertNotIn("malformed", figures["codes"])

    def test_each_message_gets_one_answer_in_order(self):
        frame = "\n".join([
            '{"type":"chest_opened","player":"ada","chest":"attic","locks":3,"seconds":10,"id":"e1","ref":7}',
            '{"type":"chest_opened","player":"ada","chest":"attic","locks":3,"seconds":10,"id":"e1"}',
            '{"type":"chest_opened","player":"ada","chest":"op","locks":11,"seconds":10}', "[1]", "{",
            '{"op":"query","path":"/v1/boards/global?limit=1","ref":"q"}', '{"op":"query","path":"/v1/boards/none"}',
            '{"op":"query","path":5}', '{"op":"ping"}'])
        answers = asyncio.run(asyncio.wait_for(self.ask(frame), PATIENCE))
        self.assertEqual(answers[0], {"ack": {"code": "ok", "position": 1, "points": 115, "total": 115, "id": "e1"},
                                      "ref": 7})
        self.assertEqual(answers[1]["ack"]["code"], "duplicate")
        self.assertEqual((answers[2]["ack"]["code"], answers[2]["ack"]["field"]), ("invalid_field", "locks"))
        self.assertEqual([answer["error"]["code"] for answer in answers[3:5]], ["malformed", "malformed"])
        self.assertEqual(answers[5], {"result": {"members": [{"rank": 1, "member": "ada", "value": 115}]}, "ref": "q"})
        self.assertEqual(answers[6]["error"]["code"], "not_found")
        self.assertEqual(answers[7]["error"]["code"], "invalid_argument")
        self.assertEqual(answers[8], {"pong": {}})

    async def ask(self, frame):
        async with connect(self.url) as socket:
            await socket.send(frame)
            return [json.loads(line) for line in (await socket.recv()).split("\n")]


if __name__ == "__main__":
    unittest.main()
