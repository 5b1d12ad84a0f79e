"""The ruleset is swapped while the game goes on: over HTTP and by SIGHUP, for events, reads, watches and restarts."""

import asyncio
import json
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

from tallyho_server import PATIENCE, RULESET, TALLYHO, Client, Server, find

YAML = {"Content-Type": "application/yaml"}
GAME = RULESET.read_text(encoding="utf-8")
DOUBLE = GAME.replace("    points: event.value\n", "    points: 2 * event.value\n")
NEW_TYPE = GAME.replace("  joined:\n", "  hidden:\n    value: int\n  joined:\n").replace(
    "rules:\n", "rules:\n  - {id: hiding, on: hidden, points: event.value}\n", 1)


class SwapTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(self.folder.cleanup)
        self.data = pathlib.Path(self.folder.name) / "data"
        self.file = pathlib.Path(self.folder.name) / "game.yaml"
        self.file.write_text(GAME, encoding="utf-8")
        self.server = self.start()

    def tearDown(self):
        if self.server.process.poll() is None:
            self.assertEqual(self.server.stop(), 0)

    def start(self, *arguments):
        return Server("--data", str(self.data), *arguments, ruleset=self.file)

    def put(self, source, headers=None):
        status, _, body = self.server.request("PUT", "/v1/ruleset", source, YAML if headers is None else headers,
                                              admin=True)
        return status, json.loads(body)

    def total(self, player):
        return self.server.get("/v1/players/" + player)[1]["total"]


class Put(SwapTest):
    def test_swaps_between_two_events_and_says_what_it_did(self):
        before = self.server.get("/v1/ruleset", admin=True)[1]
        self.assertEqual(before["source"], GAME)
        self.server.post_event(find("ada", 5))
        status, answer = self.put(DOUBLE)
        self.assertEqual((status, answer["name"], answer["dropped"]), (200, "test-game", []))
        self.assertEqual((answer["previous"], answer["position"]), (before["hash"], 3))
        after = self.server.get("/v1/ruleset")[1]
        self.assertEqual((after["source"], after["hash"]), (DOUBLE, answer["hash"]))
        self.assertEqual(self.server.post_event(find("ada", 5))[1]["total"], 15)
        status, again = self.put(DOUBLE)
        self.assertEqual((status, again["position"]), (200, 4), "it is in force: nothing is logged")

    def test_names_what_stays_behind(self):
        self.server.post_event(find("ada", 5))
        changed = GAME.replace("    finds: int\n", "").replace("    set: {player.finds: player.finds + 1}\n", "")
        changed = changed.replace("window: {every: daily, keep: 7}", "window: {every: hourly, keep: 7}")
        _, answer = self.put(changed)
        self.assertEqual(answer["dropped"], ["player.finds: there is no such variable",
                                             "board today: its windows are of another length"])
        self.assertEqual(self.server.get("/v1/boards/today")[1]["members"], [])
        self.assertEqual(self.server.get("/v1/boards/global")[1]["members"][0]["value"], 5)
        self.assertNotIn("finds", self.server.get("/v1/players/ada")[1]["state"])

    def test_of_a_ruleset_with_problems_changes_nothing_and_lists_them(self):
        status, answer = self.put(GAME.replace("points: event.value", "points: event.valeu"))
        self.assertEqual((status, answer["code"]), (400, "invalid_argument"))
        self.assertEqual(len(answer["problems"]), 1)
        self.assertIn("valeu", answer["problems"][0]["message"])
        self.assertGreater(answer["problems"][0]["line"], 20)
        self.assertEqual(self.server.get("/v1/ruleset")[1]["source"], GAME)

    def test_is_for_admins_and_takes_yaml(self):
        status, _, _ = self.server.request("PUT", "/v1/ruleset", DOUBLE, YAML)
        self.assertEqual(status, 405)
        self.assertEqual(self.put(DOUBLE, {"Content-Type": "application/json"})[0], 415)
        self.assertEqual(self.server.request("POST", "/v1/ruleset", DOUBLE, YAML, admin=True)[0], 405)
        self.assertEqual(self.server.get("/v1/ruleset")[1]["source"], GAME)

    def test_is_in_force_for_every_connection_once_it_is_answered(self):
        for _ in range(5):
            self.put(NEW_TYPE)
            answers = [self.server.post_event({"type": "hidden", "player": "ada", "value": 1})[1] for _ in range(8)]
            self.assertEqual({answer["code"] for answer in answers}, {"ok"})
            self.put(GAME)
            self.assertEqual(self.server.post_event({"type": "hidden", "player": "ada", "value": 1})[1]["code"],
                             "unknown_type")

    async def test_under_load_scores_every_event_by_the_ruleset_in_force_at_its_position(self):
        """Whatever was decoded before a swap and reaches the log behind it counts by the new ruleset."""
        answers, swaps = [], [(1, 1)]

        async def play(number):
            async with self.server.connect() as socket:
                for _ in range(40):
                    await socket.send("\n".join(json.dumps(find(f"player-{number}", 7)) for _ in range(10)))
                    waiting = 10
                    while waiting > 0:
                        for line in (await asyncio.wait_for(socket.recv(), PATIENCE)).splitlines():
                            answers.append(json.loads(line)["ack"])
                            waiting -= 1

        async def swap():
            loop = asyncio.get_running_loop()
            for i in range(10):
                factor = 2 if i % 2 == 0 else 1
                _, answer = await loop.run_in_executor(None, self.put, DOUBLE if factor == 2 else GAME)
                swaps.append((answer["position"], factor))
                await asyncio.sleep(0.01)

        await asyncio.gather(swap(), *(play(number) for number in range(4)))
        self.assertEqual(len(answers), 1600)
        for answer in answers:
            factor = [factor for position, factor in swaps if position < answer["position"]][-1]
            self.assertEqual((answer["code"], answer["points"]), ("ok", 7 * factor), answer)

    async def test_watches_go_on_with_a_snapshot_and_end_with_their_board(self):
        self.server.post_event(find("ada", 5))
        async with self.server.connect() as socket:
            client = Client(socket)
            for ref, board in enumerate(("global", "best")):
                await client.ask({"op": "watch", "board": board, "top": 3, "ref": ref})
            self.put(DOUBLE[:DOUBLE.index("  - id: best")])
            last = {message["watch"]: message for message in [await client.receive(), await client.receive()]}
            self.assertEqual((last[0]["board"], last[0]["members"][0]["value"]), ("global", 5))
            self.assertEqual((last[1]["board"], last[1]["members"]), ("best", []))
            self.server.post_event(find("ada", 5))
            self.assertEqual((await client.push())["changes"][0]["value"], 15)
            self.assertEqual((await client.ask({"op": "unwatch", "watch": 1}))["error"]["code"], "not_found")
            self.assertEqual((await client.ask({"op": "unwatch", "watch": 0}))["unwatched"], 0)


