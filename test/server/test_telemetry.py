"""What the server tells an OpenTelemetry collector: metrics and traces, as OTLP over HTTP in JSON."""

import json
import os
import pathlib
import re
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from certificates import CertificateAuthority
from tallyho_server import PATIENCE, RULESET, TALLYHO, Server, find
from webhook_receiver import Receiver

DIRECT = {**os.environ, "no_proxy": "*"}
STAGES = ["decode", "queue", "apply", "log", "ack"]
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def attributes(of):
    """As a dictionary; a value has one kind."""
    found = {}
    for attribute in of.get("attributes", []):
        assert set(attribute) == {"key", "value"} and len(attribute["value"]) == 1, attribute
        (kind, value), = attribute["value"].items()
        assert kind in ("stringValue", "intValue") and isinstance(value, str), attribute
        found[attribute["key"]] = value
    return found


def scopes(body, resources, inner):
    """What is in a body's one resource and scope, whose shape is checked."""
    assert set(body) == {resources} and len(body[resources]) == 1, body
    resource, = body[resources]
    names = attributes(resource["resource"])
    assert names["service.name"] == "tallyho" and names["service.version"] and names["service.instance.id"], names
    scope, = resource[inner.replace("spans", "scopeSpans").replace("metrics", "scopeMetrics")]
    assert scope["scope"]["name"] == "tallyho", scope
    return scope[inner]


def check_metric(metric):
    """The shape of one, as the protocol has it; returns its points."""
    kinds = set(metric) - {"name", "description", "unit"}
    assert len(kinds) == 1, metric
    kind, = kinds
    data = metric[kind]
    assert kind in ("sum", "gauge", "histogram"), metric
    if kind != "gauge":
        assert data["aggregationTemporality"] == 2, metric
    if kind == "sum":
        assert data["isMonotonic"] is True, metric
    for point in data["dataPoints"]:
        assert re.fullmatch(r"\d{19}", point["timeUnixNano"]), point
        if kind == "histogram":
            assert len(point["bucketCounts"]) == len(point["explicitBounds"]) + 1, point
            assert sum(map(int, point["bucketCounts"])) == int(point["count"]), point
            assert point["explicitBounds"] == sorted(point["explicitBounds"]), point
        else:
            assert isinstance(point["asDouble"], (int, float)), point
        if kind != "gauge":
            assert int(point["startTimeUnixNano"]) <= int(point["timeUnixNano"]), point
    return data["dataPoints"]


def check_span(span):
    assert re.fullmatch(r"[0-9a-f]{32}", span["traceId"]) and re.fullmatch(r"[0-9a-f]{16}", span["spanId"]), span
    assert span["kind"] in (1, 2), span
    assert 0 < int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"]), span
    return span


