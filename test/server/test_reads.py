"""The transcript of reads.sh: every read of a board, by curl, against a running server."""

import json
import pathlib
import subprocess
import unittest

from tallyho_server import PATIENCE, TALLYHO

HERE = pathlib.Path(__file__).resolve().parent


def members(answer):
    return [(one["rank"], one["member"], one["value"]) for one in answer["members"]]


class Transcript(unittest.TestCase):
    def test_every_read_answers_as_it_should(self):
        done = subprocess.run([HERE / "reads.sh", TALLYHO], capture_output=True, text=True, timeout=PATIENCE,
                              check=True)
        lines = done.stdout.splitlines()
        asked = [line.partition("localhost:")[2] for line in lines[::2]]
        answers = {}
        for path, answer in zip(asked, lines[1::2]):
            answers.setdefault(path.partition("/v1/")[2].partition(" ")[0], []).append(json.loads(answer))

        def one(path):
            return answers[path][0]

        self.assertEqual(one("events?detail=ranks")["ranks"]["best"], {"rank": 2})
        self.assertEqual([board["id"] for board in one("boards")["boards"]], ["global", "today", "teams", "best"])
        self.assertIn("resets_at", one("boards")["boards"][1])
        self.assertEqual(members(one("boards/best")), [(1, "ada", 30), (2, "cat", 30), (3, "bob", 20)])
        self.assertEqual([rank for rank, _, _ in members(one("boards/best?ranking=competition"))], [1, 1, 3])
        self.assertEqual([rank for rank, _, _ in members(one("boards/best?ranking=dense"))], [1, 1, 2])
        rest = [answer for path, found in answers.items() if "cursor=" in path for answer in found]
        self.assertEqual(members(rest[0]), [(3, "bob", 20)])
        self.assertNotIn("cursor", rest[0])
        self.assertEqual(members(one("boards/best?offset=1&limit=1")), [(2, "cat", 30)])
        self.assertEqual(members(one("boards/best?min=25&max=40")), [(1, "ada", 30), (2, "cat", 30)])
        self.assertEqual(one("boards/best?min=25&max=40")["matching"], 2)
        self.assertEqual(members(one("boards/today")), [(1, "ada", 31), (2, "cat", 30), (3, "bob", 21)])
        self.assertEqual(members(one("boards/teams?group=red")), [(1, "ada", 31), (2, "bob", 21)])
        self.assertEqual({key: one("boards/best/members/bob")[key] for key in ("rank", "of", "value", "percentile")},
                         {"rank": 3, "of": 3, "value": 20, "percentile": 0})
        self.assertEqual([entry["member"] for entry in one("boards/best/members/bob?around=1")["around"]],
                         ["cat", "bob"])
        self.assertEqual(members(one("boards/best/ranks")), [(1, "ada", 30), (3, "bob", 20)])
        self.assertEqual(one("boards/best/ranks")["absent"], ["nobody"])
        self.assertEqual(one("players/ada")["ranks"]["teams"], {"group": "red", "rank": 1, "value": 31, "of": 2})
        self.assertEqual((one("players/ada/adjust")["points"], one("players/ada/adjust")["total"]), (-5, 26))
        self.assertEqual([members(answer) for answer in answers["boards/global"]],
                         [[(1, "cat", 30), (2, "bob", 21)], [(1, "cat", 30), (2, "ada", 26), (3, "bob", 21)],
                          [(1, "ada", 26), (2, "bob", 21)]])
        self.assertEqual(answers["events"][-1]["code"], "player_banned")
        self.assertTrue(one("players/cat")["forgotten"])
        self.assertEqual(one("boards/nobody")["code"], "not_found")


if __name__ == "__main__":
    unittest.main()
