"""What a player's connection is told of its own player without asking."""

import unittest

from tallyho_server import Client
from test_tokens import Guarded, bearer, find, token

WATCHES_MAX = 64
BOARDS = {"op": "query", "path": "/v1/boards"}  # Answered by the engine: what was begun before has begun.


class OwnWatches(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.server = Guarded()

    def tearDown(self):
        self.server.stop()

    def score(self, player):
        """A back end's event for this player; returns what its watches should be told."""
        _, body = self.server.ask("POST", "/v1/events", token(["ingest"], None), find(player))
        return {"player": player, "points": 5, "total": body["total"], "position": body["position"], "type": "find"}

    async def test_a_players_connection_is_told_what_others_did_for_it(self):
        self.score("ada")
        for options in ({"extra_headers": bearer(token())}, {"subprotocols": ["tallyho.v1", "bearer." + token()]}):
            async with self.server.connect(**options) as socket:
                client = Client(socket)
                await client.ask(find())  # Its own, of which it has the ack. The watch has begun before it.
                self.score("bob")
                told = self.score("ada")
                self.assertEqual(await client.receive(), {"watch": "self", "score": told})

    async def test_it_begins_with_hello_where_the_token_comes_then(self):
        self.score("ada")
        async with self.server.connect() as socket:
            client = Client(socket)
            for _ in range(2):
                await client.ask({"op": "hello", "token": token()})
            await client.ask(BOARDS)
            told = self.score("ada")
            self.assertEqual(await client.receive(), {"watch": "self", "score": told})

    async def test_a_player_that_the_game_has_not_met_is_told_from_its_first_event_on(self):
        async with self.server.connect(extra_headers=bearer(token(sub="new"))) as one, \
                   self.server.connect(extra_headers=bearer(token(sub="new"))) as other:
            clients = [Client(one), Client(other)]
            for client in clients:
                await client.ask(BOARDS)
            first = self.score("new")
            self.assertEqual(first["total"], 5)
            for client in clients:
                self.assertEqual(await client.receive(), {"watch": "self", "score": first})
            second = (await clients[0].ask(find("new")))["ack"]
            self.assertEqual((await clients[1].receive())["score"]["position"], second["position"])

    async def test_the_first_event_is_not_told_to_the_connection_that_sent_it(self):
        async with self.server.connect(extra_headers=bearer(token(sub="new"))) as socket:
            client = Client(socket)
            await client.ask(find("new"))
            told = self.score("new")
            self.assertEqual(await client.receive(), {"watch": "self", "score": told})

    async def test_it_can_be_ended_also_before_the_game_has_met_the_player(self):
        for player in ("ada", "new"):
            if player == "ada":
                self.score("ada")
            async with self.server.connect(extra_headers=bearer(token(["player", "read"], player))) as socket:
                client = Client(socket)
                await client.ask(BOARDS)
                self.assertEqual(await client.ask({"op": "unwatch", "watch": "self"}), {"unwatched": "self"})
                answer = await client.ask({"op": "unwatch", "watch": "self"})
                self.assertEqual(answer["error"]["code"], "not_found")
                await client.ask({"op": "watch", "board": "global", "ref": "b"})
                self.score(player)
                self.assertEqual((await client.receive())["watch"], "b")

    async def test_connections_that_went_while_the_game_had_not_met_the_player_are_forgotten(self):
        for _ in range(3):
            async with self.server.connect(extra_headers=bearer(token(sub="new"))) as socket:
                await Client(socket).ask(BOARDS)
        async with self.server.connect(extra_headers=bearer(token(sub="new"))) as socket:
            client = Client(socket)
            await client.ask(BOARDS)
            told = self.score("new")
            self.assertEqual(await client.receive(), {"watch": "self", "score": told})

    async def test_it_is_not_one_of_the_watches_that_a_connection_may_have(self):
        self.score("ada")
        async with self.server.connect(extra_headers=bearer(token())) as socket:
            client = Client(socket)
            for i in range(WATCHES_MAX):
                self.assertIn("members", await client.ask({"op": "watch", "board": "global", "ref": i}))
            answer = await client.ask({"op": "watch", "board": "global", "ref": "one more"})
            self.assertEqual(answer["error"]["code"], "capacity")

    async def test_back_ends_and_readers_have_none(self):
        self.score("ada")
        async with self.server.connect(extra_headers=bearer(token(["ingest", "read"], "ada"))) as socket:
            client = Client(socket)
            await client.ask({"op": "watch", "board": "global", "ref": "b"})
            self.score("ada")
            self.assertEqual((await client.receive())["watch"], "b")
            answer = await client.ask({"op": "unwatch", "watch": "self"})
            self.assertEqual(answer["error"]["code"], "not_found")


if __name__ == "__main__":
    unittest.main()
