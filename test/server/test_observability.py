"""What the server tells those who run it: metrics, readiness.

The tests with other people's programs run where those are installed (tools/packages.txt, `observed`), and say so where
they are not.
"""

import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

from tallyho_server import PATIENCE, RULESET, TALLYHO, Server, ServerTest, find

ROOT = pathlib.Path(__file__).resolve().parents[2]
STAGES = ("decode", "queue", "apply", "log", "ack", "push")


def wait_for(claim, what):
    """What `claim` returns once that is true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        seen = claim()
        if seen:
            return seen
        time.sleep(0.02)
    raise AssertionError("waited in vain for " + what)


def documented_metrics(with_options):
    """Type and label by name; of those that are there with an option only, or of all."""
    text = (ROOT / "docs/reference/observability.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(tallyho_\w+)(?:\{(\w+)\})?` \| (\w+) \| (.*)$", text, re.MULTILINE)
    return {name: (kind, label) for name, label, kind, meaning in rows
            if with_options or not meaning.startswith("with `--")}


def served_metrics(server):
    """The same, as the server has them."""
    text = server.request("GET", "/metrics", admin=True)[2].decode()
    found = {name: (kind, "") for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE)}
    for name, labels in re.findall(r"^(\w+)\{(.*)\} ", text, re.MULTILINE):
        family = name if name in found else re.sub(r"_(bucket|sum|count)$", "", name)
        for label in re.findall(r'(\w+)="', labels):
            if label != "le":
                found[family] = (found[family][0], label)
    return found


def documented_threads():
    """Those that are always there, and with an option."""
    text = (ROOT / "docs/reference/observability.md").read_text(encoding="utf-8")
    section = text.split("## Threads")[1].split("\n## ")[0]
    names = {True: set(), False: set()}
    for row, meaning in re.findall(r"^\| (`.*?) \| (.*) \|$", section, re.MULTILINE):
        names[meaning.startswith("with `--")].update(re.findall(r"`([\w-]+)`", row))
    return names[False], names[True]


def threads(server):
    tasks = pathlib.Path(f"/proc/{server.process.pid}/task")
    return {(task / "comm").read_text(encoding="ascii").strip() for task in tasks.iterdir()}


class Threads(ServerTest):
    def test_each_has_the_name_that_is_documented(self):
        always, with_options = documented_threads()
        wait_for(lambda: threads(self.server) == always, f"{always}, there are {threads(self.server)}")
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            pathlib.Path(folder, "key").write_text("a key of more than 24 bytes", encoding="ascii")
            server = Server("--data", f"{folder}/data", "--record", f"{folder}/record.ndjson", "--shadow", RULESET,
                            "--outbox-url", "http://127.0.0.1:1/", "--outbox-key", f"{folder}/key",
                            "--otlp-endpoint", "http://127.0.0.1:1/")
            try:
                expected = always | with_options
                wait_for(lambda: threads(server) == expected, f"{expected}, there are {threads(server)}")
            finally:
                server.stop()  # Before its folder goes.


class Metrics(ServerTest):
    def test_every_metric_is_documented_with_its_type_and_label(self):
        self.assertEqual(served_metrics(self.server), documented_metrics(with_options=False))
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            pathlib.Path(folder, "key").write_text("a key of more than 24 bytes", encoding="ascii")
            server = Server("--data", f"{folder}/data", "--record", f"{folder}/record.ndjson",
                            "--outbox-url", "http://127.0.0.1:1/", "--outbox-key", f"{folder}/key")
            try:
                self.assertEqual(served_metrics(server), documented_metrics(with_options=True))
            finally:
                server.stop()  # Before its folder goes.

    def test_each_frame_with_events_is_timed_in_every_stage(self):
        def counts():
            return [self.server.metric(f'tallyho_stage_seconds_count{{stage="{stage}"}}') for stage in STAGES[:5]]
        before = counts()
        self.server.post_events([find("staged") for _ in range(7)])
        self.server.get("/v1/boards")  # No event, so it is not counted.
        self.server.post_event({"type": "nothing"})  # The engine does not see it.
        self.assertEqual(counts(), [count + 1 for count in before])

    def test_stages_add_up_to_the_time_of_an_event(self):
        server = Server()
        self.addCleanup(server.stop)
        for i in range(20):
            server.post_event(find("adding", i))
        total = sum(server.metric(f'tallyho_stage_seconds_sum{{stage="{stage}"}}') for stage in STAGES[:5])
        self.assertAlmostEqual(total, server.metric("tallyho_event_seconds_sum"), delta=1e-6)

    async def test_pushes_are_timed_and_bytes_counted_by_class(self):
        async with self.server.connect() as socket_:
            await socket_.send('{"op":"watch","board":"global","top":3}')
            await socket_.recv()
            answered = self.server.metric('tallyho_sent_bytes_total{class="websocket"}')
            self.assertGreater(answered, 0)
            self.assertGreater(self.server.metric('tallyho_received_bytes_total{class="websocket"}'), 0)
            self.assertEqual(self.server.metric('tallyho_sent_bytes_total{class="push"}'), 0)
            body = json.dumps(find("pushed", 1000))
            received = self.server.metric('tallyho_received_bytes_total{class="http"}')
            self.server.post_events(body)
            pushed = await socket_.recv()
            self.assertEqual(self.server.metric('tallyho_received_bytes_total{class="http"}'), received + len(body))
            self.assertEqual(self.server.metric('tallyho_sent_bytes_total{class="push"}'), len(pushed))
            self.assertEqual(self.server.metric('tallyho_sent_bytes_total{class="websocket"}'), answered)
            self.assertEqual(self.server.metric('tallyho_stage_seconds_count{stage="push"}'), 1)

    def test_boards_tell_their_sizes(self):
        server = Server()
        self.addCleanup(server.stop)
        for player, team in (("a", "red"), ("b", "red"), ("c", "blue")):
            server.post_event({"type": "joined", "player": player, "team": team})
        self.assertEqual(server.metric('tallyho_board_members{board="global"}'), 3)
        self.assertEqual(server.metric('tallyho_board_members{board="teams"}'), 3)
        self.assertEqual(server.metric('tallyho_board_groups{board="teams"}'), 2)
        self.assertEqual(server.metric('tallyho_board_members{board="best"}'), 0)


class Readiness(unittest.TestCase):
    def test_who_is_not_ready_yet_says_so(self):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            pipe = f"{folder}/record"
            os.mkfifo(pipe)  # Until somebody reads from it the server stands still, before it has a game.
            # An address of its own, as its port is not told before it is ready.
            host = f"127.{os.getpid() >> 8 & 127}.{os.getpid() & 255}.9"
            process = subprocess.Popen(
                [TALLYHO, "serve", "--ruleset", str(RULESET), "--dev", "--listen", "127.0.0.1:0",
                 "--admin", f"{host}:7071", "--record", pipe], stderr=subprocess.PIPE, text=True)
            self.addCleanup(process.stderr.close)
            self.addCleanup(process.wait)
            self.addCleanup(process.terminate)

            def get(path):
                connection = http.client.HTTPConnection(host, 7071, timeout=PATIENCE)
                try:
                    connection.request("GET", path)
                    response = connection.getresponse()
                    return response.status, json.loads(response.read())
                except ConnectionRefusedError:
                    return None
                finally:
                    connection.close()

            status, problem = wait_for(lambda: get("/readyz"), "the admin listener")
            self.assertEqual((status, problem["code"], problem["detail"]), (503, "unavailable", "starting"))
            self.assertEqual(get("/healthz"), (200, {"status": "ok"}))
            self.assertEqual(get("/v1/boards")[0], 503)
            reader = threading.Thread(target=lambda: pathlib.Path(pipe).read_bytes(), daemon=True)
            reader.start()
            self.assertIn("listening on", process.stderr.readline() + process.stderr.readline())
            self.assertEqual(wait_for(lambda: get("/readyz"), "readiness"), (200, {"status": "ok"}))
            self.assertEqual(get("/v1/boards")[0], 200)


class Lines(unittest.TestCase):
    def test_every_line_is_json_if_asked_for(self):
        server = Server("--log-format", "json", is_json=True)
        ready = json.loads(server.said[-1])
        self.assertEqual({key: ready[key] for key in ("level", "topic", "listen", "admin")},
                         {"level": "info", "topic": "ready", "listen": f"127.0.0.1:{server.port}",
                          "admin": f"127.0.0.1:{server.admin_port}"})
        token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
        for _ in range(30):
            status, _, _ = server.request("GET", "/v1/boards", headers={
                "Origin": f"http://elsewhere.example/?token={token}", "Authorization": f"Bearer {token}"})
            self.assertEqual(status, 403)
        server.ask_to_stop()
        said = server.process.stderr.read()
        self.assertEqual(server.stop(), 0)
        lines = [json.loads(line) for line in said.splitlines()]
        refused = [line for line in lines if line["topic"] == "refused"]
        self.assertGreaterEqual(len(refused), 10)
        # None is lost: what was not written is counted, but for those behind the last line.
        self.assertLessEqual(len(refused) + sum(line.get("left_out", 0) for line in refused), 30)
        self.assertEqual((refused[0]["level"], refused[0]["listener"]), ("info", "clients"))
        self.assertIn("http://elsewhere.example/", refused[0]["origin"])
        self.assertNotIn("eyJ", said)
        self.assertEqual(lines[-1]["topic"], "stop")

    def test_what_is_below_the_level_is_not_said(self):
        server = Server("--log-level", "error")
        server.request("GET", "/v1/boards", headers={"Origin": "http://elsewhere.example"})
        server.ask_to_stop()
        self.assertEqual(server.process.stderr.read(), "")
        self.assertEqual(server.stop(), 0)

    def test_who_does_not_start_says_why_in_either_format(self):
        for log_format in ("text", "json"):
            done = subprocess.run([TALLYHO, "serve", "--ruleset", str(RULESET), "--dev", "--listen", "nowhere",
                                   "--log-format", log_format], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 1)
            if log_format == "text":
                self.assertTrue(done.stderr.startswith("tallyho serve: "), done.stderr)
            else:
                self.assertEqual(json.loads(done.stderr)["topic"], "start")


@unittest.skipUnless(shutil.which("prometheus") and shutil.which("promtool"), "Prometheus is not installed here")
class RealPrometheus(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.stop)
        for i in range(50):
            self.server.post_event(find("scraped", i))
        self.server.post_event(find("scraped", kind="forbidden"))

    def test_promtool_finds_nothing_to_say(self):
        metrics = self.server.request("GET", "/metrics", admin=True)[2]
        done = subprocess.run(["promtool", "check", "metrics"], input=metrics, capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))

    def test_prometheus_scrapes_and_answers(self):
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        config = pathlib.Path(folder.name, "prometheus.yml")
        config.write_text(json.dumps({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "scrape_configs": [{"job_name": "tallyho", "static_configs": [
                {"targets": [f"127.0.0.1:{self.server.admin_port}"]}]}]}), encoding="utf-8")
        prometheus = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder.name}/tsdb",
             "--web.listen-address=127.0.0.1:0"], stderr=subprocess.PIPE, text=True)
        self.addCleanup(prometheus.stderr.close)
        self.addCleanup(prometheus.wait)
        self.addCleanup(prometheus.terminate)
        port = None
        for line in prometheus.stderr:
            match = re.search(r"address=127\.0\.0\.1:(\d+)", line)
            if match and match.group(1) != "0":
                port = int(match.group(1))
                break
        self.assertIsNotNone(port, "Prometheus did not say where it listens")
        threading.Thread(target=prometheus.stderr.read, daemon=True).start()  # So that it is never held up.

        def query(expression):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            try:
                connection.request("GET", "/api/v1/query?query=" + expression)
                answer = json.loads(connection.getresponse().read())
            except (ConnectionRefusedError, json.JSONDecodeError):  # It is not ready yet.
                return None
            finally:
                connection.close()
            found = answer.get("data", {}).get("result")
            return float(found[0]["value"][1]) if found else None
        self.assertEqual(wait_for(lambda: query("tallyho_events_total%7Bcode=%22ok%22%7D"), "a scrape"), 50)
        self.assertEqual(query("tallyho_rule_fired_total%7Brule=%22base%22%7D"), 50)
        self.assertEqual(query("tallyho_stage_seconds_count%7Bstage=%22apply%22%7D"), 51)
        below = "histogram_quantile(0.99,tallyho_event_seconds_bucket)"
        self.assertGreater(query(below), 0)


if __name__ == "__main__":
    unittest.main()
