"""Watching boards and players: snapshots, changes, slow readers."""

import asyncio
import contextlib
import json
import random
import socket
import unittest

from board_mirror import Mirror, of_page
from tallyho_server import PATIENCE, Client, ServerTest, find


async def follow(client, mirror, version):
    """Applies changes until the mirror shows what the board was at `version` or later."""
    while mirror.version < version:
        mirror.apply(await client.push())


class Boards(ServerTest):
    async def test_a_watch_begins_with_a_snapshot_and_goes_on_with_changes(self):
        async with self.server.connect() as one, self.server.connect() as other:
            watcher, player = Client(one), Client(other)
            await player.ask(find("w-ada", 10))
            snapshot = await watcher.ask({"op": "watch", "board": "global", "top": 3, "ref": "top"})
            self.assertEqual((snapshot["watch"], snapshot["ref"], snapshot["board"]), ("top", "top", "global"))
            self.assertRegex(snapshot["log"], "^[0-9a-f]{32}$")
            mirror = Mirror(snapshot)
            ack = (await player.ask(find("w-bob", 500)))["ack"]
            change = await watcher.push()
            self.assertEqual(change["watch"], "top")
            self.assertIn({"member": "w-bob", "value": 500, "rank": 1},
                          [{k: v for k, v in entry.items() if k != "was"} for entry in change["changes"]])
            mirror.apply(change)
            await follow(watcher, mirror, ack["position"])
            page = self.server.get("/v1/boards/global?limit=3")[1]
            self.assertEqual(mirror.shown(), of_page(page))

    async def test_changes_add_up_to_what_the_board_is(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}")
        rng = random.Random(seed)
        async with self.server.connect() as one, self.server.connect() as other:
            watcher, player = Client(one), Client(other)
            await player.ask(find("m0", 1))
            top = Mirror(await watcher.ask({"op": "watch", "board": "best", "top": 5, "ref": 1}))
            around = Mirror(await watcher.ask({"op": "watch", "board": "best", "around": "m0", "radius": 2, "ref": 2}))
            mirrors = {1: top, 2: around}
            for _ in range(300):
                events = [find(f"m{rng.randrange(20)}", rng.randrange(1000)) for _ in range(rng.randrange(1, 20))]
                await player.send(*events)
                for _ in events:
                    await player.answer()
            last = (await player.ask(find("m0", 1000)))["ack"]["position"]
            while min(mirror.version for mirror in mirrors.values()) < last:
                push = await watcher.push()
                mirrors[push["watch"]].apply(push)
            self.assertEqual(top.shown(), of_page(self.server.get("/v1/boards/best?limit=5")[1]))
            member = self.server.get("/v1/boards/best/members/m0?around=2")[1]
            self.assertEqual(around.shown(), of_page({"members": member["around"]}))

    async def test_a_watch_without_a_ref_gets_a_number_of_its_own(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            await client.ask({"op": "watch", "board": "global", "ref": 1})
            names = [(await client.ask({"op": "watch", "board": "global"}))["watch"] for _ in range(3)]
            self.assertEqual(len({1, *names}), 4)
            self.assertTrue(all(isinstance(name, int) for name in names))

    async def test_unwatch_ends_it(self):
        async with self.server.connect() as one, self.server.connect() as other:
            watcher, player = Client(one), Client(other)
            name = (await watcher.ask({"op": "watch", "board": "global"}))["watch"]
            self.assertEqual(await watcher.ask({"op": "unwatch", "watch": name, "ref": 4}), {"unwatched": name,
                     "ref": 4})
            self.assertEqual((await watcher.ask({"op": "unwatch", "watch": name}))["error"]["code"], "not_found")
            await player.ask(find("unwatched", 900))
            self.assertIn("pong", await watcher.ask({"op": "ping"}))
            self.assertEqual(watcher.lines, [])

    async def test_the_same_name_again_is_another_watch_in_its_place(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            for _ in range(100):
                answer = await client.ask({"op": "watch", "board": "global", "top": 1, "ref": "same"})
                self.assertEqual(answer["watch"], "same")

    async def test_a_connection_has_64_watches(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            for _ in range(64):
                self.assertIn("members", await client.ask({"op": "watch", "board": "global"}))
            error = (await client.ask({"op": "watch", "board": "global", "ref": 65}))["error"]
            self.assertEqual(error["code"], "capacity")
            self.assertIn("members", await client.ask({"op": "watch", "board": "global", "ref": 64}))
            await client.ask({"op": "unwatch", "watch": 64})
            self.assertIn("members", await client.ask({"op": "watch", "board": "global", "ref": 65}))

    async def test_groups_and_windows_can_be_watched(self):
        async with self.server.connect() as one, self.server.connect() as other:
            watcher, player = Client(one), Client(other)
            await player.ask({"type": "joined", "player": "g-ada", "team": "red"})
            group = await watcher.ask({"op": "watch", "board": "teams", "group": "red", "ref": "g"})
            self.assertEqual((group["group"], group["members"]), ("red", [{"rank": 1, "member": "g-ada", "value": 1}]))
            window = self.server.get("/v1/boards/today")[1]["window"]
            today = await watcher.ask({"op": "watch", "board": "today", "window": window, "top": 1000, "ref": "w"})
            self.assertEqual(today["window"], window)
            await player.ask(find("g-ada", 7))
            self.assertEqual({(await watcher.push())["watch"] for _ in range(2)}, {"g", "w"})

    async def test_since_resumes_with_one_change(self):
        async with self.server.connect() as one, self.server.connect() as two:
            client, player = Client(one), Client(two)
            await player.ask(find("since", 3))
            snapshot = await client.ask({"op": "watch", "board": "global", "top": 1000, "ref": "a"})
            await one.close()
            await player.ask(find("since", 4))
            await player.ask(find("since too", 5))
            again = await player.ask({"op": "watch", "board": "global", "top": 1000, "ref": "b",
                                      "since": snapshot["version"], "log": snapshot["log"]})
            self.assertEqual(list(again), ["watch", "ref", "version", "merged", "of", "changes"])
            self.assertEqual((again["watch"], again["merged"]), ("b", 2))
            mirror = Mirror(snapshot)
            mirror.apply(again)
            self.assertEqual(mirror.shown(), of_page(self.server.get("/v1/boards/global?limit=1000")[1]))

    async def test_since_of_what_is_not_known_begins_with_a_snapshot(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            watch = {"op": "watch", "board": "global", "top": 7}
            known = await client.ask(watch)
            version, log = known["version"], known["log"]
            for more in ({"since": version}, {"log": log}, {"since": version + 1, "log": log},
                         {"since": version, "log": "0" * 32}, {"since": (1 << 64) - 1, "log": log}):
                self.assertIn("members", await client.ask({**watch, **more}), more)
            for bad in (-1, 1.5, "1", None, 1 << 64):
                answer = await client.ask({**watch, "since": bad, "log": log})
                self.assertEqual(answer["error"]["code"], "invalid_argument", bad)

    # Goal: a mirror that is kept up over connections which break again and again is the board. Method: random events;
    # the connection is cut at random moments, with messages still under way, and the watches taken up from the last
    # version seen.
    async def test_mirrors_kept_over_broken_connections_are_the_board(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}")
        rng = random.Random(seed)
        watches = {"top": {"op": "watch", "board": "best", "top": 5, "ref": "top"},
                   "around": {"op": "watch", "board": "best", "around": "c0", "radius": 2, "ref": "around"}}
        mirrors, log, changes = {}, None, 0
        async with self.server.connect() as websocket:
            player = Client(websocket)
            await player.ask(find("c0", 1))
            for _ in range(20):
                async with self.server.connect() as one:
                    watcher = Client(one)
                    for name, watch in watches.items():
                        since = {"since": mirrors[name].version, "log": log} if name in mirrors else {}
                        answer = await watcher.ask({**watch, **since})
                        if "members" in answer:
                            mirrors[name], log = Mirror(answer), answer["log"]
                        else:
                            changes += 1
                            mirrors[name].apply(answer)
                    for _ in range(rng.randrange(6)):
                        await player.ask(find(f"c{rng.randrange(15)}", rng.randrange(1000)))
                    for _ in range(rng.randrange(4)):  # What comes in this time, which may be nothing.
                        with contextlib.suppress(asyncio.TimeoutError):
                            push = await asyncio.wait_for(watcher.push(), 0.06)
                            mirrors[push["watch"]].apply(push)
                    one.transport.abort()
            async with self.server.connect() as one:
                watcher = Client(one)
                for name, watch in watches.items():
                    answer = await watcher.ask({**watch, "since": mirrors[name].version, "log": log})
                    if "members" in answer:
                        mirrors[name] = Mirror(answer)
                    else:
                        mirrors[name].apply(answer)
        self.assertEqual(mirrors["top"].shown(), of_page(self.server.get("/v1/boards/best?limit=5")[1]))
        member = self.server.get("/v1/boards/best/members/c0?around=2")[1]
        self.assertEqual(mirrors["around"].shown(), of_page({"members": member["around"]}))
        self.assertGreater(changes, 20)


class Players(ServerTest):
    async def test_a_watched_players_points_and_notices_are_pushed(self):
        async with self.server.connect() as one, self.server.connect() as other:
            watcher, player = Client(one), Client(other)
            await player.ask(find("p-ada", 1))
            answer = await watcher.ask({"op": "watch", "player": "p-ada", "ref": "p"})
            self.assertEqual((answer["watch"], answer["player"], answer["total"]), ("p", "p-ada", 1))
            ack = (await player.ask(find("p-ada", 10)))["ack"]
            score = await watcher.push()
            self.assertEqual(score, {"watch": "p", "score": {"player": "p-ada", "points": 10, "total": 11,
                                                              "position": ack["position"], "type": "find"}})
            notice = await watcher.push()
            self.assertEqual(notice, {"watch": "p", "notice": {"player": "p-ada", "rule": "ten",
                                                                "text": "a ten for p-ada",
                                                                "position": ack["position"]}})

    async def test_ones_own_events_are_not_pushed_back(self):
        async with self.server.connect() as websocket:
            client = Client(websocket)
            await client.ask(find("p-own", 1))
            await client.ask({"op": "watch", "player": "p-own"})
            await client.ask(find("p-own", 10))
            await client.ask({"op": "ping"})
            self.server.post_event(find("p-own", 2))
            self.assertEqual((await client.push())["score"]["points"], 2)


class SlowReaders(ServerTest):
    def slow_connection(self):
        """A connection that takes little at a time, and nothing while its transport is told to pause."""
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", self.server.port))
        slow.setblocking(False)
        return self.server.connect(sock=slow, read_limit=1024, max_queue=1)

    # Goal: who does not read gets what it missed as few changes, not as a queue of them. Method: two watch the same;
    # one
    # stops reading until the other has got more than the kernel's buffers hold (some 4 MiB); then it goes on, and must
    # come to the same board with fewer messages.
    async def test_who_reads_slowly_gets_fewer_and_larger_changes(self):
        async with self.slow_connection() as one, self.server.connect() as two, self.server.connect() as three:
            slow, fast, player = Client(one), Client(two), Client(three)
            names = [f"slow{i:03}" + "x" * 120 for i in range(800)]
            await player.send(*[find(name, 1) for name in names])
            for _ in names:
                await player.answer()
            watch = {"op": "watch", "board": "global", "top": 1000}
            slow_mirror, fast_mirror = Mirror(await slow.ask(watch)), Mirror(await fast.ask(watch))
            fast_bytes = fast_messages = slow_merged = fast_merged = 0
            one.transport.pause_reading()
            while fast_bytes < 8 << 20:
                await player.send(*[find(name, 1) for name in names])
                change = await fast.push()
                fast_bytes += len(json.dumps(change))
                fast_messages += 1
                fast_merged += change["merged"]
                fast_mirror.apply(change)
                for _ in names:
                    self.assertEqual((await player.answer())["ack"]["code"], "ok")
            position = (await player.ask(find(names[0], 1)))["ack"]["position"]
            one.transport.resume_reading()
            slow_messages = 0
            while slow_mirror.version < position:
                change = await slow.push()
                slow_mirror.apply(change)
                slow_merged += change["merged"]
                slow_messages += 1
            while fast_mirror.version < position:
                change = await fast.push()
                fast_mirror.apply(change)
                fast_merged += change["merged"]
                fast_messages += 1
            self.assertEqual(slow_mirror.shown(), of_page(self.server.get("/v1/boards/global?limit=1000")[1]))
            self.assertEqual(slow_mirror.shown(), fast_mirror.shown())
            self.assertLess(slow_messages, fast_messages)
            self.assertEqual(slow_merged, fast_merged)  # It was told how much it missed.

    async def test_acks_wait_for_a_slow_reader_and_none_is_lost(self):
        async with self.slow_connection() as one:
            client = Client(one)
            await client.ask({"op": "hello", "detail": ["fired", "notices", "ranks"]})
            one.transport.pause_reading()
            count = 20_000
            frames = [[find("acks", 1, ref=j) for j in range(i, i + 50)] for i in range(0, count, 50)]

            async def send():
                for frame in frames:
                    await client.send(*frame)

            sending = asyncio.create_task(send())
            await asyncio.sleep(0.5)
            one.transport.resume_reading()
            for i in range(count):
                self.assertEqual((await client.receive())["ref"], i)
            await asyncio.wait_for(sending, PATIENCE)


if __name__ == "__main__":
    unittest.main()
