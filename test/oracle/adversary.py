"""Events on the edges that the standard load hardly touches: midnight and clock changes in Berlin, events a day late,
full sets, forgotten ids, the ends of time, and lines that are almost JSON. The same seed gives the same bytes.
"""

import datetime
import json
import random
import string

TREASURES, CLUES, CHECKPOINTS = 40, 40, 60
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000

# Where days, weeks or rules begin or end, in UTC; nights when the clocks change among them.
EDGES = ["2026-03-28T23:00:00", "2026-03-29T01:00:00", "2026-03-29T22:00:00", "2026-07-19T18:00:00",
         "2026-07-19T19:00:00", "2026-07-19T21:00:00", "2026-07-19T22:00:00", "2026-10-24T22:00:00",
         "2026-10-25T00:00:00", "2026-10-25T01:00:00", "2026-10-25T23:00:00", "2026-12-31T23:00:00",
         "2028-02-28T23:00:00"]


def milliseconds(text):
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc).timestamp() * 1000)


def written(draw, instant):
    """A `ts` for this instant: milliseconds, or RFC 3339 with this or that offset and precision."""
    if draw.random() < 0.7:
        return instant
    offset = draw.choice([0, 0, 60, 120, -330, 1439, -1439])
    local = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=instant + offset * MINUTE)
    text = local.strftime("%m-%d" + draw.choice("Tt") + "%H:%M:%S")
    fraction = f"{local.microsecond:06d}" + draw.choice(["", "0", "001", "999", "0009", "123456"])
    hours, minutes = divmod(abs(offset), 60)
    zone = f"{'+' if offset > 0 else '-'}{hours:02d}:{minutes:02d}" if offset else draw.choice("Zz")
    return f"{local.year:04d}-{text}.{fraction}{zone}"


def place(draw):
    return {"lat": 48.1 + draw.choice([0, 0, 0.0005, 0.005, 0.05]), "lon": 11.5 + draw.choice([0, 0.0007, 0.01]),
            "accuracy": draw.choice([0, 3, 12.5, 50, 50.0, 50.001, 100, 10_000])}


def body(draw, kind, player, players):
    """The fields of an event of this type."""
    name = draw.choice(players)
    return {
        "session_started": lambda: {"platform": draw.choice(["ios", "android", "web"]),
                                    **({"region": draw.choice(["north", "süd", "w"])} if draw.random() < 0.5 else {})},
        "team_joined": lambda: {"team": draw.choice(["red", "blue", "grün", player])},
        "ticket_scanned": lambda: {"gate": "g", "seat": "s"},
        "location_ping": lambda: place(draw),
        "checkpoint_reached": lambda: {"checkpoint": f"c{draw.randrange(CHECKPOINTS)}", **place(draw)},
        "treasure_found": lambda: {"treasure": f"t{draw.randrange(TREASURES)}",
                                   "rarity": draw.choice(["common", "rare", "epic", "legendary"]),
                                   "value": draw.choice([0, 0, 1, 7, 10_000, 250]), **place(draw)},
        "chest_opened": lambda: {"chest": f"h{draw.randrange(80)}", "locks": draw.randint(1, 10),
                                 "seconds": draw.choice([0, 19, 20, 21, 199, 200, draw.randrange(400)])},
        "clue_solved": lambda: {"clue": f"q{draw.randrange(CLUES)}", "difficulty": draw.randint(1, 5),
                                "seconds": draw.choice([0, 60, 61, 300, 301, draw.randrange(400)]),
                                "hints": draw.choice([0, 0, 1, 4, 10])},
        "hint_used": lambda: {"clue": f"q{draw.randrange(CLUES)}"},
        "puzzle_attempt": lambda: {"puzzle": f"z{draw.randrange(60)}", "correct": draw.random() < 0.6,
                                   "difficulty": draw.randint(1, 5)},
        "photo_submitted": lambda: {"photo": "f", "checkpoint": "c",
                                    "votes": draw.choice([0, 9, 10, 849, 850, 999_999])},
        "prediction_settled": lambda: {"correct": draw.random() < 0.5,
                                       "minute_error": draw.choice([0, 9, 10, 11, 120])},
        "power_up_used": lambda: {"kind": draw.choice(["double_points", "shield", "radar"])},
        "trade_completed": lambda: {"partner": draw.choice([name, f"x{draw.randrange(90)}"]), "item": "i",
                                    "value": draw.choice([0, 1, 500])},
        "invite_accepted": lambda: {"friend": draw.choice([name, f"x{draw.randrange(400)}"])},
        "foul_reported": lambda: {"severity": draw.randint(1, 3), "upheld": draw.random() < 0.7},
    }[kind]()


