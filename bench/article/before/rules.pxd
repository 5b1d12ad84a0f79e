# Types for Cython: what a turn is made of, so that rules reach a player's attributes without a dictionary.

from .player cimport Hunt, Player
from .times cimport day_of, week_of


cdef class Turn:
    cdef public object now
    cdef public Hunt hunt
    cdef public Player player
    cdef public dict event
    cdef public long long day, points
    cdef public double distance_walked
    cdef public list notices, undo
    cpdef double distance(self) except -1.0


cpdef double distance(double lat_1, double lon_1, double lat_2, double lon_2) except -1.0
cpdef add(Turn turn, set members, str member, Py_ssize_t most)
cpdef long long count(Turn turn, dict counts, str key) except -1
cpdef long long finds_today(Turn turn) except -1
cpdef double walked_today(Turn turn) except -1.0
cpdef frozen_out(Turn turn)
cpdef find_again(Turn turn)
cpdef checkpoint_again(Turn turn)
cpdef clue_again(Turn turn)
cpdef chest_again(Turn turn)
cpdef puzzle_again(Turn turn)
cpdef invite_again(Turn turn)
cpdef self_dealing(Turn turn)
cpdef impossible_travel(Turn turn)
cpdef login_run(Turn turn)
cpdef daily_login(Turn turn)
cpdef home_region(Turn turn)
cpdef join_team(Turn turn)
cpdef team_roster(Turn turn)
cpdef ticket(Turn turn)
cpdef find_base(Turn turn)
cpdef first_finder(Turn turn)
cpdef treasure_ledger(Turn turn)
cpdef find_streak(Turn turn)
cpdef streak_bonus(Turn turn)
cpdef rapid_hunter(Turn turn)
cpdef daily_first(Turn turn)
cpdef find_counters(Turn turn)
cpdef collector(Turn turn)
cpdef full_set(Turn turn)
cpdef team_find(Turn turn)
cpdef team_century(Turn turn)
cpdef chest_base(Turn turn)
cpdef chest_speed(Turn turn)
cpdef checkpoint_base(Turn turn)
cpdef checkpoint_tour(Turn turn)
cpdef walk_distance(Turn turn)
cpdef walk_kilometre(Turn turn)
cpdef position_fix(Turn turn)
cpdef clue_base(Turn turn)
cpdef clue_unaided(Turn turn)
cpdef clue_hint_cost(Turn turn)
cpdef hint_cost(Turn turn)
cpdef puzzle_points(Turn turn)
cpdef puzzle_miss(Turn turn)
cpdef photo_points(Turn turn)
cpdef prediction_right(Turn turn)
cpdef power_up(Turn turn)
cpdef trade_points(Turn turn)
cpdef invite_points(Turn turn)
cpdef foul(Turn turn)
cpdef boosts(Turn turn)
