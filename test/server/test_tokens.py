"""Who may do what: tokens on every way in, and what a server without them refuses. Tokens are made by PyJWT."""

import asyncio
import json
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

import jwt
import websockets
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

import tallyho_server
from event_stream import EventStream
from tallyho_server import PATIENCE, TALLYHO, Client, Server

SECRET = "a secret of the tests, of 32 bytes and more"
RULES = """
tallyho: 1
name: guarded
public: %s
events:
  find: {value: int}
  payout: {value: int}
player_events: [find]
rules:
  - id: base
    on: [find, payout]
    points: event.value
boards:
  - id: global
"""


def token(roles=("player",), sub="ada", secret=SECRET, lasts=3600, algorithm="HS256", headers=None, **claims):
    payload = {"roles": list(roles), "exp": int(time.time()) + lasts, **claims}
    if sub is not None:
        payload["sub"] = sub
    return jwt.encode(payload, secret, algorithm, headers=headers)


def bearer(made):
    return {"Authorization": "Bearer " + made}


class Guarded(Server):
    """A server that asks for tokens; `self.folder` has its files."""

    def __init__(self, *arguments, secret=SECRET, public=False, **more):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        path = pathlib.Path(self.folder.name)
        (path / "rules.yaml").write_text(RULES % ("true" if public else "false"))
        self.key = path / "secret"
        self.key.write_text(secret)
        super().__init__("--token-key", str(self.key), *arguments, ruleset=path / "rules.yaml", dev=False, **more)

    def stop(self):
        try:
            return super().stop()
        finally:
            self.folder.cleanup()

    def ask(self, method, path, made=None, body=None, admin=False, **headers):
        """(status, JSON)"""
        if made:
            headers["Authorization"] = "Bearer " + made
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
            body = body if isinstance(body, str) else json.dumps(body)
        status, _, answer = self.request(method, path, body, headers, admin=admin)
        return status, json.loads(answer)


def find(player="ada", kind="find", **more):
    return {"type": kind, "player": player, "value": 5, **more}


class TokenTest(unittest.TestCase):
    public = False

    @classmethod
    def setUpClass(cls):
        cls.server = Guarded(public=cls.public)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def code(self, answer):
        status, body = answer
        return status, body["code"]


