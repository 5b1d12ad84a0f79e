"""Watching a board by Server-Sent Events."""

import json
import pathlib
import random
import tempfile
import threading
import time
import unittest
from urllib.parse import quote

from board_mirror import Mirror, of_page
from event_stream import EventStream
from tallyho_server import PATIENCE, Server, ServerTest, find

SECONDS = """
tallyho: 1
name: seconds
events:
  find: {value: int}
rules:
  - {id: base, on: find, points: event.value}
boards:
  - {id: now, window: {every: 1s}}
"""


def follow(stream, mirror, version):
    """Applies changes until the mirror shows what the board was at `version` or later; returns how many it took."""
    messages = 0
    while mirror.version < version:
        identity, message = stream.next()
        assert identity == str(message["version"]), (identity, message)
        mirror.apply(message)
        messages += 1
    return messages


class Streams(ServerTest):
    def stream(self, path="/v1/boards/global/stream?top=1000", last=None, **options):
        headers = {} if last is None else {"Last-Event-ID": str(last)}
        return EventStream(self.server.port, path, headers, **options)

    def score(self, player, value):
        """Scores an event; returns its position."""
        return self.server.post_event(find(player, value))[1]["position"]

    def shown(self, query="limit=1000", board="global"):
        return of_page(self.server.get(f"/v1/boards/{board}?{query}")[1])

    def test_a_stream_begins_with_a_snapshot_and_goes_on_with_changes(self):
        self.score("s-ada", 100)
        with self.stream() as stream:
            self.assertEqual(stream.status, 200)
            self.assertEqual(stream.headers["content-type"], "text/event-stream")
            self.assertEqual(stream.headers["cache-control"], "no-store")
            identity, snapshot = stream.next()
            self.assertEqual(list(snapshot), ["board", "log", "version", "of", "members"])
            self.assertEqual(identity, str(snapshot["version"]))
            mirror = Mirror(snapshot)
            self.assertEqual(mirror.shown(), self.shown())
            for value in (10, 200, 300):
                position = self.score("s-bob", value)
                follow(stream, mirror, position)
                self.assertEqual(mirror.shown(), self.shown())

    def test_top_around_group_and_window_are_as_in_a_watch(self):
        for i in range(12):
            self.score(f"s-many{i:02}", 1000 - i)
        with self.stream("/v1/boards/best/stream?top=3") as stream:
            self.assertEqual(len(stream.next()[1]["members"]), 3)
        with self.stream("/v1/boards/best/stream?around=s-many05&radius=1") as stream:
            member = self.server.get("/v1/boards/best/members/s-many05?around=1")[1]
            self.assertEqual(stream.next()[1]["members"], member["around"])
            self.assertEqual(len(member["around"]), 3)
        self.server.post_event({"type": "joined", "player": "s-many01", "team": "red"})
        with self.stream("/v1/boards/teams/stream?group=red") as stream:
            self.assertEqual(stream.next()[1]["group"], "red")
        window = self.server.get("/v1/boards/today")[1]["window"]
        with self.stream(f"/v1/boards/today/stream?window={window}") as stream:
            self.assertEqual(stream.next()[1]["window"], window)

    def test_what_is_asked_wrongly_is_answered_by_a_problem_document(self):
        cases = {
            "/v1/boards/none/stream": (404, "not_found"),
            "/v1/boards/teams/stream": (400, "invalid_argument"),
            "/v1/boards/global/stream?group=red": (400, "invalid_argument"),
            "/v1/boards/global/stream?top=0": (400, "invalid_argument"),
            "/v1/boards/global/stream?top=1001": (400, "invalid_argument"),
            "/v1/boards/global/stream?top=3&around=s-ada": (400, "invalid_argument"),
            "/v1/boards/global/stream?radius=3": (400, "invalid_argument"),
            "/v1/boards/global/stream?around=nobody-by-that-name": (404, "not_found"),
            "/v1/boards/global/stream?limit=3": (400, "invalid_argument"),
        }
        for path, (status, code) in cases.items():
            got, headers, body = self.server.request("GET", path)
            self.assertEqual((got, json.loads(body)["code"]), (status, code), path)
            self.assertEqual(headers["Content-Type"], "application/problem+json", path)
        self.assertEqual(self.server.request("HEAD", "/v1/boards/global/stream")[0], 405)
        self.assertEqual(self.server.request("POST", "/v1/boards/global/stream")[0], 405)

    def test_last_event_id_resumes_with_one_change(self):
        self.score("r-ada", 50)
        with self.stream() as stream:
            mirror = Mirror(stream.next()[1])
        log = self.server.get("/v1/boards/global")[1]["log"]
        for value in (400, 500):
            position = self.score("r-bob", value)
        with self.stream(f"/v1/boards/global/stream?top=1000&log={log}", last=mirror.version) as stream:
            identity, change = stream.next()
            self.assertEqual(list(change), ["version", "merged", "of", "changes"])
            self.assertEqual(change["merged"], 2)
            self.assertGreaterEqual(int(identity), position)
            mirror.apply(change)
            self.assertEqual(mirror.shown(), self.shown())
            follow(stream, mirror, self.score("r-cyd", 700))
            self.assertEqual(mirror.shown(), self.shown())

    def test_a_version_that_is_not_known_begins_anew(self):
        with self.stream() as stream:
            version = stream.next()[1]["version"]
        log = self.server.get("/v1/boards/global")[1]["log"]
        other = ("0" if log[0] != "0" else "1") + log[1:]
        far = 1 << 60
        cases = [("", version), (f"&log={other}", version), (f"&log={log}", far), (f"&log={log}", "latest"),
                 (f"&log={log}", -1), (f"&log={log}", "")]
        for more, last in cases:
            with self.stream("/v1/boards/global/stream?top=1000" + more, last=last) as stream:
                self.assertIn("members", stream.next()[1], (more, last))

    # Goal: a mirror that is kept up over streams which break again and again is the board. Method: random events; the
    # stream is left at random moments, with messages still under way, and taken up with the last version seen.
    def test_a_mirror_kept_over_broken_streams_is_the_board(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}")
        rng = random.Random(seed)
        log = self.server.get("/v1/boards/best")[1]["log"]
        self.score("b0", 1)
        path = f"/v1/boards/best/stream?top=5&log={log}"
        stream = self.stream(path)
        mirror = Mirror(stream.next()[1])
        changes = 0
        for _ in range(60):
            for _ in range(rng.randrange(4)):
                position = self.score(f"b{rng.randrange(12)}", rng.randrange(900))
            if rng.randrange(2):
                stream.close()
                stream = self.stream(path, last=mirror.version)
                message = stream.next()[1]
                if "members" in message:
                    mirror = Mirror(message)
                else:
                    changes += 1
                    mirror.apply(message)
        follow(stream, mirror, self.score("b0", 1000))
        stream.close()
        self.assertEqual(mirror.shown(), self.shown("limit=5", "best"))
        self.assertGreater(changes, 0)

    def test_who_reads_slowly_gets_fewer_and_larger_changes(self):
        names = [f"slow{i:03}" + "x" * 120 for i in range(500)]
        lines = "\n".join(json.dumps(find(name, 1)) for name in names)
        self.server.post_events(lines, "application/x-ndjson")
        path = "/v1/boards/global/stream?top=1000"
        with self.stream(path, receive_buffer=4096) as slow, self.stream(path) as fast:
            slow_mirror, fast_mirror = Mirror(slow.next()[1]), Mirror(fast.next()[1])
            fast_bytes = fast_messages = slow_messages = 0
            while fast_bytes < 8 << 20:  # More than the kernel's buffers hold.
                self.server.post_events(lines, "application/x-ndjson")
                change = fast.next()[1]
                fast_bytes += len(json.dumps(change))
                fast_messages += 1
                fast_mirror.apply(change)
            position = self.score(names[0], 1)
            fast_messages += follow(fast, fast_mirror, position)
            slow_messages += follow(slow, slow_mirror, position)
            self.assertEqual(slow_mirror.shown(), self.shown("limit=1000"))
            self.assertEqual(fast_mirror.shown(), slow_mirror.shown())
            self.assertLess(slow_messages, fast_messages)

    def test_who_goes_leaves_nothing_behind(self):
        for _ in range(20):
            self.stream().close()
            with self.stream() as stream:
                stream.next()
        for _ in range(PATIENCE * 20):
            if self.server.metric("tallyho_watches") == 0 and self.server.metric("tallyho_connections") == 1:
                break
            time.sleep(0.05)
        self.assertEqual(self.server.metric("tallyho_watches"), 0)
        self.assertEqual(self.server.metric("tallyho_connections"), 1)  # The one that asks.


