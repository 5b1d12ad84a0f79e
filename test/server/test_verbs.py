"""The verbs that talk to a running server: board, player, ban, unban, adjust."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import test_tls
from test_tokens import Guarded, find, token
from tallyho_server import PATIENCE, TALLYHO, Server


class VerbsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Guarded()
        for player, times in (("ada", 3), ("bob", 2), ("c/d e", 1)):
            for _ in range(times):
                cls.server.ask("POST", "/v1/events", token(["ingest"], None), find(player))

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def run_verb(self, *arguments, roles=("read", "ingest"), admin=False, show=True):
        port = self.server.admin_port if admin else self.server.port
        environment = os.environ | ({"TALLYHO_TOKEN": token(roles, "someone")} if show else {})
        return subprocess.run([TALLYHO, *arguments, "--url", f"http://127.0.0.1:{port}/"], env=environment,
                              capture_output=True, text=True, timeout=PATIENCE)

    def test_a_board_is_shown_best_first(self):
        run = self.run_verb("board", "global", "--limit", "2")
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertEqual([line.split() for line in run.stdout.splitlines()], [["1", "ada", "15"], ["2", "bob", "10"]])
        around = self.run_verb("board", "global", "--around", "bob", "--limit", "2").stdout
        self.assertEqual([line.split()[1] for line in around.splitlines()], ["ada", "bob", "c/d"])
        self.assertIn("global", self.run_verb("board").stdout)

    def test_json_is_what_the_server_answers(self):
        page = json.loads(self.run_verb("board", "global", "--json").stdout)
        self.assertEqual(page["members"][0], {"rank": 1, "member": "ada", "value": 15})
        self.assertEqual(json.loads(self.run_verb("player", "c/d e", "--json").stdout)["total"], 5)

    def test_a_player_is_shown_with_its_ranks(self):
        run = self.run_verb("player", "bob")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("bob: 10 points", run.stdout)
        self.assertIn("rank 2 of 3", run.stdout)

    def test_what_the_server_refuses_is_said_in_its_words(self):
        for arguments, options, words in [
                (("board", "nowhere"), {}, "not_found: "), (("player", "nobody"), {}, "not_found: "),
                (("player", "ada"), {"show": False}, "unauthorized: "),
                (("ban", "ada"), {"admin": True}, "unauthorized: this takes the role admin"),
                (("ban", "ada"), {}, "not_found: ")]:
            run = self.run_verb(*arguments, **options)
            self.assertEqual((run.returncode, run.stdout), (1, ""), arguments)
            self.assertIn(words, run.stderr)
        run = subprocess.run([TALLYHO, "board", "--url", "http://127.0.0.1:1"], capture_output=True, text=True,
                             timeout=PATIENCE)
        self.assertEqual(run.returncode, 1)
        self.assertEqual(self.run_verb("adjust", "ada").returncode, 2)

    def test_an_admin_bans_restores_and_adjusts(self):
        def operate(*arguments):
            run = self.run_verb(*arguments, roles=("admin",), admin=True)
            self.assertEqual(run.returncode, 0, run.stderr)
            return run.stdout.strip()

        self.assertEqual(operate("ban", "bob", "--reason", "a \"good\" one"), "bob: 10 points, banned")
        self.assertNotIn("bob", self.run_verb("board", "global").stdout)
        self.assertEqual(operate("unban", "bob"), "bob: 10 points")
        for _ in range(2):
            self.assertEqual(operate("adjust", "bob", "--points", "-3", "--id", "a1"), "bob: 7 points")
        self.assertEqual(operate("adjust", "bob", "--points", "3", "--id", "a2"), "bob: 10 points")


class TlsVerbTest(unittest.TestCase):
    def test_only_a_certificate_that_is_trusted_is(self):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            path = pathlib.Path(folder)
            test_tls.write_certificate(path)
            server = Server("--tls-certificate", str(path / "cert.pem"), "--tls-key", str(path / "key.pem"))
            try:
                url = ["--url", f"https://localhost:{server.port}"]
                for more, status in [([], 1), (["--ca", str(path / "cert.pem")], 0)]:
                    run = subprocess.run([TALLYHO, "board", *url, *more], capture_output=True, text=True,
                                         timeout=PATIENCE)
                    self.assertEqual(run.returncode, status, run.stderr)
            finally:
                server.stop()


if __name__ == "__main__":
    unittest.main()