class HttpTest(TokenTest):
    def test_nobody_sends_or_reads_without_a_token(self):
        for method, path, body in [("POST", "/v1/events", find()), ("GET", "/v1/boards", None),
                                   ("GET", "/v1/boards/global", None), ("GET", "/v1/players/ada", None),
                                   ("GET", "/v1/players/ada/ledger", None), ("GET", "/v1/ruleset", None),
                                   ("POST", "/v1/boards/global/ranks", {"members": []}), ("POST", "/v1/tickets", None)]:
            with self.subTest(path=path):
                self.assertEqual(self.code(self.server.ask(method, path, body=body)), (401, "unauthorized"))
        status, headers, _ = self.server.request("GET", "/v1/boards")
        self.assertEqual((status, headers["WWW-Authenticate"]), (401, "Bearer"))

    def test_a_token_that_is_not_taken_is_worse_than_none(self):
        for made in ["x", token(secret="another secret of 32 bytes and more"), token(lasts=-60),
                     token(headers={"kid": "other"}), token(aud="somebody else")]:
            status, body = self.server.ask("GET", "/healthz", made)
            self.assertEqual((status, body["code"]), (401, "unauthorized"), body)
            if len(made) > 20:
                self.assertNotIn(made[:20], json.dumps(body))

    def test_a_player_sends_its_own_events_of_the_types_that_are_listed_without_a_time(self):
        ada = token()
        status, body = self.server.ask("POST", "/v1/events", ada, find())
        self.assertEqual((status, body["code"]), (200, "ok"))
        for event, words in [(find("bob"), "own events"), (find(kind="payout"), "payout"),
                             (find(ts="2026-07-19T20:00:00Z"), "'ts'")]:
            status, body = self.server.ask("POST", "/v1/events", ada, event)
            self.assertEqual((status, body["code"]), (403, "unauthorized"), body)
            self.assertIn(words, body["message"])

    def test_a_malformed_event_is_malformed_first(self):
        status, body = self.server.ask("POST", "/v1/events", None, {"type": "find", "player": "ada"})
        self.assertEqual((status, body["code"]), (400, "missing_field"))

    def test_a_back_end_sends_any_event_for_any_player(self):
        for event in [find("carol"), find("carol", "payout")]:
            status, body = self.server.ask("POST", "/v1/events", token(["ingest"], None), event)
            self.assertEqual((status, body["code"]), (200, "ok"))

    def test_each_role_reads_what_it_may(self):
        back_end, reader, ada, bob = token(["ingest"], None), token(["read"], None), token(), token(sub="bob")
        admin, nothing = token(["admin"], None), token([], "ada")
        self.server.ask("POST", "/v1/events", back_end, find())
        allowed = {"/v1/boards/global": [reader, ada, bob, admin], "/v1/boards": [reader, ada, bob, admin],
                   "/v1/players/ada": [back_end, reader, ada, admin], "/v1/players/ada/ledger": [back_end, ada, admin],
                   "/v1/ruleset": [back_end, reader, admin]}
        names = {back_end: "ingest", reader: "read", ada: "ada", bob: "bob", admin: "admin", nothing: "nothing"}
        for path, who in allowed.items():
            for made, name in names.items():
                with self.subTest(path=path, who=name):
                    status, body = self.server.ask("GET", path, made)
                    if made not in who:
                        self.assertEqual((status, body["code"]), (403, "unauthorized"))
                    else:
                        self.assertIn(status, (200, 404))  # 404: no ledger is kept in memory.
                        self.assertNotEqual(body.get("code"), "unauthorized")
        for made, sees in [(back_end, True), (ada, True), (admin, True), (reader, False)]:
            self.assertEqual("state" in self.server.ask("GET", "/v1/players/ada", made)[1], sees, names[made])

    def test_several_tokens_are_none(self):
        connection = tallyho_server.http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        connection.putrequest("GET", "/v1/boards")
        for made in (token(["read"]), token(["admin"])):
            connection.putheader("Authorization", "Bearer " + made)
        connection.endheaders()
        self.assertEqual(connection.getresponse().status, 401)
        connection.close()

    def test_a_ticket_is_for_who_has_a_token(self):
        status, body = self.server.ask("POST", "/v1/tickets", token())
        self.assertEqual((status, body["expires_in_ms"]), (200, 30000))
        self.assertGreaterEqual(len(body["ticket"]), 43)
        self.assertNotEqual(body["ticket"], self.server.ask("POST", "/v1/tickets", token())[1]["ticket"])


class StreamTest(TokenTest):
    """Server-Sent Events: the same checks, and tickets for browsers, which cannot send a header with them."""

    path = "/v1/boards/global/stream"

    def ticket(self, made):
        status, answer = self.server.ask("POST", "/v1/tickets", made)
        self.assertEqual(status, 200, answer)
        return answer["ticket"]

    def test_a_stream_takes_a_token_with_a_role_that_reads(self):
        self.assertEqual(self.code(self.server.ask("GET", self.path)), (401, "unauthorized"))
        self.assertEqual(self.code(self.server.ask("GET", self.path, token(["ingest"]))), (403, "unauthorized"))
        with EventStream(self.server.port, self.path, bearer(token(["read"]))) as stream:
            self.assertEqual((stream.status, stream.next()[1]["members"]), (200, []))

    def test_a_ticket_stands_once_for_the_token_it_was_given_for(self):
        ticket = self.ticket(token(["read"]))
        with EventStream(self.server.port, f"{self.path}?ticket={ticket}") as stream:
            self.assertEqual((stream.status, stream.next()[1]["members"]), (200, []))
        self.assertEqual(self.code(self.server.ask("GET", f"{self.path}?ticket={ticket}")), (401, "unauthorized"))
        self.assertEqual(self.code(self.server.ask("GET", f"{self.path}?ticket=made-up")), (401, "unauthorized"))
        less = self.ticket(token(["ingest"]))
        self.assertEqual(self.code(self.server.ask("GET", f"{self.path}?ticket={less}")), (403, "unauthorized"))

    def test_a_stream_ends_with_its_token(self):
        for seconds in (3, 10, 25):  # In more of them where the machine is too slow.
            made = token(["read"], lasts=seconds - 30)  # The leeway is part of its life.
            status, answer = self.server.ask("POST", "/v1/tickets", made)
            if status != 200:
                continue
            with EventStream(self.server.port, self.path, bearer(made)) as one, \
                    EventStream(self.server.port, f"{self.path}?ticket={answer['ticket']}") as other:
                if (one.status, other.status) == (200, 200):
                    for stream in (one, other):
                        self.assertEqual(stream.next()[1]["members"], [])
                        self.assertIsNone(stream.next())
                    return
        self.fail("no token lived long enough to be shown")


