"""What a typed host writes. `./dev python` checks it with `mypy --strict`: never run, it only has to make sense."""

import asyncio
import pathlib

import tallyho


def in_process(path: pathlib.Path) -> int:
    engine = tallyho.Engine(path)
    outcome: tallyho.Outcome = engine.score({"type": "find", "player": "ada"}, ranks=True)
    if outcome.code is tallyho.Code.ok and "global" in outcome.ranks:
        rank, was = outcome.ranks["global"]
        print(rank - was, [rule.upper() for rule, points in outcome.fired if points > 0])
    outcomes = engine.score_batch([b"{}", "{}", {"type": "find"}])
    total: int = outcomes[0].total + sum(outcomes.points)
    member: tallyho.Member = engine.board("teams", group="red").top(3, first=2)[0]
    engine.save(path.with_suffix(".snapshot"))
    again = tallyho.Engine(source="tallyho: 1")
    again.load(path.with_suffix(".snapshot"))
    try:
        return total + member.value + again.board("global").rank(member.member)
    except tallyho.Error as error:
        return error.code.value


async def over_the_network() -> None:
    async with tallyho.connect("ws://localhost:7070/v1/ws", token="…") as connection:
        ack = await connection.send({"type": "find", "player": "ada", "id": "e1"})
        print(ack["points"], await connection.query("/v1/boards/global"))
        async for change in connection.watch("global", around="ada", radius=2):
            print(change["version"])


if __name__ == "__main__":
    asyncio.run(over_the_network())
