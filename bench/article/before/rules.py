"""The 47 rules of the treasure hunt, each a function of a turn: the event, its time, the player, what it earned so far.

A rule in REJECTS says why the event ends here, or None. A rule in RULES says what it pays, or None if it is passed
over. What fails raises Failure, and game.py puts everything back. The names are those of the functions, with dashes.
"""

from math import asin, cos, radians, sin, sqrt

from .player import (CHECKPOINTS_MAX, CHESTS_MAX, CLUES_MAX, FOUND_MAX, FRIENDS_MAX, PARTNERS_MAX, PUZZLES_MAX,
                     RECENT_MAX, RECENT_SPAN)
from .times import HOUR, LATEST, LONGEST, MINUTE, SECOND, day_of, parse, text_of, week_of

EARTH_RADIUS = 6_371_008.8
STREAK_GAP = 10 * MINUTE
KICK_OFF = parse("2026-07-19T19:00:00Z")
FULL_TIME = parse("2026-07-19T21:00:00Z")
RARITY_FACTOR = {"common": 1, "rare": 2, "epic": 5, "legendary": 10}


class Failure(Exception):
    """A rule could not be evaluated: a full set, a time out of range."""


class Turn:
    """One event on its way through the rules."""

    def __init__(self, hunt, player, event, now):
        self.hunt = hunt
        self.player = player
        self.event = event
        self.now = now
        self.day = day_of(now)
        self.points = 0
        self.distance_walked = -1.0
        self.notices = []
        self.undo = []  # (function, its arguments), to be called from last to first.

    def distance(self):
        """Metres from the player's last good position to the event's. The position is written after all who ask."""
        if self.distance_walked < 0.0:
            player, event = self.player, self.event
            self.distance_walked = distance(player.lat, player.lon, event["lat"], event["lon"])
        return self.distance_walked


def distance(lat_1, lon_1, lat_2, lon_2):
    phi_1 = radians(lat_1)
    phi_2 = radians(lat_2)
    across = sin((phi_2 - phi_1) / 2)
    along = sin((radians(lon_2) - radians(lon_1)) / 2)
    root = sqrt(across * across + cos(phi_1) * cos(phi_2) * along * along)
    return 2 * EARTH_RADIUS * asin(root if root < 1.0 else 1.0)


def between(earlier, later):
    """later - earlier, as a duration, which has 64 bits."""
    length = later - earlier
    if length > LONGEST:
        raise Failure("duration out of range")
    return length


def after(instant, length):
    if instant + length > LATEST:
        raise Failure("timestamp out of range")
    return instant + length


def add(turn, members, member, most):
    """Adds to a set that may be full."""
    if member not in members:
        if len(members) >= most:
            raise Failure("the set is full")
        members.add(member)
        turn.undo.append((members.discard, (member,)))


def count(turn, counts, key):
    """Adds one to what is counted under a key, and says what it is then."""
    before = counts.get(key, 0)
    counts[key] = before + 1
    turn.undo.append((counts.__setitem__, (key, before)))
    return before + 1


# Who may not play on.

def frozen_out(turn):
    player = turn.player
    if player.frozen_from <= turn.now < player.frozen_until:
        return "frozen until " + text_of(player.frozen_until)
    return None


def find_again(turn):
    return "treasure already found" if turn.event["treasure"] in turn.player.found else None


def checkpoint_again(turn):
    return "checkpoint already reached" if turn.event["checkpoint"] in turn.player.checkpoints else None


def clue_again(turn):
    return "clue already solved" if turn.event["clue"] in turn.player.clues else None


def chest_again(turn):
    return "chest already opened" if turn.event["chest"] in turn.player.chests else None


def puzzle_again(turn):
    return "puzzle already solved" if turn.event["puzzle"] in turn.player.puzzles else None


def invite_again(turn):
    friend = turn.event["friend"]
    return "invited before" if friend == turn.event["player"] or friend in turn.player.friends else None


def self_dealing(turn):
    return "traded with oneself" if turn.event["partner"] == turn.event["player"] else None