class AdminTest(TokenTest):
    def test_the_admin_listener_wants_the_admin_role(self):
        ban = ("POST", "/v1/players/mallory/ban")
        self.server.ask("POST", "/v1/events", token(["ingest"], None), find("mallory"))
        self.assertEqual(self.code(self.server.ask(*ban, admin=True)), (401, "unauthorized"))
        for roles in (["ingest"], ["read"], ["player"], ["ingest", "player", "read"]):
            self.assertEqual(self.code(self.server.ask(*ban, token(roles), admin=True)), (403, "unauthorized"), roles)
        self.assertEqual(self.code(self.server.ask(*ban, token(["admin"]), admin=True)), (200, "ok"))
        status, _ = self.server.ask("GET", "/v1/boards/global", token(["read"]), admin=True)
        self.assertEqual(status, 403)

    def test_what_admins_do_is_not_on_the_first_listener(self):
        for method, path in [("POST", "/v1/players/ada/ban"), ("DELETE", "/v1/players/ada"), ("PUT", "/v1/ruleset")]:
            status, _ = self.server.ask(method, path, token(["admin"]))
            self.assertIn(status, (404, 405), path)

    def test_it_wants_a_content_type_a_host_of_its_own_and_no_origin(self):
        self.server.ask("POST", "/v1/events", token(["ingest"], None), find())
        admin = bearer(token(["admin"]))
        adjust = json.dumps({"id": "a1", "points": 5, "reason": "test"})
        path = "/v1/players/ada/adjust"
        for headers, status in [({}, 415), ({"Content-Type": "text/plain"}, 415),
                                ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
                                ({"Content-Type": "application/json", "Origin": "http://localhost"}, 403),
                                ({"Content-Type": "application/json", "Host": "evil.example"}, 403),
                                ({"Content-Type": "application/json"}, 200)]:
            with self.subTest(headers=headers):
                self.assertEqual(self.server.request("POST", path, adjust, admin | headers, admin=True)[0], status)
        rules = RULES % "false"
        for kind, status in [("application/json", 415), ("text/yaml", 415), ("application/yaml", 200)]:
            self.assertEqual(self.server.request("PUT", "/v1/ruleset", rules, admin | {"Content-Type": kind},
                                                 admin=True)[0], status)

    def test_probes_and_scrapers_on_loopback_need_no_token(self):
        for path in ("/healthz", "/readyz", "/metrics"):
            self.assertEqual(self.server.request("GET", path, admin=True)[0], 200, path)