class Telemetry(unittest.TestCase):
    tls = None

    def setUp(self):
        self.receiver = Receiver(tls=self.tls)
        self.addCleanup(self.receiver.vanish)

    def start(self, *arguments):
        server = Server("--otlp-endpoint", self.receiver.url + "/", "--otlp-interval", "100ms", *arguments,
                        environment=DIRECT)
        self.addCleanup(server.stop)
        threading.Thread(target=self.read_all, args=(server.process.stderr, server.said), daemon=True).start()
        return server

    @staticmethod
    def read_all(stream, said):
        try:
            for line in stream:
                said.append(line)
        except ValueError:
            pass  # It was closed.

    def bodies(self, path):
        for request in self.receiver.taken:
            assert request.headers["content-type"] == "application/json"
            assert request.path in ("/v1/metrics", "/v1/traces"), request.path
        return [request.json() for request in self.receiver.taken if request.path == path]

    def spans(self):
        bodies = self.bodies("/v1/traces")
        return [check_span(span) for body in bodies for span in scopes(body, "resourceSpans", "spans")]

    def metrics(self):
        """The newest points by name."""
        bodies = self.bodies("/v1/metrics")
        if not bodies:
            return {}
        return {metric["name"]: check_metric(metric) for metric in scopes(bodies[-1], "resourceMetrics", "metrics")}

    def test_metrics_are_those_of_the_scrape(self):
        server = self.start()
        for i in range(5):
            server.post_event(find("told", i))

        def accepted():
            return [point["asDouble"] for point in self.metrics().get("tallyho_events_total", [])
                    if attributes(point) == {"code": "ok"}]
        self.receiver.wait(lambda: accepted() == [5], "five events")
        metrics = self.metrics()
        text = server.request("GET", "/metrics", admin=True)[2].decode()
        self.assertEqual(set(metrics), set(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE)))
        point, = metrics["tallyho_event_seconds"]
        self.assertEqual(point["count"], "5")
        stages = {attributes(point)["stage"]: point["count"] for point in metrics["tallyho_stage_seconds"]}
        self.assertEqual(stages, {**dict.fromkeys(STAGES, "5"), "push": "0"})
        self.assertEqual(metrics["tallyho_players"][0]["asDouble"], 1)

    def test_a_traced_request_has_a_span_for_each_stage(self):
        server = self.start("--trace-sample", "1")
        server.post_events([find("traced"), find("traced", kind="forbidden"), find("traced")])
        self.receiver.wait(lambda: len(self.spans()) >= 6, "its spans")
        whole, *stages = self.spans()
        self.assertEqual((whole["name"], whole["kind"]), ("events", 2))
        self.assertNotIn("parentSpanId", whole)
        self.assertEqual({key: attributes(whole)["tallyho." + key] for key in ("events", "code", "transport")},
                         {"events": "3", "code": "rejected", "transport": "http"})
        self.assertEqual([span["name"] for span in stages], STAGES)
        at = whole["startTimeUnixNano"]
        for span in stages:
            self.assertEqual((span["traceId"], span["parentSpanId"], span["startTimeUnixNano"]),
                             (whole["traceId"], whole["spanId"], at))
            at = span["endTimeUnixNano"]
        self.assertEqual(at, whole["endTimeUnixNano"])
        self.assertEqual(len({span["spanId"] for span in [whole, *stages]}), 6)

    def test_who_traces_his_request_finds_it_in_his_trace(self):
        server = self.start("--trace-sample", "0")
        body, headers = json.dumps(find("his")), {"Content-Type": "application/json"}
        for parent in ("nonsense", f"00-{TRACE}-{PARENT}-00", f"00-{TRACE}-{PARENT}-01"):
            self.assertEqual(server.request("POST", "/v1/events", body, {**headers, "traceparent": parent})[0], 200)
        self.receiver.wait(lambda: len(self.spans()) >= 6, "its spans")
        whole, *stages = self.spans()
        self.assertEqual((whole["traceId"], whole["parentSpanId"], len(stages)), (TRACE, PARENT, 5))

    def test_one_in_so_many_is_traced_and_the_last_are_told_at_the_end(self):
        server = self.start("--trace-sample", "0.1")
        for i in range(50):
            server.post_event(find("some", i))
        self.assertEqual(server.stop(), 0)
        self.assertEqual(len([span for span in self.spans() if span["name"] == "events"]), 5)

    def test_a_collector_that_is_not_there_is_said_once_and_holds_nothing_up(self):
        self.receiver.behave = lambda request: 503 if self.receiver.seen < 5 else 200
        server = self.start("--trace-sample", "1")
        for i in range(20):
            self.assertEqual(server.post_event(find("alone", i))[1]["code"], "ok")
        self.receiver.wait(lambda: len(self.metrics()) > 0, "metrics after all")
        self.assertEqual(server.stop(), 0)
        said = "".join(server.said)
        self.assertEqual(said.count("the collector takes nothing: it answered 503"), 1, said)

    def test_what_cannot_be_is_refused_at_the_start(self):
        for arguments, why in ((["--otlp-endpoint", "nowhere"], "nowhere"),
                               (["--trace-sample", "0.5"], "needs --otlp-endpoint"),
                               (["--otlp-interval", "100us"], "too short"),
                               (["--otlp-ca", "/dev/null"], "needs --otlp-endpoint"),
                               (["--otlp-endpoint", "http://127.0.0.1:1", "--otlp-ca", "/dev/null"], "with https"),
                               (["--otlp-endpoint", "https://127.0.0.1:1", "--otlp-ca", "/dev/null"], "certificate")):
            done = subprocess.run([TALLYHO, "serve", "--ruleset", str(RULESET), "--dev", "--listen", "127.0.0.1:0",
                                   "--admin", "127.0.0.1:0", *arguments], capture_output=True, text=True, check=False,
                                  timeout=PATIENCE)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(why, done.stderr)