def impossible_travel(turn):
    player = turn.player
    if player.has_fix and turn.event["accuracy"] <= 50.0 and turn.now > player.fix_at:
        seconds = between(player.fix_at, turn.now) // SECOND
        if turn.distance() / float(max(1, seconds)) > 70.0:
            return "too far in too short a time"
    return None


# Coming, and joining.

def login_run(turn):
    player = turn.player
    logged_in = player.logged_in and turn.day <= player.logged_in_day
    if logged_in or (player.logins + 1) % 7 != 0:
        return None
    turn.notices.append("Seven days of hunting")
    return 70


def daily_login(turn):
    player = turn.player
    if player.logged_in and turn.day <= player.logged_in_day:
        return None
    player.logins += 1
    player.logged_in = True
    player.logged_in_day = max(player.logged_in_day, turn.day)
    return 10


def home_region(turn):
    if "region" not in turn.event or turn.player.region != "":
        return None
    turn.player.region = turn.event["region"]
    return 0


def join_team(turn):
    if turn.player.team != "":
        return None
    turn.player.team = turn.event["team"]
    turn.notices.append("Welcome to " + turn.event["team"])
    return 25


def team_roster(turn):
    player = turn.player
    if player.team != turn.event["team"] or player.on_roster:
        return None
    count(turn, turn.hunt.team_members, player.team)
    player.on_roster = True
    return 0


def ticket(turn):
    if turn.player.at_match:
        return None
    turn.player.at_match = True
    return 150


# Finding.

def find_base(turn):
    return turn.event["value"] * RARITY_FACTOR[turn.event["rarity"]]


def first_finder(turn):
    treasure = turn.event["treasure"]
    if turn.hunt.finders.get(treasure, 0) != 0:
        return None
    turn.notices.append("First to find " + treasure)
    return 500


def treasure_ledger(turn):
    player, treasure = turn.player, turn.event["treasure"]
    add(turn, player.found, treasure, FOUND_MAX)
    add(turn, player.rarities, turn.event["rarity"], 4)
    count(turn, turn.hunt.finders, treasure)
    turn.undo.append((setattr, (player, "recent", player.recent)))
    recent = sorted(player.recent + [turn.now])
    player.recent = recent[1:] if len(recent) > RECENT_MAX else recent
    return 0


def find_streak(turn):
    player, now = turn.player, turn.now
    if now < player.last_find:
        return None
    player.streak = player.streak + 1 if between(player.last_find, now) <= STREAK_GAP else 1
    player.last_find = now
    return 0


def streak_bonus(turn):
    streak = turn.player.streak
    return 25 * min(streak, 10) if streak >= 3 else None


def rapid_hunter(turn):
    player, now = turn.player, turn.now
    finds = 0
    for time in player.recent:
        if now - RECENT_SPAN < time <= now:
            finds += 1
    if finds < 5 or (player.rapid_hunter_at is not None and now < player.rapid_hunter_at + 5 * MINUTE):
        return None
    player.rapid_hunter_at = now
    turn.notices.append("Five finds in five minutes")
    return 200


def finds_today(turn):
    player = turn.player
    return player.finds_today if turn.day <= player.finds_today_day else 0


def daily_first(turn):
    return 50 if finds_today(turn) == 0 else None


def find_counters(turn):
    player = turn.player
    player.finds_today = finds_today(turn) + 1
    player.finds_today_day = max(player.finds_today_day, turn.day)
    player.finds += 1
    return 0


def collector(turn):
    finds = turn.player.finds
    if finds not in (10, 50, 100, 500):
        return None
    turn.notices.append(f"{finds} treasures")
    return 10 * finds


def full_set(turn):
    player = turn.player
    if player.full_set or len(player.rarities) != 4:
        return None
    player.full_set = True
    return 400


def team_find(turn):
    team = turn.player.team
    if team == "":
        return None
    count(turn, turn.hunt.team_finds, team)
    return 0


def team_century(turn):
    team = turn.player.team
    if team == "":
        return None
    finds = turn.hunt.team_finds.get(team, 0)
    if finds % 100 != 0:
        return None
    turn.notices.append(f"{team} has found {finds}")
    return 1000


# Chests, checkpoints, walking.

def chest_base(turn):
    add(turn, turn.player.chests, turn.event["chest"], CHESTS_MAX)
    return 30 * turn.event["locks"]


