"""What Ada does in the demo: a player's hunt, one event after the other."""

import itertools

RARITIES = ("common", "rare", "epic", "legendary")


def events():
    """Ada's events, without end. She walks through Munich a metre at a time, and finds more than most."""
    yield {"type": "session_started", "platform": "web", "region": "r07"}
    yield {"type": "team_joined", "team": "foxes"}
    yield {"type": "ticket_scanned", "gate": "north", "seat": "12-34"}
    for n in itertools.count():
        place = {"lat": round(48.1372 + n * 0.00001, 7), "lon": 11.5755, "accuracy": 8.0}
        yield {"type": "location_ping", **place}
        yield {"type": "treasure_found", "treasure": f"ada-{n % 4000}", "rarity": RARITIES[n % 4],
               "value": 200 + 37 * n % 250, **place}
        yield {"type": "clue_solved", "clue": f"ada-{n % 4000}", "difficulty": 1 + n % 5, "seconds": 30 + n % 40,
               "hints": n % 2}
        yield {"type": "puzzle_attempt", "puzzle": f"ada-{n % 4000}", "correct": n % 3 != 0, "difficulty": 1 + n % 5}
        yield {"type": "photo_submitted", "photo": f"ada-{n}", "checkpoint": "old-town", "votes": 90 * n % 900}
