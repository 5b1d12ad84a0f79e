"""The WebSocket protocol, case by case as the Autobahn test suite numbers them (its section in brackets), with raw
sockets. The server does not echo, so what it understood is seen in a `ref` that comes back."""

import json
import struct
import unittest

from raw_websocket import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, RawWebSocket, close_frame, echo, frame,
                           random_mask)
from tallyho_server import ServerTest, find


class Rfc6455(ServerTest):
    def connect(self):
        websocket = RawWebSocket(self.server.port)
        self.assertEqual(websocket.status, 101)
        self.addCleanup(websocket.close)
        return websocket

    def assert_closed(self, code, *frames):
        """What is sent is answered by closing with `code`; what had come before it has been answered."""
        websocket = self.connect()
        websocket.send(frame(TEXT, echo("before")))
        self.assertEqual(websocket.answer()["ref"], "before")
        websocket.send(*frames)
        self.assertEqual(websocket.ends_with(), code, frames[0][:16])

    def assert_echoed(self, text, *frames):
        websocket = self.connect()
        websocket.send(*frames)
        self.assertEqual(websocket.answer()["ref"], text)
        websocket.send(frame(TEXT, echo("after")))
        self.assertEqual(websocket.answer()["ref"], "after")

    # [1] Framing.
    def test_text_of_every_way_to_write_a_length(self):
        overhead = len(echo(""))
        for size in (overhead, 125, 126, 127, 128, 16384):
            text = "x" * (size - overhead)
            self.assert_echoed(text, frame(TEXT, echo(text)))
        # Longer ones are several messages.
        lines = b"\n".join(echo("x" * 1000) for _ in range(70))
        self.assertGreater(len(lines), 65536)
        websocket = self.connect()
        websocket.send(frame(TEXT, lines))
        answers = 0
        while answers < 70:
            answers += len(websocket.next()[1].split(b"\n"))
        self.assertEqual(answers, 70)

    def test_an_empty_text_is_a_malformed_message(self):
        websocket = self.connect()
        websocket.send(frame(TEXT))
        self.assertEqual(websocket.answer()["error"]["code"], "malformed")

    def test_a_message_octet_by_octet(self):
        websocket = self.connect()
        websocket.send_octets(frame(TEXT, echo("octets")))
        self.assertEqual(websocket.answer()["ref"], "octets")

    def test_binary_closes_with_1003(self):
        self.assert_closed(1003, frame(BINARY, b"\x00\x01"))
        self.assert_closed(1003, frame(BINARY))

    def test_any_mask_will_do(self):
        for mask in (b"\0\0\0\0", b"\xff\xff\xff\xff", random_mask()):
            self.assert_echoed("mask", frame(TEXT, echo("mask"), mask=mask))

    def test_an_unmasked_frame_closes_with_1002(self):
        for opcode in (TEXT, BINARY, PING, PONG, CLOSE):
            self.assert_closed(1002, frame(opcode, mask=None))

    def test_a_length_not_written_the_shortest_way_closes_with_1002(self):
        self.assert_closed(1002, frame(TEXT, echo("x"), length_bytes=2))
        self.assert_closed(1002, frame(TEXT, echo("x" * 200), length_bytes=8))

    # [2] Pings and pongs.
    def test_a_ping_is_answered_with_what_it_carried(self):
        websocket = self.connect()
        for payload in (b"", b"hello", bytes(range(125)), b"\xff" * 125):
            websocket.send(frame(PING, payload))
            self.assertEqual(websocket.next(), (PONG, payload))

    def test_a_ping_over_125_bytes_closes_with_1002(self):
        self.assert_closed(1002, frame(PING, b"x" * 126))

    def test_a_ping_octet_by_octet(self):
        websocket = self.connect()
        websocket.send_octets(frame(PING, b"octets"))
        self.assertEqual(websocket.next(), (PONG, b"octets"))

    def test_pongs_that_nobody_asked_for_are_ignored(self):
        self.assert_echoed("x", frame(PONG), frame(PONG, b"payload"), frame(TEXT, echo("x")))

    # A server may answer only the latest of several pings (5.5.3): but that one it does.
    def test_of_ten_pings_at_once_the_last_is_answered(self):
        websocket = self.connect()
        websocket.send(*[frame(PING, b"%d" % i) for i in range(10)])
        answered = []
        while not answered or answered[-1] != b"9":
            opcode, payload = websocket.next()
            self.assertEqual(opcode, PONG)
            answered.append(payload)
        self.assertEqual(answered, sorted(answered))

    def test_a_flood_of_pings_does_not_hold_up_messages(self):
        websocket = self.connect()
        for i in range(20):
            websocket.send(*[frame(PING, b"flood")] * 500, frame(TEXT, echo(i)))
            while (got := websocket.next())[0] == PONG:
                self.assertEqual(got[1], b"flood")
            self.assertEqual(json.loads(got[1])["ref"], i)

    # [3] Reserved bits.
    def test_reserved_bits_close_with_1002(self):
        for rsv in range(1, 8):
            for opcode in (TEXT, PING, CLOSE):
                self.assert_closed(1002, frame(opcode, b"", rsv=rsv))
            self.assert_closed(1002, frame(TEXT, echo("x")[:4], fin=False), frame(CONTINUATION, echo("x")[4:], rsv=rsv))

    # [4] Reserved opcodes.
    def test_reserved_opcodes_close_with_1002(self):
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
            self.assert_closed(1002, frame(opcode))
            self.assert_closed(1002, frame(opcode, b"payload"))

    # [5] Fragments.
    def test_a_fragmented_control_frame_closes_with_1002(self):
        for opcode in (PING, PONG, CLOSE):
            self.assert_closed(1002, frame(opcode, b"", fin=False), frame(CONTINUATION))

    def test_fragments_are_one_message_however_they_are_cut(self):
        whole = echo("fragments")
        for size in (1, 2, 7, len(whole)):
            parts = [whole[i:i + size] for i in range(0, len(whole), size)]
            frames = [frame(CONTINUATION if i else TEXT, part, fin=False) for i, part in enumerate(parts)]
            self.assert_echoed("fragments", *frames, frame(CONTINUATION, b"", fin=True))

    def test_empty_fragments_count_for_nothing(self):
        whole = echo("empty")
        self.assert_echoed("empty", frame(TEXT, b"", fin=False), *[frame(CONTINUATION, b"", fin=False)] * 1000,
                           frame(CONTINUATION, whole))

    def test_control_frames_between_fragments_are_answered_at_once(self):
        websocket = self.connect()
        whole = echo("between")
        websocket.send(frame(TEXT, whole[:5], fin=False), frame(PING, b"one"))
        self.assertEqual(websocket.next(), (PONG, b"one"))
        websocket.send(frame(CONTINUATION, whole[5:9], fin=False), frame(PONG, b"two"), frame(PING, b"three"))
        self.assertEqual(websocket.next(), (PONG, b"three"))
        websocket.send(frame(CONTINUATION, whole[9:]))
        self.assertEqual(websocket.answer()["ref"], "between")

    def test_a_continuation_of_nothing_closes_with_1002(self):
        self.assert_closed(1002, frame(CONTINUATION, echo("x")))
        self.assert_closed(1002, frame(CONTINUATION, echo("x"), fin=False))

    def test_a_message_within_a_message_closes_with_1002(self):
        self.assert_closed(1002, frame(TEXT, echo("x")[:4], fin=False), frame(TEXT, echo("x")))
        self.assert_closed(1002, frame(TEXT, echo("x")[:4], fin=False), frame(BINARY, b""))

    def test_a_close_between_fragments_closes(self):
        self.assert_closed(1000, frame(TEXT, echo("x")[:4], fin=False), close_frame(1000))

    # [6] UTF-8.
    def test_utf8_comes_back_as_it_was(self):
        for text in ("κόσμε", "\u0080\u07ff\u0800\uffff", "\U00010000\U0010ffff", "\ud7ff\ue000\ufffd", "\ufeff",
                     "\ufdd0\U0001fffe", "\u2028\u2029", "Hello-µ@ßöäüàá-UTF-8!!"):
            self.assert_echoed(text, frame(TEXT, echo(text)))

    def test_utf8_may_be_cut_anywhere(self):
        whole = echo("µ€\U0010ffff")
        for i in range(1, len(whole)):
            self.assert_echoed("µ€\U0010ffff", frame(TEXT, whole[:i], fin=False), frame(CONTINUATION, whole[i:]))

    def test_bytes_that_are_not_utf8_close_with_1007(self):
        cases = ["80", "bf", "8080", "c0", "c080", "c1bf", "e080af", "e0809f", "f08080af", "f888808080", "fc8480808080",
                 "eda080", "edb080", "eda080edb080", "f4908080", "f5808080", "fe", "ff", "cebae1bdb9cf83cebcceb5eda080",
                 "e2", "e282", "f09f98", "c328", "e228a1"]
        for case in cases:
            self.assert_closed(1007, frame(TEXT, b'"' + bytes.fromhex(case) + b'"'))

    def test_utf8_that_is_cut_off_by_the_end_of_the_message_closes_with_1007(self):
        self.assert_closed(1007, frame(TEXT, b'"\xc3'))
        self.assert_closed(1007, frame(TEXT, b'"\xe2\x82', fin=False), frame(CONTINUATION, b""))

    def test_utf8_that_is_wrong_over_two_fragments_closes_with_1007(self):
        self.assert_closed(1007, frame(TEXT, b'"\xe2', fin=False), frame(CONTINUATION, b'\x28\xa1"'))
        self.assert_closed(1007, frame(TEXT, b'"\xf4', fin=False), frame(CONTINUATION, b'\x90\x80\x80"'))

    # [7] Closing.
    def test_a_close_is_answered_with_its_code(self):
        for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999):
            self.assert_closed(code, close_frame(code))
            self.assert_closed(code, close_frame(code, b"x" * 123))

    def test_a_close_without_a_code_is_answered(self):
        websocket = self.connect()
        websocket.send(close_frame())
        self.assertIn(websocket.ends_with(), (None, 1000))

    def test_codes_that_may_not_be_sent_close_with_1002(self):
        for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999):
            self.assert_closed(1002, close_frame(code))

    def test_a_close_with_half_a_code_closes_with_1002(self):
        self.assert_closed(1002, frame(CLOSE, b"\x03"))

    def test_a_close_over_125_bytes_closes_with_1002(self):
        self.assert_closed(1002, close_frame(1000, b"x" * 124))

    def test_a_reason_that_is_not_utf8_closes_with_1002(self):  # 1007 would do as well.
        self.assert_closed(1002, close_frame(1000, b"\xff\xfe"))
        self.assert_closed(1002, close_frame(1000, b"\xce"))

    def test_nothing_is_taken_after_a_close(self):
        before = self.server.get("/v1/boards/global")[1]["version"]
        websocket = self.connect()
        websocket.send(close_frame(1000), frame(TEXT, json.dumps(find("late", 1))), frame(PING, b"late"),
                       close_frame(1000))
        got = []
        while (one := websocket.next()) is not None:
            got.append(one)
        self.assertEqual(got, [(CLOSE, struct.pack("!H", 1000))])
        self.assertEqual(self.server.get("/v1/players/late")[0], 404)
        self.assertGreaterEqual(self.server.get("/v1/boards/global")[1]["version"], before)

    def test_messages_before_a_close_are_scored(self):
        websocket = self.connect()
        websocket.send(frame(TEXT, json.dumps(find("in time", 3))), close_frame(1000))
        self.assertEqual(websocket.ends_with(), 1000)
        self.assertEqual(self.server.get("/v1/players/in%20time")[1]["total"], 3)

    # [9] Limits.
    def test_a_message_over_a_mebibyte_closes_with_1009(self):
        # Its beginning says how long it is; who sent all of it might find the connection closed before the end.
        self.assert_closed(1009, frame(TEXT, b" " * ((1 << 20) + 1))[:1000])
        half = b" " * (1 << 19)
        self.assert_closed(1009, frame(TEXT, half, fin=False), frame(CONTINUATION, half, fin=False),
                           frame(CONTINUATION, b" "))

    def test_a_length_is_not_believed_before_it_is_there(self):
        for size in ((1 << 20) + 1, 1 << 32, (1 << 63) - 1):
            self.assert_closed(1009, b"\x81\xff" + struct.pack("!Q", size) + b"\0\0\0\0")

    def test_a_length_with_its_first_bit_set_is_refused(self):
        websocket = self.connect()
        websocket.send(b"\x81\xff" + struct.pack("!Q", 1 << 63) + b"\0\0\0\0")
        self.assertIn(websocket.ends_with(), (1002, 1009))

    def test_a_connection_that_ends_in_a_frame_leaves_nothing(self):
        for cut in (1, 2, 5, 8):
            with RawWebSocket(self.server.port) as websocket:
                websocket.send(frame(TEXT, json.dumps(find("half", 1)))[:cut])
        self.assertEqual(self.server.get("/v1/players/half")[0], 404)


if __name__ == "__main__":
    unittest.main()
