# Types for Cython.

cpdef long long day_of(instant) except? -1
cpdef long long week_of(instant) except? -1
