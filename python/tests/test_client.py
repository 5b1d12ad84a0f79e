"""The asyncio client against `tallyho serve`; the program is named by the environment variable TALLYHO."""

import asyncio
import os
import pathlib
import signal
import subprocess

import pytest

import tallyho

RULESET = pathlib.Path(__file__).resolve().parents[2] / "rulesets" / "treasure-hunt.yaml"
PATIENCE = 60  # Seconds until something that should come has not come: no test measures time with it.

pytestmark = pytest.mark.skipif("TALLYHO" not in os.environ, reason="TALLYHO does not name the program")


def start(folder, port=0):
    """A server with a log in `folder`, and the port it listens on."""
    process = subprocess.Popen([os.environ["TALLYHO"], "serve", "--ruleset", RULESET, "--dev", "--data", folder,
                                "--listen", f"127.0.0.1:{port}", "--admin", "127.0.0.1:0"],
                               stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith("listening on "):
            return process, int(line.split(",")[0].rpartition(":")[2])
    raise RuntimeError("the server did not start")


def stop(process, how=signal.SIGTERM):
    process.send_signal(how)
    process.wait(PATIENCE)
    process.stderr.close()


def chest(player, number):
    return {"type": "chest_opened", "player": player, "chest": f"c{number}", "locks": 3, "seconds": 10,
            "id": f"{player}-{number}"}


def in_time(task):
    asyncio.run(asyncio.wait_for(task, PATIENCE))


def test_events_are_acked_and_boards_can_be_asked_for(tmp_path):
    async def play(port):
        async with tallyho.connect(f"ws://127.0.0.1:{port}/v1/ws") as connection:
            acks = await asyncio.gather(*(connection.send(chest("ada", i)) for i in range(3)))
            assert [ack["code"] for ack in acks] == ["ok"] * 3
            assert acks[-1]["total"] == sum(ack["points"] for ack in acks)
            assert (await connection.send(chest("ada", 0)))["code"] == "duplicate"
            page = await connection.query("/v1/boards/global?limit=3")
            assert page["members"] == [{"rank": 1, "member": "ada", "value": acks[-1]["total"]}]
            with pytest.raises(tallyho.Error) as raised:
                await connection.query("/v1/boards/none")
            assert raised.value.code == tallyho.Code.not_found

    server, port = start(tmp_path)
    try:
        in_time(play(port))
    finally:
        stop(server)


def test_a_server_that_was_killed_is_found_again_and_no_event_counts_twice(tmp_path):
    servers = []

    async def play():
        process, port = start(tmp_path)
        servers.append(process)
        async with tallyho.connect(f"ws://127.0.0.1:{port}/v1/ws") as connection:
            watch = connection.watch("global", top=10)
            assert (await anext(watch))["members"] == []
            first = await connection.send(chest("ada", 1))
            assert (await anext(watch))["changes"][0]["value"] == first["points"]
            stop(process, signal.SIGKILL)
            sending = asyncio.create_task(connection.send(chest("ada", 2)))
            await asyncio.sleep(0)
            servers.append(start(tmp_path, port)[0])
            second = await sending
            assert second["code"] == "ok"
            shown = {}
            async for change in watch:
                rows = change.get("members", change.get("changes", []))
                shown.update((row["member"], row["value"]) for row in rows)
                if shown.get("ada") == second["total"]:
                    break
            await watch.aclose()
            assert second["total"] == first["points"] + second["points"]

    try:
        in_time(play())
    finally:
        for process in servers:
            if process.poll() is None:
                stop(process)
