"""What is remembered: of the hunt, and of a player: scalars, sets that may be full, the times of the latest finds.

Uncompiled this is Python as it stands; compiled by Cython, player.pxd gives the attributes their types.
"""

from . import times

NEVER = -1_000_000  # A day and a week before every event.

FOUND_MAX = 4096
CHECKPOINTS_MAX = 1024
CHESTS_MAX = 1024
CLUES_MAX = 4096
PUZZLES_MAX = 4096
FRIENDS_MAX = 256
PARTNERS_MAX = 64
RECENT_MAX = 16
RECENT_SPAN = 5 * times.MINUTE


class Hunt:
    """What is remembered beside players: how often treasures were found, and of teams finds and members."""

    def __init__(self):
        self.finders = {}
        self.team_finds = {}
        self.team_members = {}


class Scalars:
    """The part of a player that one assignment each puts back when an event fails half-way."""

    def __init__(self):
        self.total = 0
        self.team = ""
        self.region = ""
        self.finds = 0
        self.finds_today = 0
        self.finds_today_day = NEVER
        self.streak = 0
        self.last_find = 0
        self.full_set = False
        self.lat = 0.0
        self.lon = 0.0
        self.fix_at = 0
        self.has_fix = False
        self.walked_today = 0.0
        self.walked_today_day = NEVER
        self.paid_km = 0
        self.paid_km_day = NEVER
        self.puzzle_run = 0
        self.double_from = 0
        self.double_until = 0
        self.shield_until = 0
        self.frozen_from = 0
        self.frozen_until = 0
        self.strikes = 0
        self.strikes_week = NEVER
        self.logins = 0
        self.logged_in = False
        self.logged_in_day = NEVER
        self.hints_today = 0
        self.hints_today_day = NEVER
        self.at_match = False
        self.on_roster = False
        # What capped rules have paid, and when rules with a cooldown last fired.
        self.kilometres_paid = 0
        self.kilometres_paid_day = NEVER
        self.photos_paid = 0
        self.photos_paid_day = NEVER
        self.trades_paid = 0
        self.trades_paid_day = NEVER
        self.invites_paid = 0
        self.rapid_hunter_at = None
        self.power_up_at = None

    def copy(self, other):
        """Takes over every scalar of `other`."""
        self.total = other.total
        self.team = other.team
        self.region = other.region
        self.finds = other.finds
        self.finds_today = other.finds_today
        self.finds_today_day = other.finds_today_day
        self.streak = other.streak
        self.last_find = other.last_find
        self.full_set = other.full_set
        self.lat = other.lat
        self.lon = other.lon
        self.fix_at = other.fix_at
        self.has_fix = other.has_fix
        self.walked_today = other.walked_today
        self.walked_today_day = other.walked_today_day
        self.paid_km = other.paid_km
        self.paid_km_day = other.paid_km_day
        self.puzzle_run = other.puzzle_run
        self.double_from = other.double_from
        self.double_until = other.double_until
        self.shield_until = other.shield_until
        self.frozen_from = other.frozen_from
        self.frozen_until = other.frozen_until
        self.strikes = other.strikes
        self.strikes_week = other.strikes_week
        self.logins = other.logins
        self.logged_in = other.logged_in
        self.logged_in_day = other.logged_in_day
        self.hints_today = other.hints_today
        self.hints_today_day = other.hints_today_day
        self.at_match = other.at_match
        self.on_roster = other.on_roster
        self.kilometres_paid = other.kilometres_paid
        self.kilometres_paid_day = other.kilometres_paid_day
        self.photos_paid = other.photos_paid
        self.photos_paid_day = other.photos_paid_day
        self.trades_paid = other.trades_paid
        self.trades_paid_day = other.trades_paid_day
        self.invites_paid = other.invites_paid
        self.rapid_hunter_at = other.rapid_hunter_at
        self.power_up_at = other.power_up_at


class Player(Scalars):
    def __init__(self, name):
        Scalars.__init__(self)
        self.name = name
        self.found = set()
        self.rarities = set()
        self.recent = []        # In order of time, at most RECENT_MAX.
        self.checkpoints = set()
        self.chests = set()
        self.clues = set()
        self.puzzles = set()
        self.friends = set()
        self.partners = {}      # A dict, because it remembers the order: the first goes when it is full.
        self.accepted = {}      # id -> (arrival, points) of accepted events, oldest first: see game.py.
