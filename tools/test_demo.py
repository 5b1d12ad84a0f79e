"""The demo's own parts: that it would see a difference between boards, and keeps up a top ten."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "demo"))

import boards  # noqa: E402
import watching  # noqa: E402


def members(*values):
    return [{"rank": rank, "member": f"m{rank}", "value": value} for rank, value in enumerate(values, 1)]


class Live:
    """A server that shows these boards: id -> (what /v1/boards says besides, (group, window) -> members)."""

    def __init__(self, content):
        self.content = content

    def boards(self):
        return [{"id": name, **said} for name, (said, _) in self.content.items()]

    def members(self, board, group=None, window=None):
        return self.content[board][1].get((group, window), [])


class CompareTest(unittest.TestCase):
    live = Live({
        "global": ({"size": 2}, {(None, None): members(9, 5)}),
        "regions": ({"size": 2, "groups": 2}, {("north", None): members(9), ("south", None): members(5)}),
        "today": ({"size": 1, "windows": [{"window": "2026-07-19"}]}, {(None, "2026-07-19"): members(7)}),
    })
    offline = {"global": members(9, 5), "regions": {"north": members(9), "south": members(5)},
               "today": {"2026-07-19": members(7), "2026-07-01": members(3)}}

    def same(self, **changes):
        return [same for _, same in boards.compare(self.live, {**self.offline, **changes})]

    def test_the_same_boards_are_the_same(self):
        self.assertEqual(self.same(), [True, True, True])

    def test_every_kind_of_difference_is_seen(self):
        for name, changes, expected in (
                ("a value", {"global": members(9, 4)}, [False, True, True]),
                ("a member less offline", {"global": members(9)}, [False, True, True]),
                ("an empty board offline", {"global": []}, [False, True, True]),
                ("a group less offline", {"regions": {"north": members(9)}}, [True, False, True]),
                ("another group", {"regions": {"north": members(9), "west": members(5)}}, [True, False, True]),
                ("a window's value", {"today": {"2026-07-19": members(8)}}, [True, True, False])):
            with self.subTest(name):
                self.assertEqual(self.same(**changes), expected)


class TopTenTest(unittest.TestCase):
    def test_changes_are_applied_and_moves_are_shown_for_a_while(self):
        top = watching.TopTen()
        top.replace({"version": 1, "of": 2, "members": members(9, 5)})
        top.apply({"version": 2, "of": 3, "changes": [
            {"member": "m1", "left": True}, {"member": "m2", "value": 12, "rank": 1, "was": 2},
            {"member": "new", "value": 10, "rank": 2}]}, now=100.0)
        self.assertEqual(top.lines(100.5), [(1, "m2", 12, 1), (2, "new", 10, 9)])
        self.assertEqual(top.lines(104.0), [(1, "m2", 12, 0), (2, "new", 10, 0)])


if __name__ == "__main__":
    unittest.main()
