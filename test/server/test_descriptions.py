"""What the OpenAPI and AsyncAPI descriptions say is so: every operation and message is provoked, and what comes is
validated against its schema."""

import json
import pathlib
import re
import unittest

import jsonschema

from event_stream import EventStream
from tallyho_server import HERE, Client, ServerTest, find

ASYNCAPI = HERE.parents[1] / "docs/reference/asyncapi.json"


def resolved(document, node):
    while "$ref" in node:
        place = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            place = place[part.replace("~1", "/").replace("~0", "~")]
        node = place
    return node


def validator(document, schema):
    """Of a schema inside a document, whose references are to the document."""
    whole = {**schema, "components": document["components"]}
    jsonschema.Draft202012Validator.check_schema(whole)
    return jsonschema.Draft202012Validator(whole)


class OpenApi(ServerTest):
    arguments = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = cls.server.get("/v1/openapi.json")[1]

    def operations(self):
        return {f"{method.upper()} {path}": operation for path, item in self.document["paths"].items()
                for method, operation in item.items() if method != "servers"}

    def check(self, name, path, body=None, content_type=None, status=200, headers=None):
        """Asks for what operation `name` describes; the answer must be one that it describes."""
        operation = self.operations()[name]
        method = name.split()[0]
        is_admin = "admin" in operation.get("tags", []) or name == "GET /metrics"
        headers = {**(headers or {}), **({"Content-Type": content_type} if content_type else {})}
        got, answer_headers, answer = self.server.request(method, path, body, headers, admin=is_admin)
        self.assertEqual(got, status, (name, path, answer[:200]))
        self.assertIn(str(got), operation["responses"], name)
        response = resolved(self.document, operation["responses"][str(got)])
        media_type = answer_headers["Content-Type"].split(";")[0]
        self.assertIn(media_type, response["content"], (name, got))
        schema = response["content"][media_type]["schema"]
        value = json.loads(answer) if media_type.endswith(("/json", "+json")) else answer.decode()
        validator(self.document, schema).validate(value)
        self.seen.add(name)
        return value

    def test_every_operation_answers_as_described(self):
        self.seen = set()
        check = self.check
        event = json.dumps(find("d-ada", 10, id="d1", ref=7))
        js, lines = "application/json", "application/x-ndjson"
        everything = "?detail=fired,notices,ranks"
        check("POST /v1/events", "/v1/events" + everything, event, js)
        check("POST /v1/events", "/v1/events" + everything, event, js)  # A duplicate.
        check("POST /v1/events", "/v1/events", f"[{event},{{}}]", js)
        check("POST /v1/events", "/v1/events", event + "\n{\n", lines)
        cloud = {"specversion": "1.0", "type": "find", "source": "s", "id": "d2", "subject": "d-ada",
                 "data": {"value": 1}}
        check("POST /v1/events", "/v1/events", json.dumps(cloud), "application/cloudevents+json")
        check("POST /v1/events", "/v1/events", json.dumps([cloud, 7]), "application/cloudevents-batch+json")
        check("POST /v1/events", "/v1/events", "{", js, 400)
        check("POST /v1/events", "/v1/events", json.dumps(find("d-ada", 5, kind="forbidden")), js, 422)
        check("POST /v1/events", "/v1/events", json.dumps(find("d-ada", 5, kind="broken")), js, 422)
        check("POST /v1/events", "/v1/events", " " * 20000 + event, js, 413)
        check("POST /v1/events", "/v1/events?x=1", event, js, 400)
        check("POST /v1/events", "/v1/events", event, "text/plain", 415)
        self.server.post_event({"type": "joined", "player": "d-bob", "team": "red"})
        check("GET /v1/boards", "/v1/boards")
        check("GET /v1/boards/{id}", "/v1/boards/global?limit=1&min=1")
        check("GET /v1/boards/{id}", "/v1/boards/teams?group=red")
        check("GET /v1/boards/{id}", "/v1/boards/today")
        check("GET /v1/boards/{id}", "/v1/boards/none", status=404)
        check("GET /v1/boards/{id}", "/v1/boards/global?limit=0", status=400)
        check("GET /v1/boards/{id}", "/v1/boards/global?limit=1", status=403, headers={"Host": "example.com"})
        check("GET /v1/boards/{id}/members/{member}", "/v1/boards/global/members/d-ada?around=5")
        check("GET /v1/boards/{id}/members/{member}", "/v1/boards/global/members/nobody", status=404)
        check("POST /v1/boards/{id}/ranks", "/v1/boards/global/ranks", '{"members":["d-ada","x"]}', js)
        check("POST /v1/boards/{id}/ranks", "/v1/boards/global/ranks", '{"members":[1]}', js, 400)
        check("GET /v1/boards/{id}/export", "/v1/boards/global/export")
        check("GET /v1/boards/{id}/export", "/v1/boards/global/export?format=ndjson")
        check("GET /v1/players/{player}", "/v1/players/d-bob")
        check("GET /v1/players/{player}", "/v1/players/nobody", status=404)
        check("GET /v1/players/{player}/ledger", "/v1/players/d-ada/ledger", status=404)  # It needs --data.
        for what in ("ban", "unban"):
            check(f"POST /v1/players/{{player}}/{what}", f"/v1/players/d-ada/{what}", '{"reason":"why"}', js)
        adjust = "POST /v1/players/{player}/adjust"
        check(adjust, "/v1/players/d-ada/adjust", '{"id":"a1","points":-3}', js)
        check(adjust, "/v1/players/d-ada/adjust", '{"id":"a1"}', js, 400)
        check(adjust, "/v1/players/d-ada/adjust", "{}", "text/plain", 415)
        check("DELETE /v1/players/{player}", "/v1/players/d-ada")
        check("DELETE /v1/players/{player}", "/v1/players/nobody", status=404)
        source = check("GET /v1/ruleset", "/v1/ruleset")["source"]
        check("PUT /v1/ruleset", "/v1/ruleset", source, "application/yaml")
        check("PUT /v1/ruleset", "/v1/ruleset", "tallyho: 7", "application/yaml", 400)
        check("GET /v1/shadow", "/v1/shadow", status=404)  # It needs --shadow.
        check("GET /v1/ws", "/v1/ws", status=426)
        check("POST /v1/tickets", "/v1/tickets")
        check("POST /v1/tickets", "/v1/tickets", "x", "text/plain", 415)
        check("GET /v1/openapi.json", "/v1/openapi.json")
        check("GET /healthz", "/healthz")
        check("GET /readyz", "/readyz")
        check("GET /metrics", "/metrics")
        self.check_stream()
        self.assertEqual(self.seen, set(self.operations()))

    def check_stream(self):
        name = "GET /v1/boards/{id}/stream"
        with EventStream(self.server.port, "/v1/boards/global/stream") as stream:
            self.assertIn(stream.headers["content-type"], self.operations()[name]["responses"]["200"]["content"])
        self.check(name, "/v1/boards/none/stream", status=404)

    def test_the_parameters_are_those_that_the_server_takes(self):
        for name, operation in self.operations().items():
            if not name.startswith("GET /v1/boards") or name.endswith("/stream"):
                continue
            names = {p["name"] for p in (resolved(self.document, p) for p in operation.get("parameters", []))
                     if p["in"] == "query"}
            path = re.sub(r"{\w+}", "global", name.split()[1])
            for parameter in ("group", "window", "ranking", "limit", "offset", "cursor", "min", "max", "around",
                              "format"):
                status, _, body = self.server.request("GET", f"{path}?{parameter}=*", admin="export" in name)
                is_unknown = b"there is no parameter" in body
                self.assertEqual(is_unknown, parameter not in names, (name, parameter, status, body))