class Hangup(SwapTest):
    def wait_for_hash(self, other):
        deadline = time.monotonic() + PATIENCE
        while self.server.get("/v1/ruleset")[1]["hash"] == other:
            self.assertLess(time.monotonic(), deadline, "it was not swapped")
            time.sleep(0.02)

    def test_reads_the_file_again(self):
        before = self.server.get("/v1/ruleset")[1]["hash"]
        self.file.write_text(DOUBLE, encoding="utf-8")
        self.server.process.send_signal(signal.SIGHUP)
        self.wait_for_hash(before)
        self.assertIn("the ruleset was swapped", self.server.process.stderr.readline())
        self.assertEqual(self.server.post_event(find("ada", 5))[1]["total"], 10)

    def test_of_a_file_with_problems_changes_nothing(self):
        self.file.write_text(GAME.replace("points: event.value", "points: event.valeu"), encoding="utf-8")
        self.server.process.send_signal(signal.SIGHUP)
        said = ""
        while "was not swapped" not in said:
            said += self.server.process.stderr.readline()
        self.assertIn("valeu", said)
        self.assertEqual(self.server.post_event(find("ada", 5))[1]["total"], 5)


class Restart(SwapTest):
    def restart(self, with_ruleset=True):
        self.server.process.kill()
        self.server.process.wait(PATIENCE)
        self.server.process.stderr.close()
        if with_ruleset:
            self.server = self.start()

    def test_goes_on_under_the_ruleset_that_was_swapped_in_with_and_without_a_snapshot(self):
        self.server.post_event(find("ada", 5))
        self.put(DOUBLE)
        self.server.post_event(find("ada", 5))
        before = self.server.everything()
        self.file.write_text(DOUBLE, encoding="utf-8")
        self.restart()
        self.assertEqual(self.server.everything(), before)
        done = subprocess.run([TALLYHO, "snapshot", "--data", str(self.data)], capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.server.post_event(find("bob", 5))
        before = self.server.everything()
        self.restart()
        self.assertEqual(self.server.everything(), before)
        self.assertEqual(self.total("bob"), 10)

    def test_without_a_file_goes_on_under_the_log_s_ruleset(self):
        self.put(DOUBLE)
        self.restart(with_ruleset=False)
        self.server = Server("--data", str(self.data), ruleset=None)
        self.assertEqual(self.server.get("/v1/ruleset")[1]["source"], DOUBLE)
        self.server.process.send_signal(signal.SIGHUP)
        self.assertIn("no --ruleset to be read again", self.server.process.stderr.readline())

    def test_under_the_old_file_is_refused_rather_than_swapped_back(self):
        self.put(DOUBLE)
        self.restart(with_ruleset=False)
        done = subprocess.run([TALLYHO, "serve", "--ruleset", str(self.file), "--dev", "--data", str(self.data),
                               "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"],
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the log goes on under another ruleset", done.stderr)


class Check(unittest.TestCase):
    def test_against_another_ruleset_says_what_would_be_dropped(self):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            new = pathlib.Path(folder) / "new.yaml"
            new.write_text(GAME.replace("    finds: int\n", "    finds: double\n").replace(
                "player.finds + 1", "player.finds + 1.0"), encoding="utf-8")
            command = [TALLYHO, "check", str(new), "--against", str(RULESET)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
            self.assertIn("dropped  player.finds: it was int and is double", done.stdout)
            done = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=PATIENCE, check=True)
            self.assertEqual(json.loads(done.stdout),
                             {"ok": True, "dropped": ["player.finds: it was int and is double"]})
            command = [TALLYHO, "check", str(RULESET), "--against", str(RULESET)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
            self.assertIn("everything carries over", done.stdout)


if __name__ == "__main__":
    unittest.main()
