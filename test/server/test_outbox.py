"""The outbox: what the game has to say reaches a receiver, signed, in order, at least once, whatever becomes of it."""

import base64
import hashlib
import hmac
import os
import pathlib
import random
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from certificates import CertificateAuthority
from tallyho_server import PATIENCE, RULESET, TALLYHO, Server, find
from webhook_receiver import Receiver

KEY = b"a key for the tests of the outbox"
RANKS = "best:entered:2,best:left:2,best:overtaken:3"
DIRECT = {**os.environ, "no_proxy": "*"}


def messages_of(receiver):
    return [message for request in receiver.taken for message in request.json()["messages"]]


class OutboxTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(self.folder.cleanup)
        self.key = pathlib.Path(self.folder.name, "key")
        self.key.write_text("whsec_" + base64.b64encode(KEY).decode() + "\n", encoding="ascii")
        self.receiver = Receiver()
        self.addCleanup(lambda: self.receiver.vanish())
        self.server = None
        self.addCleanup(self.stop)

    def wait_for_metric(self, name, least):
        end = time.monotonic() + PATIENCE
        while (value := self.server.metric(name)) < least and time.monotonic() < end:
            time.sleep(0.02)
        self.assertGreaterEqual(value, least, name)

    def start(self, *arguments):
        self.server = Server("--data", f"{self.folder.name}/data", "--outbox-url", self.receiver.url + "/hook",
                             "--outbox-key", str(self.key), "--outbox-ranks", RANKS, *arguments, environment=DIRECT)
        # Whatever it says is read, so that it is never held up.
        self.reader = threading.Thread(target=self.read_all, args=(self.server.process.stderr, self.server.said),
                                       daemon=True)
        self.reader.start()

    @staticmethod
    def read_all(stream, said):
        try:
            for line in stream:
                said.append(line)
        except ValueError:
            pass  # It was closed.

    def stop(self):
        if self.server:
            server, self.server = self.server, None
            self.assertEqual(server.stop(), 0)

    def kill(self):
        self.server.process.kill()
        self.server.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        self.server.process.stderr.close()
        self.server = None

    def wait_for(self, count):
        """The first messages, with at least so many different ones."""
        self.receiver.wait(lambda: len({m["id"] for m in messages_of(self.receiver)}) >= count, f"{count} messages")
        return messages_of(self.receiver)