class ReachableTest(unittest.TestCase):
    """A first listener that others reach, by themselves or through a proxy."""

    def start(self, *arguments, **options):
        server = Guarded(*arguments, **options)
        self.addCleanup(server.stop)
        return server

    def test_it_tells_nobody_its_metrics(self):
        for listen in ("127.0.0.1:0", "0.0.0.0:0"):
            server = self.start("--behind-proxy", "--origin", "none", listen=listen)
            for made in (None, token(["admin"]), token(["ingest"], None)):
                self.assertEqual(server.ask("GET", "/metrics", made)[0], 404, listen)
            self.assertEqual(server.request("GET", "/metrics", admin=True)[0], 200)
            self.assertEqual(server.ask("GET", "/healthz")[0], 200)

    def test_only_pages_that_are_named_use_it(self):
        server = self.start("--behind-proxy", "--origin", "https://game.example", listen="0.0.0.0:0")
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                   "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        for origin, is_let_in in ((None, True), ("https://game.example", True), ("HTTPS://Game.Example", True),
                                  ("null", False), ("", True), ("https://game.example.evil", False),
                                  ("https://evil-game.example", False), ("https://evil.example/https://game.example",
                                                                          False),
                                  ("http://game.example", False), ("https://game.example:8443", False),
                                  ("https://game.example/", False), ("https://game.example, null", False),
                                  ("https://user@game.example", False), ("https://game.example\t.evil", False)):
            with self.subTest(origin=origin):
                headers = bearer(token(["read"])) | ({} if origin is None else {"Origin": origin})
                status, _, body = server.request("GET", "/v1/boards", headers=headers)
                self.assertEqual(status, 200 if is_let_in else 403)
                self.assertTrue(is_let_in or json.loads(body)["code"] == "unauthorized")
                self.assertEqual(server.request("GET", "/v1/ws", headers=headers | upgrade)[0],
                                 101 if is_let_in else 403)


class PublicTest(TokenTest):
    public = True

    def test_boards_are_for_anybody_and_nothing_else_is(self):
        self.assertEqual(self.server.ask("GET", "/v1/boards/global")[0], 200)
        for path in ("/v1/players/ada", "/v1/players/ada/ledger", "/v1/ruleset"):
            self.assertEqual(self.code(self.server.ask("GET", path)), (401, "unauthorized"), path)
        self.assertEqual(self.server.ask("POST", "/v1/events", body=find())[0], 401)


class WebSocketTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.server = Guarded()

    def tearDown(self):
        self.server.stop()

    async def test_the_token_comes_in_a_header_among_the_protocols_or_with_hello(self):
        async with self.server.connect(extra_headers=bearer(token())) as socket:
            self.assertEqual((await Client(socket).ask(find()))["ack"]["code"], "ok")
        async with self.server.connect(subprotocols=["tallyho.v1", "bearer." + token()]) as socket:
            self.assertEqual(socket.subprotocol, "tallyho.v1")
            hello = (await Client(socket).ask({"op": "hello"}))["hello"]
            self.assertEqual((hello["roles"], hello["player"]), (["player"], "ada"))
        async with self.server.connect() as socket:
            client = Client(socket)
            self.assertEqual((await client.ask(find()))["ack"]["code"], "unauthorized")
            hello = (await client.ask({"op": "hello", "token": token()}))["hello"]
            self.assertEqual((hello["roles"], hello["player"]), (["player"], "ada"))
            self.assertEqual((await client.ask(find()))["ack"]["code"], "ok")

    async def test_a_bad_token_is_refused_before_the_handshake(self):
        for options in ({"extra_headers": bearer("x.y.z")}, {"subprotocols": ["tallyho.v1", "bearer.x.y.z"]}):
            with self.assertRaises(websockets.InvalidStatusCode) as refused:
                await self.server.connect(**options)
            self.assertEqual(refused.exception.status_code, 401)

    async def test_the_rules_are_those_of_http(self):
        async with self.server.connect(extra_headers=bearer(token())) as socket:
            client = Client(socket)
            for event in (find("bob"), find(kind="payout"), find(ts="2026-07-19T20:00:00Z")):
                self.assertEqual((await client.ask(event))["ack"]["code"], "unauthorized", event)
            await client.ask(find())
            for path, allowed in [("/v1/boards/global", True), ("/v1/players/ada", True), ("/v1/players/bob", False),
                                  ("/v1/players/bob/ledger", False), ("/v1/ruleset", False)]:
                answer = await client.ask({"op": "query", "path": path})
                self.assertEqual("result" in answer, allowed, answer)
            self.assertIn("members", await client.ask({"op": "watch", "board": "global"}))
            self.assertIn("total", await client.ask({"op": "watch", "player": "ada"}))
            self.assertEqual((await client.ask({"op": "watch", "player": "bob"}))["error"]["code"], "unauthorized")

    async def test_without_a_role_nothing_is_watched_or_read(self):
        async with self.server.connect() as socket:
            client = Client(socket)
            for message in ({"op": "watch", "board": "global"}, {"op": "watch", "player": "ada"},
                            {"op": "query", "path": "/v1/boards"}, {"op": "hello", "token": "x"}):
                self.assertEqual((await client.ask(message))["error"]["code"], "unauthorized", message)
            self.assertEqual((await client.ask({"op": "hello"}))["hello"]["roles"], [])

    async def test_hello_renews_who_one_is_and_does_not_change_it(self):
        async with self.server.connect(extra_headers=bearer(token())) as socket:
            client = Client(socket)
            for other in (token(sub="bob"), token(["read"]), token(sub=None, roles=["ingest"]), "x"):
                answer = await client.ask({"op": "hello", "token": other})
                self.assertEqual(answer["error"]["code"], "unauthorized")
            answer = await client.ask({"op": "hello", "token": token(["player", "read"])})
            self.assertEqual(answer["hello"]["roles"], ["player", "read"])
            self.assertEqual((await client.ask(find()))["ack"]["code"], "ok")

    async def shortly(self, play):
        """Plays with a connection whose token ends in some seconds: in more of them where the machine is too slow."""
        for seconds in (3, 10, 30, 90):
            ends = time.time() + seconds
            try:  # The leeway is part of its life, so that the token is one that has just expired when it is shown.
                async with self.server.connect(extra_headers=bearer(token(lasts=seconds - 30))) as opened:
                    return await play(opened, Client(opened), ends)
            except (websockets.InvalidStatusCode, websockets.ConnectionClosed):
                continue
        self.fail("no token lived long enough to be shown")

    async def test_a_token_that_expires_ends_its_rights_and_its_watches(self):
        async def play(opened, client, _):
            await client.ask({"op": "watch", "board": "global"})
            with self.assertRaises(websockets.ConnectionClosed) as closed:
                while True:
                    await asyncio.wait_for(opened.recv(), 4 * PATIENCE)
            self.assertEqual(closed.exception.rcvd.code, 1008)

        await self.shortly(play)

    async def test_a_renewed_token_goes_on(self):
        async def play(opened, client, ends):
            await client.ask({"op": "hello", "token": token()})
            try:
                while time.time() < ends + 2:
                    self.assertEqual((await client.ask(find()))["ack"]["code"], "ok")
                    await asyncio.sleep(0.2)
            except websockets.ConnectionClosed:
                self.fail("it was closed all the same")

        await self.shortly(play)

    async def test_who_shows_no_token_and_says_nothing_does_not_stay(self):
        async with self.server.connect() as silent:
            with self.assertRaises(websockets.ConnectionClosed) as closed:
                await asyncio.wait_for(silent.recv(), PATIENCE)
            self.assertEqual(closed.exception.rcvd.code, 1008)

    async def test_keys_are_changed_without_a_restart(self):
        new_secret = "another secret of the tests, of 32 bytes and more"
        async with self.server.connect(extra_headers=bearer(token())) as old:
            client = Client(old)
            self.assertEqual((await client.ask(find()))["ack"]["code"], "ok")
            self.server.key.write_text("short")
            self.reload("the token keys stay what they were")
            self.assertEqual((await client.ask(find()))["ack"]["code"], "ok")
            self.server.key.write_text(new_secret)
            self.reload("read the token keys again")
            with self.assertRaises(websockets.ConnectionClosed) as closed:
                while True:
                    await asyncio.wait_for(old.recv(), PATIENCE)
            self.assertEqual(closed.exception.rcvd.code, 1008, "a key that is gone ends what it gave")
        self.assertEqual(self.server.ask("GET", "/v1/boards", token(["read"]))[0], 401)
        self.assertEqual(self.server.ask("GET", "/v1/boards", token(["read"], secret=new_secret))[0], 200)

    async def test_keys_are_read_again_when_their_file_changes(self):
        new_secret = SECRET + ", and another"
        self.server.key.write_text(new_secret)
        for line in self.server.process.stderr:
            if "read the token keys again" in line:
                break
        self.assertEqual(self.server.ask("GET", "/v1/boards", token(["read"]))[0], 401)
        self.assertEqual(self.server.ask("GET", "/v1/boards", token(["read"], secret=new_secret))[0], 200)

    def reload(self, words):
        """SIGHUP, until the server has said `words`; its ruleset is read again as well."""
        self.server.process.send_signal(signal.SIGHUP)
        for line in self.server.process.stderr:
            if words in line:
                return
        self.fail("the server ended")

    async def test_no_token_is_in_what_the_server_says(self):
        made = token()
        self.server.ask("GET", "/v1/boards", made)
        self.server.ask("GET", "/v1/boards", made + "x")
        async with self.server.connect() as socket:
            await Client(socket).ask({"op": "hello", "token": made})
            await Client(socket).ask({"op": "hello", "token": made + "x"})
        self.server.ask_to_stop()
        said = "".join(self.server.said) + self.server.process.stderr.read()
        self.assertIn("listening on", said)
        for part in made.split("."):
            self.assertNotIn(part, said)