def chest_speed(turn):
    spare = 20 * turn.event["locks"] - turn.event["seconds"]
    return spare // 2 if spare > 0 else None


def checkpoint_base(turn):
    add(turn, turn.player.checkpoints, turn.event["checkpoint"], CHECKPOINTS_MAX)
    return 40


def checkpoint_tour(turn):
    reached = len(turn.player.checkpoints)
    return 50 * reached if reached in (5, 10, 20, 50) else None


def walked_today(turn):
    player = turn.player
    return player.walked_today if turn.day <= player.walked_today_day else 0.0


def walk_distance(turn):
    player, accuracy = turn.player, turn.event["accuracy"]
    if not player.has_fix or accuracy > 50.0 or turn.now <= player.fix_at:
        return None
    metres = turn.distance()
    if metres <= accuracy:
        return None
    player.walked_today = walked_today(turn) + (metres if metres < 2000.0 else 2000.0)
    player.walked_today_day = max(player.walked_today_day, turn.day)
    return 0


def walk_kilometre(turn):
    player = turn.player
    paid_km = player.paid_km if turn.day <= player.paid_km_day else 0
    if walked_today(turn) < 1000.0 * float(paid_km + 1):
        return None
    player.paid_km = paid_km + 1
    player.paid_km_day = max(player.paid_km_day, turn.day)
    paid = player.kilometres_paid if turn.day <= player.kilometres_paid_day else 0
    pays = min(20, 200 - paid)
    player.kilometres_paid = paid + pays
    player.kilometres_paid_day = max(player.kilometres_paid_day, turn.day)
    return pays


def position_fix(turn):
    player, event = turn.player, turn.event
    if event["accuracy"] > 50.0 or turn.now < player.fix_at:
        return None
    player.lat = event["lat"]
    player.lon = event["lon"]
    player.fix_at = turn.now
    player.has_fix = True
    return 0


# Clues and puzzles.

def clue_base(turn):
    add(turn, turn.player.clues, turn.event["clue"], CLUES_MAX)
    return 20 * turn.event["difficulty"]


def clue_unaided(turn):
    difficulty = turn.event["difficulty"]
    if turn.event["hints"] != 0 or turn.event["seconds"] > 60 * difficulty:
        return None
    return 5 * difficulty * difficulty


def clue_hint_cost(turn):
    hints = turn.event["hints"]
    return -min(5 * hints, turn.points) if hints > 0 else None


def hint_cost(turn):
    player = turn.player
    hints = player.hints_today if turn.day <= player.hints_today_day else 0
    player.hints_today = hints + 1
    player.hints_today_day = max(player.hints_today_day, turn.day)
    return -10 if hints >= 3 else 0


def puzzle_points(turn):
    if not turn.event["correct"]:
        return None
    player = turn.player
    add(turn, player.puzzles, turn.event["puzzle"], PUZZLES_MAX)
    pays = 10 * turn.event["difficulty"] * min(player.puzzle_run + 1, 5)
    player.puzzle_run += 1
    return pays


def puzzle_miss(turn):
    if turn.event["correct"]:
        return None
    turn.player.puzzle_run = 0
    return -2


# Photos, predictions, powers, friends, fouls.