class Messages(OutboxTest):
    def test_notices_and_ranks_are_told_and_signed(self):
        self.start()
        self.server.post_event(find("ada", 10, id="first"))
        self.server.post_event(find("bob", 30))
        self.server.post_event(find("cy", 20))
        said = self.wait_for(7)
        log = self.server.get("/v1/boards/best")[1]["log"]
        for message in said:
            self.assertTrue(message.pop("id").startswith(f"{log}-{message['position']}-"))
            self.assertRegex(message.pop("at"), r"^\d{4}-\d\d-\d\dT.*Z$")
        first = said[0]["position"]
        self.assertEqual(said, [
            {"kind": "notice", "player": "ada", "rule": "ten", "text": "a ten for ada", "event": "first",
             "position": first},
            {"kind": "entered", "board": "best", "top": 2, "player": "ada", "rank": 1, "position": first},
            {"kind": "entered", "board": "best", "top": 2, "player": "bob", "rank": 1, "position": first + 1},
            {"kind": "overtaken", "board": "best", "top": 3, "player": "ada", "rank": 2, "was": 1, "by": "bob",
             "position": first + 1},
            {"kind": "entered", "board": "best", "top": 2, "player": "cy", "rank": 2, "position": first + 2},
            {"kind": "left", "board": "best", "top": 2, "player": "ada", "rank": 3, "was": 2, "position": first + 2},
            {"kind": "overtaken", "board": "best", "top": 3, "player": "ada", "rank": 3, "was": 2, "by": "cy",
             "position": first + 2}])
        for request in self.receiver.taken:
            self.assertEqual((request.path, request.json()["log"], request.headers["content-type"]),
                             ("/hook", log, "application/json"))
            headers = request.headers
            signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request.body
            mac = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
            self.assertEqual(headers["webhook-signature"], "v1," + mac)
            self.assertLess(abs(time.time() - int(headers["webhook-timestamp"])), 3600)

    def test_what_was_taken_is_not_said_again_after_a_restart(self):
        self.start()
        for i in range(5):
            self.server.post_event(find(f"p{i}", 10))
        before = self.wait_for(7)
        self.stop()
        self.start()
        self.server.post_event(find("after", 10))
        said = self.wait_for(len(before) + 1)
        self.assertEqual(len(said), len({message["id"] for message in said}))
        self.assertIn("a ten for after", [message.get("text") for message in said])

    def test_a_new_receiver_is_not_told_of_the_past(self):
        server = Server("--data", f"{self.folder.name}/data")
        server.post_event(find("past", 10))
        self.assertEqual(server.stop(), 0)
        self.start()
        self.server.post_event(find("now", 10))
        self.wait_for(1)
        self.assertEqual({message["player"] for message in messages_of(self.receiver)}, {"now"})

    def test_metrics_say_how_it_goes(self):
        self.receiver.behave = lambda request: 500 if self.receiver.seen < 3 else 200
        self.start()
        self.server.post_event(find("metrics", 10))
        self.wait_for(2)
        end = time.monotonic() + PATIENCE
        while self.server.metric("tallyho_outbox_waiting_bytes") > 0 and time.monotonic() < end:
            time.sleep(0.02)
        self.assertEqual(self.server.metric("tallyho_outbox_waiting_bytes"), 0)
        self.assertEqual(self.server.metric("tallyho_outbox_messages_total"), 2)
        self.assertEqual(self.server.metric('tallyho_outbox_posts_total{outcome="failed"}'), 2)
        self.assertEqual(self.server.metric('tallyho_outbox_failures_total{reason="answer"}'), 2)
        self.assertEqual(self.server.metric('tallyho_outbox_failures_total{reason="certificate"}'), 0)
        self.assertGreaterEqual(self.server.metric('tallyho_outbox_posts_total{outcome="taken"}'), 1)
        self.assertEqual(self.server.metric("tallyho_outbox_complete"), 1)

    def test_what_cannot_be_is_refused_at_the_start(self):
        short = pathlib.Path(self.folder.name, "short")
        short.write_text("too short", encoding="ascii")
        data, key = ["--data", f"{self.folder.name}/data"], ["--outbox-key"]
        url = ["--outbox-url", "http://127.0.0.1:1/"]
        secure = [*data, "--outbox-url", "https://127.0.0.1:1/", *key, str(self.key), "--outbox-ca"]
        for arguments, why in (
                ([*url, *key, str(self.key)], "needs --data"), ([*data, *url], "needs a key"),
                ([*data, *url, *key, "/nowhere"], "cannot be read"), ([*data, *url, *key, str(short)], "24 are needed"),
                ([*data, "--outbox-url", "nowhere", *key, str(self.key)], "nowhere"),
                ([*data, *key, str(self.key)], "needs --outbox-url"),
                ([*data, "--outbox-ca", str(self.key)], "needs --outbox-url"),
                ([*data, *url, *key, str(self.key), "--outbox-ca", str(self.key)], "for a receiver with https"),
                ([*secure, "/nowhere"], "/nowhere: it cannot be read"), ([*secure, str(short)], "has no certificate"),
                ([*data, *url, *key, str(self.key), "--outbox-ranks", "best:up:10"], "entered, left or overtaken")):
            with self.subTest(why):
                done = subprocess.run([TALLYHO, "serve", "--ruleset", str(RULESET), "--dev", "--listen", "127.0.0.1:0",
                                       "--admin", "127.0.0.1:0", *arguments], capture_output=True, text=True,
                                      check=False, timeout=PATIENCE)
                self.assertEqual(done.returncode, 1)
                self.assertIn(why, done.stderr)
                self.assertNotIn("too short", done.stderr)
                checked = subprocess.run([*done.args, "--check"], capture_output=True, text=True, check=False,
                                         timeout=PATIENCE)
                self.assertEqual((checked.returncode, checked.stderr), (1, done.stderr))