class KeySetTest(unittest.TestCase):
    def test_every_kind_of_key_in_a_key_set(self):
        """RS256, ES256 and EdDSA, with tokens and keys as another implementation makes them."""
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            path = pathlib.Path(folder)
            pairs = {"RS256": rsa.generate_private_key(65537, 2048), "ES256": ec.generate_private_key(ec.SECP256R1()),
                     "EdDSA": ed25519.Ed25519PrivateKey.generate()}
            jwks = [json.loads(jwt.get_algorithm_by_name(name).to_jwk(pair.public_key())) | {"kid": name, "use": "sig"}
                    if name != "ES256" else self.ec_jwk(pair) for name, pair in pairs.items()]
            (path / "keys.json").write_text(json.dumps({"keys": jwks}))
            (path / "rules.yaml").write_text(RULES % "false")
            common = ["--token-key", str(path / "keys.json")]
            run = subprocess.run([TALLYHO, "serve", "--ruleset", path / "rules.yaml", "--check", *common],
                                 capture_output=True, text=True, timeout=PATIENCE)
            self.assertEqual(run.returncode, 1)
            self.assertIn("--token-audience", run.stderr)
            server = Server(*common, "--token-audience", "hunt", "--token-issuer", "https://id.example",
                            ruleset=path / "rules.yaml", dev=False)
            try:
                for name, pair in pairs.items():
                    for claims, status in [({"aud": "hunt", "iss": "https://id.example"}, 200),
                                           ({"aud": "chat", "iss": "https://id.example"}, 401),
                                           ({"aud": "hunt", "iss": "https://evil.example"}, 401), ({}, 401)]:
                        made = token(["read"], secret=pair, algorithm=name, headers={"kid": name}, **claims)
                        self.assertEqual(server.request("GET", "/v1/boards", headers=bearer(made))[0], status,
                                         (name, claims))
            finally:
                server.stop()

    @staticmethod
    def ec_jwk(pair):
        numbers = pair.public_key().public_numbers()
        encoded = [jwt.utils.base64url_encode(number.to_bytes(32, "big")).decode() for number in (numbers.x, numbers.y)]
        return {"kty": "EC", "crv": "P-256", "kid": "ES256", "x": encoded[0], "y": encoded[1]}


