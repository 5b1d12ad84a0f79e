# Types for Cython.

from .events cimport check, decode, read_instant
from .player cimport Hunt, Player, Scalars
from .rules cimport Turn


cdef class Outcome:
    cdef public str code, field, rule, message
    cdef public dict event
    cdef public Player player
    cdef public object now, fired, notices
    cdef public long long points, total


cdef class Game:
    cdef public dict players
    cdef public Hunt hunt
    cdef public object arrival
    cdef public Scalars before
    cpdef Outcome score(self, dict message, object arrival)
    cpdef Outcome score_recorded(self, bytes line)
    cpdef Outcome play(self, dict event)
    cpdef remember(self, dict accepted, str identity, long long points)
    cpdef Outcome apply(self, dict event, Player player, object now)
