"""A Python service that scores through the library: events come by WebSocket, acks go back, boards can be asked for.

    pip install . uvloop && python examples/python_service/service.py [RULESET.yaml] [--port 7070]

It speaks the part of docs/reference/protocol.md that senders need (events, several a frame; `query` for the top of a
board; `ping`), so `tallyho load --url ws://127.0.0.1:7070/v1/ws` drives it.
"""

import argparse
import asyncio
import contextlib
import json
from urllib.parse import parse_qs, urlsplit

import uvloop
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

import tallyho


compact = json.JSONEncoder(separators=(",", ":")).encode  # As the protocol has it, and `tallyho load` looks for it.


def ack_of(event, outcome):
    """What the sender is told: the ack of the protocol, and its `ref`."""
    ack = {"code": outcome.code.name}
    if outcome.position:
        ack["position"] = outcome.position
    if outcome.code in (tallyho.Code.ok, tallyho.Code.duplicate):
        ack |= {"points": outcome.points, "total": outcome.total}
    else:
        ack |= {name: value for name in ("rule", "field", "message") if (value := getattr(outcome, name))}
    return {"ack": ack | {"id": event["id"]} if "id" in event else ack} | ref_of(event)


def ref_of(message):
    return {"ref": message["ref"]} if "ref" in message else {}


def answer_control(engine, message):
    """`ping`, and `query` of /v1/boards/NAME?limit=N."""
    if message["op"] == "ping":
        return {"pong": {}}
    try:
        path = urlsplit(message["path"])
        limit = int(parse_qs(path.query).get("limit", ["10"])[0])
        rows = engine.board(path.path.removeprefix("/v1/boards/")).top(limit)
        return {"result": {"members": [{"rank": row.rank, "member": row.member, "value": row.value} for row in rows]}}
    except tallyho.Error as error:
        return {"error": {"code": error.code.name, "message": str(error)}}
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
        return {"error": {"code": "invalid_argument", "message": "what cannot be read here"}}


def answer(engine, line):
    """One message's answer. The library judges the bytes; they are parsed here only for what it does not hand back."""
    outcome = None if b'"op"' in line else engine.score(line)
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        message = None
    if isinstance(message, dict) and "op" in message:
        return answer_control(engine, message) | ref_of(message)
    outcome = outcome or engine.score(line)
    if outcome.code == tallyho.Code.malformed or not isinstance(message, dict):
        return {"error": {"code": "malformed", "message": outcome.message}}
    return ack_of(message, outcome)


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ruleset", nargs="?", help="default: the treasure hunt")
    parser.add_argument("--port", type=int, default=7070)
    options = parser.parse_args()
    engine = tallyho.Engine(options.ruleset)

    async def talk(socket):
        with contextlib.suppress(ConnectionClosed):  # However it went: the next one is another's.
            async for frame in socket:
                lines = (frame.encode() if isinstance(frame, str) else frame).split(b"\n")
                if answers := [compact(answer(engine, line)) for line in lines if line]:
                    await socket.send("\n".join(answers))

    async with serve(talk, "127.0.0.1", options.port, compression=None) as server:
        print(f"listening on 127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    try:
        uvloop.run(main())
    except KeyboardInterrupt:
        pass