def photo_points(turn):
    player = turn.player
    paid = player.photos_paid if turn.day <= player.photos_paid_day else 0
    pays = min(15 + min(turn.event["votes"] // 10, 85), 300 - paid)
    player.photos_paid = paid + pays
    player.photos_paid_day = max(player.photos_paid_day, turn.day)
    return pays


def prediction_right(turn):
    if not turn.event["correct"]:
        return None
    turn.notices.append("You called it")
    return 100 - 5 * min(turn.event["minute_error"], 10)


def power_up(turn):
    player, now, kind = turn.player, turn.now, turn.event["kind"]
    if kind == "radar" or (player.power_up_at is not None and now < player.power_up_at + HOUR):
        return None
    if kind == "double_points":
        player.double_until = after(now, 10 * MINUTE)
        player.double_from = now
    if kind == "shield":
        player.shield_until = after(now, 30 * MINUTE)
    player.power_up_at = now
    return 0


def trade_points(turn):
    player, partner = turn.player, turn.event["partner"]
    if turn.event["value"] <= 0 or partner in player.partners:
        return None
    turn.undo.append((setattr, (player, "partners", dict(player.partners))))
    if len(player.partners) >= PARTNERS_MAX:
        del player.partners[next(iter(player.partners))]
    player.partners[partner] = None
    paid = player.trades_paid if turn.day <= player.trades_paid_day else 0
    pays = min(5, 25 - paid)
    player.trades_paid = paid + pays
    player.trades_paid_day = max(player.trades_paid_day, turn.day)
    return pays


def invite_points(turn):
    player = turn.player
    add(turn, player.friends, turn.event["friend"], FRIENDS_MAX)
    pays = min(100, 1000 - player.invites_paid)
    player.invites_paid += pays
    return pays


def foul(turn):
    player, now, severity = turn.player, turn.now, turn.event["severity"]
    if not turn.event["upheld"] or now < player.shield_until:
        return None
    strikes = (player.strikes if week_of(now) <= player.strikes_week else 0) + severity
    if strikes >= 3 and now >= player.frozen_from:
        player.frozen_until = after(now, HOUR)
        player.frozen_from = now
    player.strikes = strikes
    player.strikes_week = max(player.strikes_week, week_of(now))
    return -50 * severity


def boosts(turn):
    player, now, points = turn.player, turn.now, turn.points
    doubled = player.double_from <= now < player.double_until
    match = KICK_OFF <= now < FULL_TIME
    if points <= 0 or not (doubled or match):
        return None
    return (points if doubled else 0) + (points // 2 if match else 0)


PLACED = ("location_ping", "treasure_found", "checkpoint_reached")
PLAYED = PLACED + ("chest_opened", "clue_solved", "hint_used", "puzzle_attempt", "photo_submitted", "power_up_used",
                   "trade_completed", "invite_accepted")
FIND, CHEST, CHECKPOINT, CLUE = ("treasure_found",), ("chest_opened",), ("checkpoint_reached",), ("clue_solved",)
PUZZLE, SESSION, TEAM = ("puzzle_attempt",), ("session_started",), ("team_joined",)

REJECTS_IN_ORDER = (
    (frozen_out, PLAYED), (find_again, FIND), (checkpoint_again, CHECKPOINT), (clue_again, CLUE), (chest_again, CHEST),
    (puzzle_again, PUZZLE), (invite_again, ("invite_accepted",)), (self_dealing, ("trade_completed",)),
    (impossible_travel, PLACED))
RULES_IN_ORDER = (
    (login_run, SESSION), (daily_login, SESSION), (home_region, SESSION), (join_team, TEAM), (team_roster, TEAM),
    (ticket, ("ticket_scanned",)), (find_base, FIND), (first_finder, FIND), (treasure_ledger, FIND),
    (find_streak, FIND), (streak_bonus, FIND), (rapid_hunter, FIND), (daily_first, FIND), (find_counters, FIND),
    (collector, FIND), (full_set, FIND), (team_find, FIND), (team_century, FIND), (chest_base, CHEST),
    (chest_speed, CHEST), (checkpoint_base, CHECKPOINT), (checkpoint_tour, CHECKPOINT), (walk_distance, PLACED),
    (walk_kilometre, ("location_ping",)), (position_fix, PLACED), (clue_base, CLUE), (clue_unaided, CLUE),
    (clue_hint_cost, CLUE), (hint_cost, ("hint_used",)), (puzzle_points, PUZZLE), (puzzle_miss, PUZZLE),
    (photo_points, ("photo_submitted",)), (prediction_right, ("prediction_settled",)), (power_up, ("power_up_used",)),
    (trade_points, ("trade_completed",)), (invite_points, ("invite_accepted",)), (foul, ("foul_reported",)),
    (boosts, FIND + CHEST + CHECKPOINT + CLUE))


def by_type(rules):
    """For each type of event its rules, in order: {type: [(name, function)]}."""
    table = {}
    for rule, types in rules:
        for name in types:
            table.setdefault(name, []).append((rule.__name__.replace("_", "-"), rule))
    return table


REJECTS = by_type(REJECTS_IN_ORDER)
RULES = by_type(RULES_IN_ORDER)