class Ending(unittest.TestCase):
    def test_a_stream_ends_with_its_window(self):
        """Goal: nobody waits for news of what can be read no more. Method: windows of a second."""
        with tempfile.TemporaryDirectory() as folder:
            ruleset = pathlib.Path(folder, "game.yaml")
            ruleset.write_text(SECONDS, encoding="utf-8")
            server = Server(ruleset=ruleset)
            last, is_over = None, threading.Event()
            players = threading.Thread(target=keep_scoring, args=[server, is_over])  # Time comes with events.
            players.start()
            try:
                while last is None:  # The window that was just named may be over.
                    window = server.get("/v1/boards/now")[1]["window"]
                    with EventStream(server.port, f"/v1/boards/now/stream?window={quote(window)}") as stream:
                        while stream.status == 200 and (event := stream.next()) is not None:
                            last = event[1]
            finally:
                is_over.set()
                players.join()
                status = server.stop()
            self.assertEqual((last["window"], last["members"], status), (window, [], 0))


def keep_scoring(server, is_over):
    while not is_over.wait(0.05):
        server.post_event(find("ada", 1))


class Stopping(unittest.TestCase):
    def test_a_stopping_server_ends_its_streams(self):
        server = Server()
        with EventStream(server.port, "/v1/boards/global/stream") as stream:
            stream.next()
            server.ask_to_stop()
            self.assertIsNone(stream.next())
        self.assertEqual(server.stop(), 0)

    # With a log that is kept the version alone is enough, as browsers send no more; and a server that was started
    # again has no history of what it told, so that the stream begins anew.
    def test_with_a_log_that_is_kept_the_version_is_enough_and_a_restart_leaves_no_gap(self):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            server = Server("--data", folder)
            path = "/v1/boards/global/stream"
            with EventStream(server.port, path) as stream:
                mirror = Mirror(stream.next()[1])
            server.post_event(find("k-ada", 5))
            with EventStream(server.port, path, {"Last-Event-ID": mirror.version}) as stream:
                message = stream.next()[1]
                self.assertIn("changes", message)
                mirror.apply(message)
            server.post_event(find("k-bob", 6))
            self.assertEqual(server.stop(), 0)
            server = Server("--data", folder)
            with EventStream(server.port, path, {"Last-Event-ID": mirror.version}) as stream:
                again = Mirror(stream.next()[1])
                self.assertEqual(again.shown(), [(1, "k-bob", 6), (2, "k-ada", 5)])
                self.assertGreater(again.version, mirror.version)
            self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