class BadReceivers(OutboxTest):
    def expect_all(self, count):
        """Every notice once, in order."""
        said = self.wait_for(count)
        notices = [message for message in said if message["kind"] == "notice"]
        self.assertEqual([message["text"] for message in notices], [f"a ten for p{i}" for i in range(len(notices))])

    def test_it_is_tried_again_until_it_is_taken(self):
        answers = [500, (429, {"Retry-After": "1"}), None, 404, 200]
        self.receiver.behave = lambda request: answers[min(self.receiver.seen, len(answers)) - 1]
        self.start()
        self.server.post_event(find("p0", 10))
        self.expect_all(2)
        self.assertEqual(self.receiver.seen, len(answers))
        self.assertTrue(any("it answered 500" in line for line in self.server.said), self.server.said)

    def test_who_stalls_holds_nobody_up(self):
        is_over = threading.Event()
        self.addCleanup(is_over.set)

        def stall_once(_):
            if self.receiver.seen > 1:
                return 200
            is_over.wait(PATIENCE)
            return None
        self.receiver.behave = stall_once
        self.start()
        self.server.post_event(find("p0", 10))
        self.receiver.wait(lambda: self.receiver.seen == 1, "the first request")
        for i in range(1, 200):
            self.assertEqual(self.server.post_event(find(f"p{i}", 10))[1]["code"], "ok")
        self.assertEqual(self.receiver.taken, [])  # All were acked while it was silent.
        self.expect_all(200)

    def test_who_disappears_is_told_when_he_is_back(self):
        self.start()
        self.server.post_event(find("p0", 10))
        self.wait_for(1)
        self.receiver.vanish()
        for i in range(1, 50):
            self.server.post_event(find(f"p{i}", 10))
        self.wait_for_metric('tallyho_outbox_failures_total{reason="connection"}', 1)
        self.receiver.open()
        self.expect_all(52)

    def test_who_is_silent_does_not_keep_the_server_from_stopping(self):
        is_over = threading.Event()
        self.addCleanup(is_over.set)
        self.receiver.behave = lambda request: is_over.wait(PATIENCE) and None
        self.start()
        self.server.post_event(find("p0", 10))
        self.receiver.wait(lambda: self.receiver.seen == 1, "the first request")
        self.stop()


class Certificates(OutboxTest):
    """A receiver with https, whose certificate says who it is, and is good or not."""

    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(self.folder.name)
        self.authority = CertificateAuthority(self.path)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.show(self.authority.vouch("127.0.0.1"))
        self.receiver.vanish()
        self.receiver = Receiver(tls=self.context)

    def show(self, certificate):
        """From the next connection on."""
        self.context.load_cert_chain(certificate)

    def start_trusting(self, authority):
        self.start("--outbox-ca", str(authority))

    def test_a_good_one_is_told_all(self):
        self.start_trusting(self.authority.path)
        for i in range(20):
            self.server.post_event(find(f"p{i}", 10))
        said = self.wait_for(22)
        self.assertEqual([m["text"] for m in said if m["kind"] == "notice"], [f"a ten for p{i}" for i in range(20)])
        self.assertEqual(self.server.metric('tallyho_outbox_posts_total{outcome="failed"}'), 0)

    def test_each_connection_shows_it_anew(self):
        """What another connection had shown, as a resumed session would have it, counts for nothing."""
        self.start_trusting(self.authority.path)
        self.server.post_event(find("p0", 10))
        self.wait_for(2)
        self.show(self.authority.vouch("push.example"))
        self.receiver.hang_up()
        self.server.post_event(find("p1", 10))
        self.wait_for_metric('tallyho_outbox_failures_total{reason="certificate"}', 1)
        self.assertEqual(len(messages_of(self.receiver)), 2)
        self.show(self.authority.vouch("127.0.0.1"))
        self.wait_for(4)

    def test_one_that_it_signed_itself_can_be_named(self):
        itself = CertificateAuthority(self.path, "itself")
        own = itself.vouch_for_itself("127.0.0.1")
        self.show(own)
        self.start_trusting(own)
        self.server.post_event(find("p0", 10))
        self.wait_for(2)

    def test_who_cannot_show_who_he_is_is_told_nothing_until_he_can(self):
        stranger = CertificateAuthority(self.path, "stranger")
        for shown, trusted, why in (
                (self.authority.vouch("push.example"), self.authority, "no alternative certificate subject name"),
                (self.authority.vouch("127.0.0.1", has_expired=True), self.authority, "certificate has expired"),
                (stranger.vouch("127.0.0.1"), self.authority, "unable to get local issuer certificate"),
                (self.authority.vouch("127.0.0.1"), None, "unable to get local issuer certificate")):
            with self.subTest(why, trusts_a_file=trusted is not None):
                try:
                    self.expect_silence_until_mended(shown, trusted, why)
                finally:
                    self.stop()
                    shutil.rmtree(self.path / "data")

    def expect_silence_until_mended(self, shown, trusted, why):
        tries = 3
        self.show(shown)
        self.receiver.heard = 0
        self.receiver.taken.clear()
        begun = time.monotonic()
        self.start(*(["--outbox-ca", str(trusted.path)] if trusted else []))
        self.server.post_event(find("ada", 10))
        self.wait_for_metric('tallyho_outbox_failures_total{reason="certificate"}', tries)
        # Between them it waited at least half of 0.5 s, of 1 s, ...
        self.assertGreater(time.monotonic() - begun, 0.25 * (2 ** (tries - 1) - 1))
        self.assertEqual(self.receiver.heard, 0)
        self.assertEqual(self.server.metric("tallyho_outbox_messages_total"), 0)
        said = [line for line in self.server.said if "certificate is not good" in line]
        self.assertEqual(len(said), 1, self.server.said)
        self.assertIn(why, said[0])
        if trusted:  # To whom the system's authorities alone will do, nothing that a test makes ever does.
            self.show(self.authority.vouch("127.0.0.1"))
            self.wait_for(2)
            self.assertEqual([message["kind"] for message in messages_of(self.receiver)], ["notice", "entered"])

    def test_a_file_of_authorities_that_is_gone_stops_it_until_it_is_back(self):
        """No connection is made without it, and nobody else is trusted instead."""
        hidden = self.path / "hidden"
        self.start_trusting(self.authority.path)
        self.authority.path.rename(hidden)
        self.server.post_event(find("ada", 10))
        self.wait_for_metric('tallyho_outbox_failures_total{reason="certificate"}', 1)
        self.assertEqual(self.receiver.heard, 0)
        hidden.rename(self.authority.path)
        self.wait_for(2)

    def test_a_receiver_without_tls_is_told_nothing_with_https(self):
        self.receiver.vanish()
        port = self.receiver.port
        self.receiver.tls = None
        self.receiver.open()
        self.assertEqual(self.receiver.port, port)
        self.receiver.tls = self.context  # In the URL alone.
        self.start_trusting(self.authority.path)
        self.server.post_event(find("ada", 10))
        self.wait_for_metric('tallyho_outbox_failures_total{reason="connection"}', 1)
        self.assertEqual(self.receiver.taken, [])


