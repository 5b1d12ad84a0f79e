"""Scores an event through the plain foreign function interface of a language, here Python's ctypes: no binding needed.

    score_test.py libtallyho.so
"""

import ctypes
import sys
import unittest


def load(path):
    library = ctypes.CDLL(path)
    library.score_event.restype = ctypes.c_int
    library.score_event.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.POINTER(ctypes.c_int64), ctypes.c_char_p,
                                    ctypes.c_size_t]

    def score(event):
        """(code, points, error)"""
        points = ctypes.c_int64()
        error = ctypes.create_string_buffer(256)
        code = library.score_event(event, len(event), points, error, len(error))
        return code, points.value, error.value.decode()

    return score


class Scoring(unittest.TestCase):
    library = ""

    def test_a_chest_pays_once(self):
        score = load(self.library)
        chest = b'{"type":"chest_opened","player":"ada","chest":"attic","locks":3,"seconds":10}'
        self.assertEqual(score(chest), (0, 115, ""))
        self.assertEqual(score(chest), (8, 0, "rule 'chest-again': chest already opened"))
        self.assertEqual(score(b"{")[0], 1)


if __name__ == "__main__":
    Scoring.library = sys.argv.pop(1)
    unittest.main()
