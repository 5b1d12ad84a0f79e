"""The engine against the rules in Python, an independent reading of the specification: standard loads crowded onto few
players, and events made to sit on every edge. `./dev oracle` does the same with a million events."""

import json
import pathlib
import tempfile
import unittest

import adversary
import oracle
from before import rules  # Found by way of oracle.


class Oracle(unittest.TestCase):
    def agree(self, lines):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "events.ndjson"
            file.write_bytes(b"".join(line + b"\n" for line in lines))
            return self.agree_on(file)

    def agree_on(self, file):
        comparison = oracle.compare(file)
        self.assertEqual(comparison.count, 0, comparison.text())
        return comparison

    def test_standard_load_scores_the_same(self):
        for seed, players, rate in ((1, 3000, 18_000), (2, 20, 10), (3, 4, 1)):
            with self.subTest(seed=seed, players=players, rate=rate), tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder) / "events.ndjson"
                oracle.standard_load(file, 10_000, seed, players, 2, rate)
                self.agree_on(file)

    def test_edges_score_the_same(self):
        codes = set()
        for name, lines in adversary.KINDS_OF_TROUBLE.items():
            for seed, count in ((1, 12_000 if name == "full_sets" else 6000), (2, 2000)):
                with self.subTest(trouble=name, seed=seed):
                    codes |= set(self.agree(lines(seed, count)).codes)
        # So that none of them is left out by accident. Banned players and full queues are not of the rules.
        self.assertEqual(codes, {"ok", "malformed", "too_large", "unknown_type", "missing_field", "invalid_field",
                                 "out_of_time", "duplicate", "rejected", "rule_error"})

    def test_all_rules_fire(self):
        fired = set()
        for name, lines in (("edges", adversary.edges), ("arrivals", adversary.arrivals)):
            with self.subTest(trouble=name):
                fired |= set(self.agree(lines(9, 8000)).fired)
        self.assertEqual(fired, {name for table in (rules.REJECTS, rules.RULES) for of_type in table.values()
                                 for name, _ in of_type})

    def test_boosts_end_on_time(self):
        """Points are doubled for ten minutes, and half as many again come with the match, 19:00 to 21:00: at the end of
        one, of the other, and of both."""
        lines = []
        for doubled, chests in (("18:55", ["18:59", "19:00", "19:05"]), ("20:50", ["20:59", "21:00"]),
                                ("20:55", ["20:59", "21:00", "21:05"])):
            happened = [("power_up_used", doubled, {"kind": "double_points"})]
            happened += [("chest_opened", time, {"chest": time, "locks": 2, "seconds": 40}) for time in chests]
            lines += [json.dumps({"type": kind, "player": doubled, "ts": f"2026-07-19T{time}:00Z", **fields}).encode()
                      for kind, time, fields in happened]
        self.agree(lines)

    def test_a_difference_is_seen(self):
        """The comparison is not blind: events as they are, and one whose rule pays another amount in Python."""
        lines = [b'{"type":"chest_opened","player":"ada","ts":0,"chest":"h","locks":2,"seconds":40}',
                 b'{"type":"ticket_scanned","player":"ada","ts":0,"gate":"g","seat":"s"}']
        self.agree(lines)
        right, rules.RULES["ticket_scanned"] = rules.RULES["ticket_scanned"], [("ticket", lambda turn: 151)]
        try:
            with self.assertRaisesRegex(AssertionError, "(?s)line 2.*board global"):
                self.agree(lines)
        finally:
            rules.RULES["ticket_scanned"] = right


if __name__ == "__main__":
    unittest.main()
