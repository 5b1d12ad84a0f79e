"""Bytes to an event, or why not: what the treasure hunt's events may hold, and the order of looking for faults.

    event = decode(b'{"type":"clue_solved","player":"ada", ...}')

An event is a dict of its members: `ts` in nanoseconds, doubles as floats, everything else as it came.
"""

import json
import re

from . import times

BYTES_MAX = 16_384
DEPTH_MAX = 32
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
SURROGATE = re.compile("[\ud800-\udfff]")
ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
OPENING = re.compile(r"[\[{]")
INT64 = 2**63


class Fault(Exception):
    """Why bytes are no event: a code, and the member to blame where there is one."""

    def __init__(self, code, field=None, event=None):
        super().__init__(code, field)
        self.code = code
        self.field = field
        self.event = event


class Field:
    """What a member may hold. `read` gives the value as rules see it, or None if it may not be that."""

    def __init__(self, optional):
        self.optional = optional

    def read(self, value):
        raise NotImplementedError


class Text(Field):
    def __init__(self, bytes_max=64, optional=False):
        Field.__init__(self, optional)
        self.bytes_max = bytes_max

    def read(self, value):
        if type(value) is str and value:
            if len(value) * 4 <= self.bytes_max or len(value.encode()) <= self.bytes_max:
                return value
        return None


class Word(Field):
    def __init__(self, *words):
        Field.__init__(self, False)
        self.words = frozenset(words)

    def read(self, value):
        return value if type(value) is str and value in self.words else None


class Int(Field):
    def __init__(self, least, most):
        Field.__init__(self, False)
        self.least = least
        self.most = most

    def read(self, value):
        return value if type(value) is int and self.least <= value <= self.most else None


class Double(Field):
    def __init__(self, least, most):
        Field.__init__(self, False)
        self.least = least
        self.most = most

    def read(self, value):
        if type(value) is int:
            try:
                value = float(value)
            except OverflowError:
                return None
        elif type(value) is not float:
            return None
        return value if self.least <= value <= self.most else None


class Bool(Field):
    def __init__(self):
        Field.__init__(self, False)

    def read(self, value):
        return value if type(value) is bool else None


PLACE = {"lat": Double(-90.0, 90.0), "lon": Double(-180.0, 180.0), "accuracy": Double(0.0, 10_000.0)}

FIELDS = {
    "session_started": {"platform": Word("ios", "android", "web"), "region": Text(optional=True)},
    "team_joined": {"team": Text()},
    "ticket_scanned": {"gate": Text(), "seat": Text()},
    "location_ping": PLACE,
    "checkpoint_reached": {"checkpoint": Text(), **PLACE},
    "treasure_found": {"treasure": Text(), "rarity": Word("common", "rare", "epic", "legendary"),
                       "value": Int(0, 10_000), **PLACE},
    "chest_opened": {"chest": Text(), "locks": Int(1, 10), "seconds": Int(0, 86_400)},
    "clue_solved": {"clue": Text(), "difficulty": Int(1, 5), "seconds": Int(0, 86_400), "hints": Int(0, 10)},
    "hint_used": {"clue": Text()},
    "puzzle_attempt": {"puzzle": Text(), "correct": Bool(), "difficulty": Int(1, 5)},
    "photo_submitted": {"photo": Text(), "checkpoint": Text(), "votes": Int(0, 1_000_000)},
    "prediction_settled": {"correct": Bool(), "minute_error": Int(0, 120)},
    "power_up_used": {"kind": Word("double_points", "shield", "radar")},
    "trade_completed": {"partner": Text(128), "item": Text(), "value": Int(0, 10_000)},
    "invite_accepted": {"friend": Text(128)},
    "foul_reported": {"severity": Int(1, 3), "upheld": Bool()},
}
FIELD_LISTS = {name: [(field, kind, kind.optional) for field, kind in fields.items()]
               for name, fields in FIELDS.items()}


