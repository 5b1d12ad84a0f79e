"""permessage-deflate (RFC 7692): off unless it is asked for, and bounded while inflating."""

import json
import unittest
import zlib

from raw_websocket import CONTINUATION, TEXT, RawWebSocket, echo, frame
from tallyho_server import ServerTest, find

OFFER = "permessage-deflate; client_max_window_bits"
COMPRESSED = 4  # The first reserved bit.


def deflated(data):
    """As the standard says, in a window that any offer allows, without the empty block at its end."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -9)
    return (compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]


def bomb(inflated_bytes):
    """A message that inflates to so many spaces, a thousandth of that in size."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -9)
    mebibyte = compressor.compress(b" " * (1 << 20)) + compressor.flush(zlib.Z_FULL_FLUSH)  # Knows nothing before it.
    return (mebibyte * (inflated_bytes >> 20))[:-4]


class Off(ServerTest):
    def test_it_is_not_taken_up_without_being_asked_for(self):
        with RawWebSocket(self.server.port, OFFER) as websocket:
            self.assertEqual(websocket.status, 101)
            self.assertNotIn("sec-websocket-extensions", websocket.headers)
            websocket.send(frame(TEXT, deflated(echo("x")), rsv=COMPRESSED))
            self.assertEqual(websocket.ends_with(), 1002)


class On(ServerTest):
    arguments = ("--deflate",)

    def connect(self, offer=OFFER):
        websocket = RawWebSocket(self.server.port, offer)
        self.addCleanup(websocket.close)
        self.assertEqual(websocket.status, 101)
        return websocket

    def memory_bytes(self):
        """The most that the server has ever held."""
        with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) * 1024

    def test_messages_are_compressed_both_ways_and_plain_ones_taken_too(self):
        websocket = self.connect()
        self.assertIn("permessage-deflate", websocket.headers["sec-websocket-extensions"])
        self.assertIn("server_no_context_takeover", websocket.headers["sec-websocket-extensions"])
        for text in ("x", "y" * 1000, "ü" * 500):
            websocket.send(frame(TEXT, deflated(echo(text)), rsv=COMPRESSED))
            self.assertEqual(websocket.answer()["ref"], text)
            self.assertEqual(bool(websocket.head & 0x40), len(text) > 1)  # Small ones are not worth it.
            websocket.send(frame(TEXT, echo(text)))
            self.assertEqual(websocket.answer()["ref"], text)

    def test_a_compressed_message_may_come_in_fragments(self):
        data = deflated(json.dumps(find("deflated", 7)).encode())
        websocket = self.connect()
        websocket.send(frame(TEXT, data[:5], fin=False, rsv=COMPRESSED),
                       *[frame(CONTINUATION, data[i:i + 1], fin=False) for i in range(5, len(data))],
                       frame(CONTINUATION))
        self.assertEqual(websocket.answer()["ack"]["total"], 7)

    def test_who_does_not_offer_it_gets_none(self):
        websocket = self.connect(None)
        self.assertNotIn("sec-websocket-extensions", websocket.headers)
        websocket.send(frame(TEXT, echo("y" * 1000)))
        self.assertEqual(websocket.answer()["ref"], "y" * 1000)

    def test_offers_that_make_no_sense_are_not_taken_up(self):
        for offer in ("permessage-deflate; server_max_window_bits=7", "permessage-deflate; server_max_window_bits=16",
                      "permessage-deflate; client_max_window_bits=7", "permessage-deflate; unheard_of=1",
                      "permessage-bzip2", "x-webkit-deflate-frame", "permessage-deflate; server_max_window_bits=abc"):
            websocket = self.connect(offer)
            self.assertNotIn("sec-websocket-extensions", websocket.headers, offer)
            websocket.send(frame(TEXT, echo("y" * 1000)))
            self.assertEqual(websocket.answer()["ref"], "y" * 1000)

    # Goal: a small message can't make the server hold much. Method: a mebibyte that inflates to a thousand, whole and
    # in fragments, several times; the server closes, and has never held half of it.
    def test_a_bomb_closes_with_1009_while_it_is_inflated(self):
        data = bomb(1000 << 20)
        self.assertLess(len(data), 1 << 20)  # As it comes it is within the limit.
        for fragment in (len(data), 1000):
            for _ in range(3):
                websocket = self.connect()
                parts = [data[i:i + fragment] for i in range(0, len(data), fragment)]
                try:
                    for i, part in enumerate(parts):
                        websocket.send(frame(CONTINUATION if i else TEXT, part, fin=i == len(parts) - 1,
                                             rsv=0 if i else COMPRESSED))
                except OSError:
                    pass  # It has closed already.
                self.assertIn(websocket.ends_with(), (1009, ""))
        self.assertLess(self.memory_bytes(), 512 << 20)

    def test_just_within_the_limit_is_taken(self):
        websocket = self.connect()
        websocket.send(frame(TEXT, bomb(1 << 20), rsv=COMPRESSED))
        self.assertEqual(websocket.answer()["ack"]["code"], "too_large")  # One line, which is no event of that size.
        websocket.send(frame(TEXT, deflated(b" " * ((1 << 20) + 1)), rsv=COMPRESSED))
        self.assertEqual(websocket.ends_with(), 1009)

    def test_bytes_that_do_not_inflate_close(self):
        for data in (b"\x07\x00", b"\xff" * 100):  # A kind of block that there is not.
            websocket = self.connect()
            websocket.send(frame(TEXT, data, rsv=COMPRESSED))
            self.assertNotEqual(websocket.ends_with(), 1000)

    def test_the_bit_stands_on_the_first_frame_of_a_message_only(self):
        data = deflated(echo("x"))
        websocket = self.connect()
        websocket.send(frame(TEXT, data[:3], fin=False, rsv=COMPRESSED), frame(CONTINUATION, data[3:], rsv=COMPRESSED))
        self.assertEqual(websocket.ends_with(), 1002)


if __name__ == "__main__":
    unittest.main()