class SecureTelemetry(Telemetry):
    """All of it again, to a collector with https."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.authority = CertificateAuthority(pathlib.Path(folder.name))
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.authority.vouch("127.0.0.1"))
        super().setUp()

    def start(self, *arguments, trusts=True):
        return super().start(*(["--otlp-ca", str(self.authority.path)] if trusts else []), *arguments)

    def test_who_cannot_show_who_he_is_is_told_nothing(self):
        server = self.start(trusts=False)
        end = time.monotonic() + PATIENCE
        while not any("unable to get local issuer certificate" in line for line in server.said):
            self.assertLess(time.monotonic(), end, "waited in vain for a warning")
            time.sleep(0.05)
        self.assertEqual(server.post_event(find("alone"))[1]["code"], "ok")
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.receiver.heard, 0)


COLLECTOR = os.environ.get("TALLYHO_COLLECTOR")


@unittest.skipUnless(COLLECTOR, "TALLYHO_COLLECTOR names no OpenTelemetry Collector (./dev test --all builds one)")
class RealCollector(unittest.TestCase):
    def test_it_takes_metrics_and_traces(self):
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        config = pathlib.Path(folder.name, "collector.yaml")
        # It prints what it has understood; its port is found from what it says.
        config.write_text("""
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {debug: {verbosity: detailed}}
service:
  telemetry: {metrics: {level: none}, logs: {level: info}}
  pipelines:
    metrics: {receivers: [otlp], exporters: [debug]}
    traces: {receivers: [otlp], exporters: [debug]}
""", encoding="utf-8")
        collector = subprocess.Popen([COLLECTOR, "--config", str(config)], stderr=subprocess.PIPE,
                                     stdout=subprocess.DEVNULL, text=True)
        self.addCleanup(collector.stderr.close)
        self.addCleanup(collector.wait)
        self.addCleanup(collector.terminate)
        lines, port = [], None
        while port is None:
            line = collector.stderr.readline()
            self.assertTrue(line, "".join(lines))
            lines.append(line)
            match = re.search(r'HTTP server.*127\.0\.0\.1:(\d+)', line)
            port = int(match.group(1)) if match and match.group(1) != "0" else None
        server = Server("--otlp-endpoint", f"http://127.0.0.1:{port}", "--otlp-interval", "200ms",
                        "--trace-sample", "1", environment=DIRECT)
        try:
            server.post_event(find("collected", 10))
        finally:
            self.assertEqual(server.stop(), 0)  # It tells all there is.
        collector.terminate()
        printed = "".join(lines) + collector.stderr.read()
        self.assertIn("Name: tallyho_events_total", printed)
        self.assertIn("service.name: Str(tallyho)", printed.replace("-> ", ""))
        self.assertRegex(printed, r"Name\s+: events")
        for stage in STAGES:
            self.assertRegex(printed, rf"Name\s+: {stage}\b")
        self.assertNotRegex(printed, r"(?m)^\S+\t(warn|error)\t")  # Its own lines: time, level, what.


if __name__ == "__main__":
    unittest.main()