class AsyncApi(ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = json.loads(ASYNCAPI.read_text(encoding="utf-8"))
        cls.messages = {}
        for name, operation in cls.document["operations"].items():
            for reference in operation["messages"]:
                message = resolved(cls.document, resolved(cls.document, reference))
                cls.messages.setdefault(name, {})[message["name"]] = validator(cls.document, message["payload"])

    def kind(self, operation, message):
        """The one kind of message that it is."""
        kinds = [name for name, schema in self.messages[operation].items() if schema.is_valid(message)]
        self.assertEqual(len(kinds), 1, (kinds, message))
        return kinds[0]

    async def test_every_message_is_as_described_and_every_description_is_met(self):
        asked, told = set(), set()
        async with self.server.connect() as one, self.server.connect() as two:
            watcher, player = Client(one), Client(two)

            async def ask(client, message):
                asked.add(self.kind("ask", message))
                await client.send(message)
                answer = await client.answer() if "since" not in message else await client.receive()
                told.add(self.kind("tell", answer))
                return answer

            await ask(player, {"op": "hello", "detail": ["fired", "notices", "ranks"], "ref": 1})
            await ask(player, find("y-ada", 10, id="y1", ref="r"))
            await ask(player, find("y-ada", 10, id="y1"))
            await ask(player, find("y-ada", 10, kind="broken"))
            snapshot = await ask(watcher, {"op": "watch", "board": "global", "top": 3, "ref": "top"})
            await ask(watcher, {"op": "watch", "board": "best", "around": "y-ada", "radius": 1})
            await ask(watcher, {"op": "watch", "player": "y-ada", "ref": 9})
            await ask(player, find("y-ada", 10))
            pushes = set()
            while pushes < {"changes", "score", "notice"}:
                pushes.add(self.kind("tell", await watcher.push()))
            told |= pushes
            await ask(player, {"op": "watch", "board": "global", "top": 3, "since": snapshot["version"],
                               "log": snapshot["log"]})
            await ask(watcher, {"op": "query", "path": "/v1/boards/global", "ref": 2})
            await ask(watcher, {"op": "ping"})
            await ask(watcher, {"op": "unwatch", "watch": "top"})
            await ask(watcher, {"op": "unwatch", "watch": "top"})
            await watcher.send("{")
            told.add(self.kind("tell", await watcher.answer()))
        self.assertEqual(asked, set(self.messages["ask"]))
        self.assertEqual(told, set(self.messages["tell"]))

    # What the description forbids, the server refuses.
    async def test_what_is_not_described_is_refused(self):
        cases = [{"op": "watch", "board": "global", "top": 0}, {"op": "watch", "board": "global", "top": 1001},
                 {"op": "watch", "board": "global", "radius": 3}, {"op": "watch", "board": 7}, {"op": "watch"},
                 {"op": "watch", "board": "global", "top": 1, "around": "z"}, {"op": "watch", "player": ""},
                 {"op": "watch", "board": "global", "since": -1}, {"op": "watch", "board": "global", "x": 1},
                 {"op": "hello", "detail": ["all"]}, {"op": "hello", "token": 7}, {"op": "ping", "ref": 1.5},
                 {"op": "ping", "x": 1}, {"op": "unwatch"}, {"op": "unwatch", "watch": []}, {"op": "query"},
                 {"op": "query", "path": "v1"}, {"op": "sing"}, {"op": 7}, {"type": "find"}, {"player": "z"},
                 {"type": "find", "player": "z", "value": 1, "ref": []}, {"type": "find", "player": "", "value": 1}]
        async with self.server.connect() as websocket:
            client = Client(websocket)
            for message in cases:
                kinds = [name for name, schema in self.messages["ask"].items() if schema.is_valid(message)]
                self.assertEqual(kinds, [], message)
                answer = await client.ask(message)
                code = (answer.get("error") or answer["ack"])["code"]
                self.assertIn(code, ("invalid_argument", "missing_field", "invalid_field"), message)


if __name__ == "__main__":
    unittest.main()
