"""Makes the data directory that test_released.py keeps readable, of the version at hand. Before a release:

    TALLYHO=build/release/bin/tallyho python3 test/server/released_directory.py

It writes released/VERSION.tar.xz, with everything in it that a log and its neighbours can hold, and
released/VERSION.json, with what that comes to. What was released is not made again.
"""

import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile

from tallyho_server import HERE, TALLYHO, Server

RELEASED = HERE / "released"
RULESET = """tallyho: 1
name: released
public: true
clock: {late: 72h}
dedupe: {window: 876000h, per_player: 1000}
total: {min: 0}
events: {find: {thing: string, value: int}, join: {team: string}, fail: {}}
state:
  player:
    finds: int
    today: {type: int, resets: daily}
    team: string
    seen: {type: set, capacity: 12, on_full: drop_oldest}
    recent: {type: window, span: 3h, capacity: 6}
  thing: {key: event.thing, value: int}
rules:
  - id: base
    on: find
    points: event.value
    cap: {points: 400, per: daily}
    set: {player.finds: player.finds + 1, player.today: player.today + 1, thing.value: thing.value + event.value}
    add: {player.seen: event.thing, player.recent: now}
  - {id: bonus, on: find, when: player.recent.count() >= 3, cooldown: 90m, points: '50'}
  - {id: join, on: join, set: {player.team: event.team}}
  - {id: no, on: fail, reject: '"no"'}
boards:
  - {id: global}
  - {id: hour, window: {every: hourly, keep: 3}}
  - {id: mates, group_by: player.team}
"""
SWAPPED = RULESET.replace("points: event.value", "points: 2 * event.value").replace("capacity: 12", "capacity: 4")


def run(*arguments):
    return subprocess.run([TALLYHO, *map(str, arguments)], capture_output=True, text=True, check=True).stdout


def events(first, count):
    for number in range(first, first + count):
        player, event_id = f"player-{number % 7}", f"e{number}"
        if number % 5 == 4:
            yield {"type": "fail", "player": player, "id": event_id}
        elif number % 11 == 3:
            yield {"type": "join", "player": player, "id": event_id, "team": f"team-{number % 3}"}
        else:
            yield {"type": "find", "player": player, "id": event_id, "thing": f"thing-{number % 9}", "value": number}


def operate(server, path, body=None):
    status, _, answer = server.request("POST", "/v1/players/" + path, json.dumps(body) if body else None,
                                       {"Content-Type": "application/json"} if body else {}, admin=True)
    assert status == 200, answer


def seen(data):
    """What a directory comes to, as far as it does not depend on when one looks."""
    boards = data.parent / "boards.json"
    run("replay", "--data", data, "--boards", boards)
    server = Server("--data", str(data), "--snapshot-events", "0", ruleset=None)
    try:
        page = server.get("/v1/boards/global?limit=1000")[1]
        players = {member["member"]: server.get("/v1/players/" + member["member"])[1]["total"]
                   for member in page["members"]}
        ledgers = {player: server.get(f"/v1/players/{player}/ledger?limit=1000")[1]["entries"] for player in players}
        answers = {}
        for event in events(0, 60):
            answer = server.post_event(event)[1]  # What a new one is paid depends on the time of day.
            answers[event["id"]] = [answer["code"], answer["points"] if answer["code"] == "duplicate" else None]
    finally:
        assert server.stop() == 0
    return "".join(server.said), {
        "log": page["log"], "version": page["version"], "members": page["members"], "players": players,
        "ledgers": ledgers, "answers": answers, "boards": json.loads(boards.read_text(encoding="utf-8"))}


def make(folder):
    """A directory with snapshots, records behind them, operations, a swap, a refused event and a quarantine."""
    data, rules = folder / "data", folder / "rules.yaml"
    rules.write_text(RULESET, encoding="utf-8")
    server = Server("--data", str(data), ruleset=rules)
    for event in events(0, 20):
        server.post_event(event)
    operate(server, "player-1/adjust", {"id": "a1", "points": 30})
    operate(server, "player-2/ban")
    run("snapshot", "--data", data)
    for event in events(20, 10):
        server.post_event(event)
    status, _, answer = server.request("PUT", "/v1/ruleset", SWAPPED, {"Content-Type": "application/yaml"}, admin=True)
    assert status == 200, answer
    status, _, answer = server.request("DELETE", "/v1/players/player-5", admin=True)
    assert status == 200, answer
    assert server.stop() == 0
    run("log", "quarantine", "--data", data, "26", "--reason", "for the test")
    run("snapshot", "--data", data)
    server = Server("--data", str(data), ruleset=None)
    for event in events(30, 20):
        server.post_event(event)
    run("snapshot", "--data", data)
    for event in events(50, 10):
        server.post_event(event)
    operate(server, "player-2/unban")
    assert server.stop() == 0
    return data


def main():
    version = run("version").split()[1]
    archive = RELEASED / f"{version}.tar.xz"
    RELEASED.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        data = make(pathlib.Path(name))
        with tarfile.open(archive, "w:xz") as tar:
            for path in sorted(data.iterdir()):
                tar.add(path, path.name)
        said, expected = seen(data)
    (RELEASED / f"{version}.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(said, f"{archive.name}: {archive.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