class VerbTest(unittest.TestCase):
    def run_verb(self, *arguments):
        return subprocess.run([TALLYHO, *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE)

    def test_makes_a_secret_and_tokens_that_others_read(self):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            secret = pathlib.Path(folder) / "secret"
            self.assertEqual(self.run_verb("token", "--new-secret", secret).returncode, 0)
            self.assertEqual(secret.stat().st_mode & 0o777, 0o600)
            self.assertEqual(self.run_verb("token", "--new-secret", secret).returncode, 1, "it is there already")
            made = self.run_verb("token", "--key", secret, "--role", "player,read", "--subject", "ada", "--for", "10m",
                                 "--audience", "hunt", "--issuer", "me")
            claims = jwt.decode(made.stdout.strip(), secret.read_text().strip(), ["HS256"], audience="hunt",
                                issuer="me")
            self.assertEqual((claims["sub"], claims["roles"]), ("ada", ["player", "read"]))
            self.assertEqual(claims["exp"] - claims["iat"], 600)

    def test_says_what_is_missing(self):
        for arguments in ([], ["--key", "/nonexistent"], ["--key", "/nonexistent", "--role", "player"],
                          ["--role", "king", "--key", "x"]):
            run = self.run_verb("token", *arguments)
            self.assertEqual(run.returncode, 2, arguments)
            self.assertTrue(run.stderr or run.stdout)
        self.assertEqual(self.run_verb("token", "--key", "/nonexistent", "--role", "read").returncode, 1)


class InsecureStartTest(unittest.TestCase):
    """What an operator is told who would serve the world without the means for it."""

    def check(self, *arguments, environment=None):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            path = pathlib.Path(folder)
            (path / "rules.yaml").write_text(RULES % "false")
            (path / "secret").write_text(SECRET)
            run = subprocess.run([TALLYHO, "serve", "--check", "--ruleset", path / "rules.yaml",
                                  *(str(path / "secret") if a == "SECRET" else a for a in arguments)],
                                 capture_output=True, text=True, timeout=PATIENCE)
            return run.returncode, run.stderr

    def test_everything_that_is_missing_is_named(self):
        status, said = self.check("--listen", "0.0.0.0:0")
        self.assertEqual(status, 1)
        for remedy in ("--tls-certificate", "--behind-proxy", "--token-key", "--origin"):
            self.assertIn(remedy, said)

    def test_what_is_there_is_not_named(self):
        status, said = self.check("--listen", "0.0.0.0:0", "--token-key", "SECRET", "--origin", "none")
        self.assertEqual(status, 1)
        self.assertIn("--behind-proxy", said)
        self.assertNotIn("--token-key", said)
        self.assertNotIn("--origin", said)

    def test_a_safe_one_starts(self):
        everything = ["--listen", "0.0.0.0:0", "--token-key", "SECRET", "--origin", "https://game.example",
                      "--behind-proxy"]
        self.assertEqual(self.check(*everything), (0, ""))

    def test_dev_is_for_loopback_whatever_else_is_said(self):
        status, said = self.check("--listen", "0.0.0.0:0", "--token-key", "SECRET", "--origin", "none",
                                  "--behind-proxy", "--dev")
        self.assertEqual(status, 1)
        self.assertIn("loopback", said)

    def test_without_tokens_and_without_dev_it_does_not_start(self):
        status, said = self.check()
        self.assertEqual(status, 1)
        self.assertIn("--token-key", said)
        self.assertIn("--dev", said)


class ConfigurationTest(unittest.TestCase):
    def check(self, text, *arguments):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            path = pathlib.Path(folder)
            (path / "rules.yaml").write_text(RULES % "false")
            (path / "serve.yaml").write_text(text.replace("RULES", str(path / "rules.yaml")))
            run = subprocess.run([TALLYHO, "serve", "--check", "--config", path / "serve.yaml", *arguments],
                                 capture_output=True, text=True, timeout=PATIENCE)
            return run.returncode, run.stdout + run.stderr

    def test_a_server_is_configured_by_a_file(self):
        self.assertEqual(self.check("ruleset: RULES\ndev: true\nlimits: {connections_max: 5, keep_alive: 90s}\n"),
                         (0, "the configuration is good\n"))

    def test_a_problem_is_shown_with_its_line(self):
        status, said = self.check("ruleset: RULES\ndev: true\nlimits:\n  conections_max: 5\n")
        self.assertEqual(status, 1)
        self.assertIn("serve.yaml:4:3: error: unknown key 'conections_max'; did you mean 'connections_max'?", said)
        self.assertIn("^", said)

    def test_the_command_line_goes_first(self):
        status, said = self.check("ruleset: RULES\ndev: true\nlisten: 127.0.0.1:0\n", "--listen", "0.0.0.0:0")
        self.assertEqual(status, 1)
        self.assertIn("loopback", said)


if __name__ == "__main__":
    unittest.main()
