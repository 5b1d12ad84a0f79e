"""The engine in Python: what tallyho.h says, with objects."""

import concurrent.futures
import json

import pytest

import tallyho

GAME = """
tallyho: 1
name: game
events: {find: {value: {type: int, min: -100, max: 100}, team: string}}
rules:
  - {id: no-debt, on: find, when: event.value < 0, reject: "'debts are not taken'"}
  - {id: find, on: find, points: event.value, notify: "'found ' + string(event.value)"}
boards: [{id: global}, {id: teams, on: find, group_by: event.team}]
"""


def find(player, value, team="red", **more):
    return {"type": "find", "player": player, "value": value, "team": team, **more}


@pytest.fixture
def engine():
    return tallyho.Engine(source=GAME)


@pytest.mark.parametrize("form", [dict, lambda e: json.dumps(e), lambda e: json.dumps(e).encode()])
def test_an_event_may_be_a_dict_text_or_bytes(engine, form):
    outcome = engine.score(form(find("ada", 20)))
    assert (outcome.code, outcome.ok, outcome.points, outcome.total, outcome.position) == (
        tallyho.Code.ok, True, 20, 20, 1)
    assert outcome.fired == [("find", 20)]
    assert outcome.notices == ["found 20"]
    assert outcome.ranks == {}


def test_what_is_wrong_with_an_event_is_an_outcome_and_never_raised(engine):
    rejected = engine.score(find("ada", -1))
    assert (rejected.code.name, rejected.rule, rejected.message) == ("rejected", "no-debt", "debts are not taken")
    invalid = engine.score(find("ada", 101))
    assert (invalid.code.name, invalid.field, invalid.position) == ("invalid_field", "value", 0)
    assert engine.score(b"\xff").code == tallyho.Code.malformed
    assert engine.score({}).code == tallyho.Code.missing_field


def test_what_is_no_event_at_all_is_a_type_error(engine):
    with pytest.raises(TypeError):
        engine.score(5)


def test_an_outcome_outlives_its_engine():
    outcome = tallyho.Engine(source=GAME).score(find("ada", 1))
    assert outcome.fired == [("find", 1)]


def test_ranks_come_if_asked_for(engine):
    engine.score(find("ada", 5))
    assert engine.score(find("bob", 9), ranks=True).ranks == {"global": (1, 0), "teams": (1, 0)}


def test_a_batch_is_a_lazy_sequence_with_arrays(engine):
    lines = b"\n".join(json.dumps(find(player, value)).encode() for player, value in
                       [("ada", 5), ("bob", 9), ("ada", -1), ("ada", 6)])
    outcomes = engine.score_batch(lines)
    assert len(outcomes) == 4
    assert list(outcomes.codes) == [0, 0, tallyho.Code.rejected, 0]
    assert list(outcomes.points) == [5, 9, 0, 6]
    assert list(outcomes.totals) == [5, 9, 0, 11]
    assert outcomes[-1].total == 11
    assert [outcome.ok for outcome in outcomes] == [True, True, False, True]
    with pytest.raises(IndexError):
        outcomes[4]


def test_an_array_outlives_its_batch(engine):
    points = engine.score_batch(json.dumps(find("ada", 5)).encode()).points
    assert list(points) == [5]


def test_a_batch_takes_any_iterable_of_events(engine):
    events = (event for event in [find("ada", 1), json.dumps(find("ada", 2), indent=1), b"{"])
    outcomes = engine.score_batch(events)
    assert list(outcomes.codes) == [0, 0, tallyho.Code.malformed]
    assert list(outcomes.totals) == [1, 3, 0]


def test_boards_are_read_by_rank_member_and_place(engine):
    for player, value in [("ada", 5), ("bob", 9), ("cid", 5)]:
        engine.score(find(player, value, "blue" if player == "cid" else "red"))
    board = engine.board("global")
    assert board.top(2) == [(1, "bob", 9), (2, "ada", 5)]
    assert [row.member for row in board.top(2, first=2)] == ["ada", "cid"]
    assert board.rank("cid") == 3
    assert [row.rank for row in board.around("bob", 1)] == [1, 2]
    assert engine.board("teams", group="blue").top() == [(1, "cid", 5)]
    assert engine.boards == ["global", "teams"]


@pytest.mark.parametrize("read, code", [
    (lambda engine: engine.board("none").top(), "not_found"),
    (lambda engine: engine.board("global").rank("eve"), "not_found"),
    (lambda engine: engine.board("teams").top(), "invalid_argument"),
    (lambda engine: engine.board("global").top(1001), "invalid_argument"),
    (lambda engine: tallyho.Engine("no-such-file.yaml"), "not_found"),
    (lambda engine: tallyho.Engine(source="tallyho: 2"), "invalid_argument"),
])
def test_queries_and_loading_raise_with_a_code(engine, read, code):
    with pytest.raises(tallyho.Error) as raised:
        read(engine)
    assert raised.value.code == tallyho.Code[code]
    assert str(raised.value)


def test_without_a_ruleset_it_is_the_treasure_hunt():
    engine = tallyho.Engine()
    chest = {"type": "chest_opened", "player": "ada", "chest": "attic", "locks": 3, "seconds": 10}
    assert engine.score(chest).points == 115
    assert engine.score(chest).rule == "chest-again"


def test_threads_share_an_engine(engine):
    events = b"\n".join(json.dumps(find("ada", 1)).encode() for _ in range(200))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for outcomes in pool.map(lambda _: engine.score_batch(events), range(8)):
            assert sum(outcomes.points) == 200
    assert engine.board("global").top() == [(1, "ada", 1600)]


def test_equal_histories_have_equal_hashes(engine):
    other = tallyho.Engine(source=GAME)
    engine.score(find("ada", 1))
    assert engine.state_hash() != other.state_hash()
    other.score_batch([find("ada", 1)])
    assert engine.state_hash() == other.state_hash()


def test_a_saved_engine_is_loaded_again(engine, tmp_path):
    engine.score(find("ada", 5, id="e1"))
    engine.save(tmp_path / "saved")
    other = tallyho.Engine(source=GAME)
    other.score(find("bob", 9))
    other.load(tmp_path / "saved")
    assert other.state_hash() == engine.state_hash()
    assert other.score(find("ada", 5, id="e1")).code == tallyho.Code.duplicate
    assert other.board("global").top() == [(1, "ada", 5)]


@pytest.mark.parametrize("content, code", [(None, "not_found"), (b"TALLYSNP and nothing", "invalid_argument")])
def test_what_can_not_be_loaded_raises_and_changes_nothing(engine, tmp_path, content, code):
    engine.score(find("ada", 5))
    if content is not None:
        (tmp_path / "saved").write_bytes(content)
    with pytest.raises(tallyho.Error) as raised:
        engine.load(tmp_path / "saved")
    assert raised.value.code == tallyho.Code[code]
    assert engine.board("global").top() == [(1, "ada", 5)]


def test_where_there_is_no_folder_nothing_is_saved(engine, tmp_path):
    with pytest.raises(tallyho.Error) as raised:
        engine.save(tmp_path / "none" / "saved")
    assert raised.value.code == tallyho.Code.not_found
