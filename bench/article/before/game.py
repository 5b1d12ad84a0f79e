"""The order of things: dedupe, the clock, the rules, the total; and back to how it was if one of them fails.

    game = Game()
    outcome = game.score({"type": "session_started", "player": "ada", "platform": "web"}, arrival)
"""

from . import times
from .events import Fault, check, decode, read_instant
from .player import Hunt, Player, Scalars
from .rules import REJECTS, RULES, Failure, Turn

LATE = 24 * times.HOUR
EARLY = 5 * times.SECOND
REMEMBERED_FOR = 10 * times.MINUTE
REMEMBERED_MAX = 32
NONE = ()


class Outcome:
    """What one event did. `player` is the Player if it was scored, the name or None otherwise is in `event`."""

    def __init__(self, code, event, field=None, rule=None, message=None):
        self.code = code
        self.event = event
        self.field = field
        self.rule = rule
        self.message = message
        self.player = None
        self.points = 0
        self.total = 0
        self.now = 0
        self.fired = NONE
        self.notices = NONE


class Game:
    def __init__(self):
        self.players = {}
        self.hunt = Hunt()
        self.arrival = 0         # The greatest so far.
        self.before = Scalars()  # A player as it was before the event.

    def score(self, message, arrival):
        """Scores a message that arrived now, and is an event, if it is right."""
        try:
            event = check(message)
        except Fault as fault:
            return Outcome(fault.code, fault.event, fault.field)
        self.arrival = max(self.arrival, arrival)
        return self.play(event)

    def score_recorded(self, line):
        """Scores a line of a file: it arrived `at`, or else when the latest event so far happened."""
        try:
            event = decode(line)
            read_instant(event, "at")
        except Fault as fault:
            return Outcome(fault.code, fault.event, fault.field)
        arrival = event.get("at", event.get("ts", self.arrival))
        self.arrival = max(self.arrival, arrival)
        return self.play(event)

    def play(self, event):
        name, identity = event["player"], event.get("id")
        player = self.players.get(name)
        if player is not None and identity is not None and identity in player.accepted:
            arrival, points = player.accepted[identity]
            if self.arrival - arrival < REMEMBERED_FOR:
                outcome = Outcome("duplicate", event)
                outcome.points, outcome.total = points, player.total
                return outcome
        now = event.get("ts", self.arrival)
        if now < self.arrival - LATE or now > self.arrival + EARLY:
            return Outcome("out_of_time", event, "ts")
        outcome = self.apply(event, player or Player(name), now)
        if outcome.code == "ok":
            self.players[name] = outcome.player
            if identity is not None:
                self.remember(outcome.player.accepted, identity, outcome.points)
        return outcome

    def remember(self, accepted, identity, points):
        accepted.pop(identity, None)
        accepted[identity] = (self.arrival, points)
        if len(accepted) > REMEMBERED_MAX:
            del accepted[next(iter(accepted))]

    def apply(self, event, player, now):
        """The rules, in order, all or nothing."""
        turn, kind, name = Turn(self.hunt, player, event, now), event["type"], ""
        self.before.copy(player)
        try:
            for name, reject in REJECTS.get(kind, NONE):
                text = reject(turn)
                if text is not None:
                    return Outcome("rejected", event, None, name, text)
            fired = []
            for name, rule in RULES[kind]:
                pays = rule(turn)
                if pays is not None:
                    turn.points += pays
                    fired.append((name, pays))
        except Failure as failure:
            player.copy(self.before)
            for function, arguments in reversed(turn.undo):
                function(*arguments)
            return Outcome("rule_error", event, None, name, str(failure))
        outcome = Outcome("ok", event)
        total = max(player.total + turn.points, 0)
        outcome.points, outcome.total, outcome.now = total - player.total, total, now
        player.total = total
        outcome.player, outcome.fired, outcome.notices = player, fired, turn.notices
        return outcome
