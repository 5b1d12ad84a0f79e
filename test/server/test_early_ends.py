"""A server that has ended early again and again begins carefully; one that was stopped does not."""

import pathlib
import tempfile
import unittest

from tallyho_server import PATIENCE, Server


class EarlyEnds(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        self.data = pathlib.Path(folder.name) / "data"

    def start(self):
        server = Server("--data", str(self.data))
        self.addCleanup(server.process.kill)  # Of no effect on one that was stopped.
        return server

    def kill(self, server):
        server.process.kill()
        server.process.wait(PATIENCE)
        server.process.stderr.close()

    def test_two_in_a_row_make_the_next_life_careful_until_one_ends_as_it_should(self):
        for ends in range(4):
            server = self.start()
            said = "".join(server.said)
            self.assertEqual(f"ended early {ends} times in a row" in said, ends >= 2, said)
            for i in range(20):  # Careful or not, events are taken and acked.
                answer = server.post_event({"type": "find", "player": "ada", "id": f"{ends}-{i}", "value": 1})[1]
                self.assertEqual(answer["code"], "ok")
            if ends < 3:
                self.kill(server)
        self.assertTrue((self.data / "running").exists())
        self.assertEqual(server.stop(), 0)
        self.assertFalse((self.data / "running").exists())
        server = self.start()
        self.assertNotIn("ended early", "".join(server.said))
        self.assertEqual(server.get("/v1/players/ada")[1]["total"], 80)
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