KINDS = {"session_started": 10, "team_joined": 3, "ticket_scanned": 1, "location_ping": 20, "checkpoint_reached": 10,
         "treasure_found": 25, "chest_opened": 6, "clue_solved": 6, "hint_used": 5, "puzzle_attempt": 6,
         "photo_submitted": 5, "prediction_settled": 2, "power_up_used": 4, "trade_completed": 6, "invite_accepted": 6,
         "foul_reported": 3}


def edges(seed, count, players=4, kinds=None):
    """Few players around one edge of time after another, out of order, up to a bit more than a day late."""
    draw, names = random.Random(seed), [f"p{number}" for number in range(players)] + ["ünï"]
    kinds = kinds or KINDS
    per_edge = max(1, count // len(EDGES))
    last = []
    for number in range(count):
        edge = milliseconds(EDGES[min(number // per_edge, len(EDGES) - 1)])
        if last and draw.random() < 0.02:
            yield draw.choice(last[-200:])
            continue
        instant = edge + draw.choice([
            0, -1, 1, draw.randrange(-2000, 2000), draw.randrange(-20 * MINUTE, 20 * MINUTE),
            draw.randrange(-3 * HOUR, 3 * HOUR), -DAY, 1 - DAY, -DAY - 1, draw.randrange(-25 * HOUR, 0)])
        player, kind = draw.choice(names), draw.choices(list(kinds), list(kinds.values()))[0]
        event = {"type": kind, "player": player, **body(draw, kind, player, names)}
        if draw.random() < 0.9:
            event["ts"] = written(draw, instant)
        if draw.random() < 0.9:
            event["id"] = f"e{number if draw.random() < 0.9 else draw.randrange(number // 2, number + 1)}"
        last.append(json.dumps(event, ensure_ascii=draw.random() < 0.5).encode())
        yield last[-1]


def ends_of_time(seed, count):
    """From before the epoch, in jumps, to the last nanosecond of 9999: durations and timestamps leave their range."""
    draw, names = random.Random(seed), ["ada", "bob"]
    stations = ["1969-12-30T23:59:59.999999999Z", "1969-12-31T00:00:00Z", "1969-12-31T23:59:59.5Z",
                "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000001Z", "1999-12-31T22:59:59Z",
                "2262-04-11T23:47:16.854775807Z", "2262-04-11T23:47:16.854775808Z", "2300-01-01T00:00:00Z",
                "2591-07-22T00:00:00Z", "9999-12-31T22:30:00Z", "9999-12-31T22:59:59.999999999Z",
                "9999-12-31T23:00:00Z", "9999-12-31T23:50:00Z", "9999-12-31T23:59:59.999999999Z",
                "0001-01-01T00:00:00Z",
                "0000-12-31T23:59:59-00:01", "0000-12-31T23:59:59Z", "9999-12-31T23:59:59-00:01"]
    for number in range(count):
        upto = 1 + number * len(stations) // count
        player, kind = draw.choice(names), draw.choices(list(KINDS), list(KINDS.values()))[0]
        event = {"type": kind, "player": player, **body(draw, kind, player, names),
                 "ts": draw.choice(stations[max(0, upto - 2):upto])}
        yield json.dumps(event).encode()


def arrivals(seed, count):
    """Lines that say when they arrived, as recorded ones do; events early, late and without a time of their own."""
    draw, names, clock = random.Random(seed), ["ada", "bob", "cyn"], milliseconds("2026-10-24T21:58:00")
    for number in range(count):
        clock += draw.choice([0, 1, 999, 60_000, draw.randrange(20 * MINUTE)])
        player, kind = draw.choice(names), draw.choices(list(KINDS), list(KINDS.values()))[0]
        event = {"at": written(draw, clock), "type": kind, "player": player, **body(draw, kind, player, names)}
        if draw.random() < 0.7:
            event["id"] = f"e{draw.randrange(max(0, number - 60), number + 1)}"
        if draw.random() < 0.6:
            event["ts"] = written(draw, clock + draw.choice([0, 5000, 5001, 4999, -DAY, -DAY - 1, -DAY + 1,
                                                             draw.randrange(-HOUR, 6000)]))
        yield json.dumps(event).encode()


def clockwork(seed, count):
    """Two players whose events are minutes apart, so that what lasts ten minutes or an hour ends exactly then; and
    with so much that is new that sums, caps and round numbers are reached."""
    draw, names, clock = random.Random(seed), ["ada"] * 4 + ["bob"], milliseconds("2026-07-16T18:00:00")
    kinds = {**KINDS, "treasure_found": 40, "power_up_used": 15, "foul_reported": 15}
    for number in range(count):
        calm = number // 200 % 2 == 0  # Long streaks of finds in turn with a clock that jumps.
        clock += 0 if calm else draw.choice([0, MINUTE, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE])
        clock += draw.choice([0] * 80 + [20 * HOUR, -1, 1, HOUR])
        player, kind = draw.choice(names), draw.choices(list(kinds), list(kinds.values()))[0]
        event = {"type": kind, "player": player, **body(draw, kind, player, names), "ts": clock}
        for field in ("treasure", "chest", "clue", "puzzle", "checkpoint"):
            if field in event:
                event[field] = f"{field[0]}{draw.randrange(3000)}"
        if "lat" in event:  # Steps of 1 m to 90 km, so that some are just too fast.
            event["lat"] = 48.1 + draw.choice([0, 0.00001, 0.001, 0.01, 0.0375, 0.0379, 0.8])
        if kind == "foul_reported":
            event["upheld"] = draw.random() < 0.3
        yield json.dumps(event).encode()


def crowd(seed, count):
    """More players than the board of the fastest clues keeps, with few times between them: who came first decides."""
    draw = random.Random(seed)
    for number in range(count):
        yield json.dumps({"type": "clue_solved", "player": f"p{draw.randrange(2500)}",
                          "clue": f"q{draw.randrange(5000)}", "difficulty": 1,
                          "seconds": draw.randrange(40), "hints": draw.choice([0, 0, 0, 1]),
                          "ts": milliseconds("2026-07-18T18:00:00") + number}).encode()


def full_sets(seed, count):
    """Two players, of whom one finds, opens and invites until nothing more fits, and trades with more than fit."""
    draw = random.Random(seed)
    for number in range(count):
        player, kind = draw.choice(["ada"] * 9 + ["bob"]), draw.choice(
            ["treasure_found", "chest_opened", "clue_solved", "checkpoint_reached", "puzzle_attempt", "invite_accepted",
             "trade_completed"])
        event = {"type": kind, "player": player, **body(draw, kind, player, ["ada"]),
                 "ts": milliseconds("2026-07-19T18:50:00") + number * 500}
        for field, most in (("treasure", 6000), ("chest", 3000), ("clue", 6000), ("checkpoint", 3000),
                            ("puzzle", 6000), ("friend", 400), ("partner", 90)):
            if field in event:
                event[field] = f"{field[0]}{draw.randrange(most)}"
        if "accuracy" in event:
            event["accuracy"] = 60
        yield json.dumps(event).encode()


# As `ts` it would be the arrival time from then on, and every later event out of time. For the same reason no digit is
# changed below.
LATEST = "253402300799999"
VALUES = [
    "null", "true", "false", "0", "-0", "1", "1.0", "1e2", "1E+2", "-1", "9223372036854775807",
    "9223372036854775808", "-9223372036854775809", "1" * 400, "1e400", "1e-400", "-1e400", "0.5", "01", "+1", ".5",
    "1.", "0x10", "NaN", "Infinity", "\"\"", "\"ada\"", "\"a\\u0000b\"", "\"a\\u007fb\"", "\"\\u0085\"",
    "\"\\u00a0\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"\\ude00\\ud83d\"", "\"\\uD83Dx\"", "\"\\x41\"",
    "\"" + "x" * 64 + "\"", "\"" + "x" * 65 + "\"", "\"" + "x" * 128 + "\"", "\"" + "x" * 129 + "\"",
    "\"" + "é" * 32 + "\"", "\"" + "é" * 33 + "\"", "\"" + "é" * 64 + "\"", "\"" + "é" * 65 + "\"", "\"\u007f\"",
    "\"\u0085\"", "\"\ufeff\"", "\"tab\there\"", "[]", "{}", "[1,2", "{\"a\":1,\"a\":2}", "[" * 31 + "]" * 31,
    "[" * 32 + "]" * 32, "[" * 2000 + "]" * 2000, "\"2026-07-19T18:00:00Z\"",
    "\"2026-07-19t18:00:00.123456789123z\"", "\"2026-07-19T18:00:60Z\"", "\"2026-07-19T24:00:00Z\"",
    "\"2026-02-29T18:00:00Z\"", "\"2024-02-29T18:00:00+23:59\"", "\"2026-07-19T18:00:00+24:00\"",
    "\"2026-07-19T18:00:00\"", "\"2026-07-19 18:00:00Z\"", "\"2026-07-19T18:00:00.Z\"", "\"2026-07-19T18:00Z\"",
    "\"2026-7-19T18:00:00Z\"", "\"2026-07-19T18:00:00-00:00\"", LATEST, "253402300800000", "-62135596800000",
    "-62135596800001", "\"ios\"", "\"legendary\"", "\"Legendary\"", "10000", "10001", "10000.5", "90", "90.000001",
    "-90", "180", "-180.1", "2", "3", "4", "5", "6", "120", "121", "86400", "86401",
]


def members(event):
    return [(json.dumps(name), json.dumps(value)) for name, value in event.items()]


def nearly_json(seed, count):
    """Valid events, then: a value replaced, a member dropped, repeated or misspelt, a byte changed, the end cut off."""
    draw, names = random.Random(seed), ["ada", "bob"]
    now = milliseconds("2026-07-19T18:00:00")
    for number in range(count):
        player, kind = draw.choice(names), draw.choices(list(KINDS), list(KINDS.values()))[0]
        event = {"type": kind, "player": player, "id": f"e{number}", "ts": now + number,
                 **body(draw, kind, player, names)}
        pairs = members(event)
        if draw.random() < 0.2:
            pairs.append(("\"ref\"", draw.choice(["\"r\"", "1", "null", "1.5", "[]", "true"])))
        if draw.random() < 0.2:
            pairs.append(("\"other\"", draw.choice(VALUES)))
        if draw.random() < 0.2:
            draw.shuffle(pairs)
        yield spoil(draw, pairs)


def spoil(draw, pairs):
    for _ in range(draw.choice([0, 1, 1, 2])):
        victim = draw.randrange(len(pairs))
        name, value = pairs[victim]
        what = draw.randrange(6)
        if what < 3:
            pairs[victim] = (name, draw.choice([other for other in VALUES if name != "\"ts\"" or other != LATEST]))
        elif what == 3 and len(pairs) > 1:
            del pairs[victim]
        elif what == 4:
            pairs.append((draw.choice([name, name[:-1] + "x\"", "\"\\u0074ype\""]), value))
        else:
            pairs[victim] = (draw.choice([name.replace("e", "\\u0065"), name.upper(), "\"\"", name]), value)
    blank = draw.choice(["", "", "", " ", "\t", " \r "])
    line = "{" + ",".join(f"{blank}{name}:{blank}{value}" for name, value in pairs) + "}"
    line = bytearray((line + draw.choice(["", "", " ", "\r"])).encode())
    how = draw.random()
    if how < 0.1:
        del line[draw.randrange(1, len(line)):]
    elif how < 0.25:
        others = [place for place, byte in enumerate(line) if not 48 <= byte < 58]
        line[draw.choice(others)] = draw.choice([draw.randrange(256), ord(draw.choice(string.punctuation))])
    elif how < 0.28:
        where = draw.randrange(len(line))
        line[where:where] = draw.choice([b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80",
                                         b"\xef\xbb\xbf", b",", b"}", b"{}"])
    elif how < 0.3:
        line += b" " * (16_384 - len(line) + draw.choice([-1, 0, 1]))
    return bytes(line).replace(b"\n", b" ")


KINDS_OF_TROUBLE = {"edges": edges, "ends_of_time": ends_of_time, "arrivals": arrivals, "clockwork": clockwork,
                    "crowd": crowd, "full_sets": full_sets, "nearly_json": nearly_json}
