"""A whole board, as CSV or NDJSON."""

import csv
import io
import json
import socket
import threading
import unittest

from tallyho_server import PATIENCE, ServerTest, find

CSV, NDJSON = "text/csv; charset=utf-8", "application/x-ndjson"


class Exports(ServerTest):
    def export(self, path, **headers):
        status, got, body = self.server.request("GET", path, headers=headers, admin=True)
        return status, got, body

    def fill(self, names):
        lines = "\n".join(json.dumps(find(name, 1 + i % 700)) for i, name in enumerate(names))
        self.server.post_events(lines, "application/x-ndjson")

    def whole(self, board):
        members, cursor = [], ""
        while True:
            page = self.server.get(f"/v1/boards/{board}?limit=1000{cursor}")[1]
            members += page["members"]
            if "cursor" not in page:
                return members
            cursor = "&cursor=" + page["cursor"]

    def test_the_whole_board_in_both_forms(self):
        odd = ['a,b', 'say "hi"', "two\nlines", "ünï", "=1+1", " ", "cr\rlf"]
        self.fill([f"e{i}" for i in range(2500)] + odd)
        board = self.whole("global")
        self.assertGreater(len(board), 2500)
        status, headers, body = self.export("/v1/boards/global/export?format=ndjson")
        self.assertEqual((status, headers["Content-Type"]), (200, NDJSON))
        self.assertEqual([json.loads(line) for line in body.decode().split("\n")[:-1]], board)
        status, headers, body = self.export("/v1/boards/global/export")
        self.assertEqual((status, headers["Content-Type"]), (200, CSV))
        rows = list(csv.reader(io.StringIO(body.decode(), newline="")))
        self.assertEqual(rows[0], ["rank", "member", "value"])
        self.assertEqual(rows[1:], [[str(m["rank"]), m["member"], str(m["value"])] for m in board])

    def test_the_header_accept_or_the_parameter_chooses(self):
        for accept, query, wanted in [(NDJSON, "", NDJSON), ("*/*", "", CSV), ("text/csv", "", CSV),
                                      (NDJSON, "?format=csv", CSV), ("text/csv", "?format=ndjson", NDJSON)]:
            _, headers, _ = self.export("/v1/boards/global/export" + query, Accept=accept)
            self.assertEqual(headers["Content-Type"], wanted, (accept, query))

    def test_groups_windows_and_empty_boards(self):
        self.server.post_event({"type": "joined", "player": "g-ada", "team": "red"})
        self.assertEqual(self.export("/v1/boards/teams/export?group=red")[2], b"rank,member,value\r\n1,g-ada,1\r\n")
        self.assertEqual(self.export("/v1/boards/teams/export?group=none")[0], 404)
        window = self.server.get("/v1/boards/today")[1]["window"]
        self.assertEqual(self.export(f"/v1/boards/today/export?window={window}")[0], 200)

    def test_what_is_asked_wrongly_is_a_problem_document(self):
        cases = {"/v1/boards/none/export": 404, "/v1/boards/global/export?format=xml": 400,
                 "/v1/boards/global/export?limit=3": 400, "/v1/boards/teams/export": 400,
                 "/v1/boards/today/export?window=1999-01-01": 404}
        for path, wanted in cases.items():
            status, headers, _ = self.export(path)
            self.assertEqual((status, headers["Content-Type"]), (wanted, "application/problem+json"), path)

    def test_it_is_for_admins_only(self):
        status, _, body = self.server.request("GET", "/v1/boards/global/export")
        self.assertEqual((status, json.loads(body)["code"]), (404, "not_found"))

    # Goal: members that do not move are written once, however the others move meanwhile. Method: a reader so slow that
    # the server waits for it page by page, while other members are scored.
    def test_who_does_not_move_is_written_once_while_others_move(self):
        still = [f"still{i:05}" for i in range(20000)]
        self.fill(still[:10000])
        self.fill(still[10000:])
        done = threading.Event()

        def move():
            while not done.is_set():
                self.fill([f"mover{i}" for i in range(50)])

        mover = threading.Thread(target=move)
        with socket.socket() as reader:
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.settimeout(PATIENCE)
            reader.connect(("127.0.0.1", self.server.admin_port))
            reader.sendall(b"GET /v1/boards/global/export HTTP/1.0\r\nHost: localhost\r\n\r\n")
            mover.start()
            body = b""  # Chunks are whole rows.
            try:
                while chunk := reader.recv(4096):
                    body += chunk
            finally:
                done.set()
                mover.join()
        for name in (still[0], still[9999], still[-1]):
            self.assertEqual(body.count(b"," + name.encode() + b","), 1, name)
        self.assertEqual(sum(body.count(b",still%05d," % i) == 1 for i in range(0, 20000, 100)), 200)


if __name__ == "__main__":
    unittest.main()