class Kills(OutboxTest):
    """After kill -9 nothing is missing.

    Goal: every notice and change of rank of what was acked is said, in the log's order, and under one id. Method: a
    server is killed again and again while events come and the receiver fails at random; in the end one lives until all
    has been said. What there is to say is known: an event of 10 points has a notice.
    """

    def test_nothing_is_missing_after_kills(self):
        seed = int(os.environ.get("TALLYHO_SEED", random.randrange(1 << 32)))
        source = random.Random(seed)
        self.receiver.behave = lambda request: source.choice([200, 200, 200, 500, None])
        acked = []
        with self.subTest(TALLYHO_SEED=seed):
            for life in range(4):
                self.start("--snapshot-events", "40")
                for i in range(source.randrange(20, 120)):
                    event = find(f"k{source.randrange(8)}", source.choice([10, 10, source.randrange(100)]),
                                 id=f"{life}-{i}")
                    if self.server.post_event(event)[1]["code"] == "ok" and event["value"] == 10:
                        acked.append(event["id"])
                self.kill()
            self.receiver.behave = lambda request: 200
            self.start()
            self.server.post_event(find("last", 10, id="last"))
            self.receiver.wait(lambda: any(m.get("event") == "last" for m in messages_of(self.receiver)), "the last")
            said = messages_of(self.receiver)
            first = {}  # By id, in the order of their first coming.
            for message in said:
                self.assertEqual(first.setdefault(message["id"], message), message)
            notices = [m["event"] for m in first.values() if m["kind"] == "notice"]
            self.assertEqual(notices, [*acked, "last"])
            positions = [m["position"] for m in first.values()]
            self.assertEqual(positions, sorted(positions))
            # Changes of rank tell the same story as the board: who entered and did not leave is there.
            inside = set()
            for message in first.values():
                if message["kind"] == "entered":
                    inside.add(message["player"])
                elif message["kind"] == "left":
                    inside.discard(message["player"])
            top = self.server.get("/v1/boards/best?limit=2")[1]["members"]
            self.assertEqual(inside, {member["member"] for member in top})


if __name__ == "__main__":
    unittest.main()
