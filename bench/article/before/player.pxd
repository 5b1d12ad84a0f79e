# Types of the players' attributes for Cython. Instants are Python's integers: the years 1 to 9999 in nanoseconds are more
# than 64 bits.

cdef class Hunt:
    cdef public dict finders, team_finds, team_members


cdef class Scalars:
    cdef public long long total, finds, finds_today, finds_today_day, streak, walked_today_day, paid_km, paid_km_day
    cdef public long long puzzle_run, strikes, strikes_week, logins, logged_in_day, hints_today, hints_today_day
    cdef public long long kilometres_paid, kilometres_paid_day, photos_paid, photos_paid_day, trades_paid
    cdef public long long trades_paid_day, invites_paid
    cdef public bint full_set, has_fix, logged_in, at_match, on_roster
    cdef public double lat, lon, walked_today
    cdef public str team, region
    cdef public object last_find, fix_at, double_from, double_until, shield_until, frozen_from, frozen_until
    cdef public object rapid_hunter_at, power_up_at
    cpdef copy(self, Scalars other)


cdef class Player(Scalars):
    cdef public str name
    cdef public set found, rarities, checkpoints, chests, clues, puzzles, friends
    cdef public list recent
    cdef public dict partners, accepted