def no_constant(_):
    """Python's parser knows NaN and Infinity; JSON does not."""
    raise Fault("malformed")


def without_repeats(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Fault("malformed")
    return members


def large_int(digits):
    """Python refuses to read a number of thousands of digits; here it is just out of every bound."""
    return int(digits) if len(digits) < 1000 else INT64 * INT64 ** 16


# The scanners beneath the decoder: its `decode` looks for blanks with regular expressions, which costs as much again.
SCAN = json.JSONDecoder(object_pairs_hook=without_repeats, parse_constant=no_constant).scan_once
SCAN_LARGE = json.JSONDecoder(object_pairs_hook=without_repeats, parse_constant=no_constant,
                              parse_int=large_int).scan_once
BLANKS = " \t\r\n"


def check_deeply(value, level):
    """No level below the 32nd, and no half of a surrogate pair anywhere."""
    if type(value) is str:
        if SURROGATE.search(value):
            raise Fault("malformed")
    elif type(value) is dict:
        if level > DEPTH_MAX:
            raise Fault("malformed")
        for name, member in value.items():
            check_deeply(name, level)
            check_deeply(member, level + 1)
    elif type(value) is list:
        if level > DEPTH_MAX:
            raise Fault("malformed")
        for member in value:
            check_deeply(member, level + 1)


def parse(line):
    """The JSON object in these bytes, or in the text of a frame. Raises a Fault."""
    if len(line) * 4 > BYTES_MAX and len(line.encode() if type(line) is str else line) > BYTES_MAX:
        raise Fault("too_large")
    try:
        text = (line if type(line) is str else line.decode()).strip(BLANKS)
        try:
            message, end = SCAN(text, 0)
        except json.JSONDecodeError:
            raise
        except ValueError:
            message, end = SCAN_LARGE(text, 0)
    except (ValueError, RecursionError, StopIteration):
        raise Fault("malformed") from None
    if type(message) is not dict or end != len(text):
        raise Fault("malformed")
    if "\\u" in text and ESCAPED_SURROGATE.search(text) or len(OPENING.findall(text)) > DEPTH_MAX:
        check_deeply(message, 1)
    return message


def name_fault(value):
    """Whether this is no name of a player or event."""
    if type(value) is not str or not value or CONTROL.search(value):
        return True
    return len(value) > 32 and len(value.encode()) > 128


def instant(value):
    if type(value) is int:
        nanoseconds = value * times.MILLISECOND
        return nanoseconds if times.EARLIEST <= nanoseconds <= times.LATEST else None
    return times.parse(value) if type(value) is str else None


def read_instant(event, member):
    if member in event:
        event[member] = instant(event[member])
        if event[member] is None:
            raise Fault("invalid_field", member, event)


def check_envelope(event):
    kind = event.get("type")
    if type(kind) is not str:
        raise Fault("invalid_field" if "type" in event else "missing_field", "type", event)
    if kind not in FIELD_LISTS:
        raise Fault("unknown_type", "type", event)
    player = event.get("player")
    if name_fault(player):
        raise Fault("invalid_field" if "player" in event else "missing_field", "player", event)
    if "id" in event and name_fault(event["id"]):
        raise Fault("invalid_field", "id", event)
    read_instant(event, "ts")
    ref = event.get("ref", "")
    if type(ref) is not str and not (type(ref) is int and -INT64 <= ref < INT64):
        raise Fault("invalid_field", "ref", event)


def decode(line):
    """The event in these bytes. Raises a Fault; one that has `event` knows the envelope as far as it was right."""
    return check(parse(line))


def check(event):
    """The event that this message is, checked in the order that decides which fault is told."""
    check_envelope(event)
    for field, kind, optional in FIELD_LISTS[event["type"]]:
        if field in event:
            value = kind.read(event[field])
            if value is None:
                raise Fault("invalid_field", field, event)
            event[field] = value
        elif not optional:
            raise Fault("missing_field", field, event)
    return event
