# Types for Cython.

cdef class Field:
    cdef public bint optional
    cpdef read(self, value)


cdef class Text(Field):
    cdef public Py_ssize_t bytes_max


cdef class Word(Field):
    cdef public frozenset words


cdef class Int(Field):
    cdef public long long least, most


cdef class Double(Field):
    cdef public double least, most


cdef class Bool(Field):
    pass


cpdef dict without_repeats(list pairs)
cpdef dict parse(line)
cpdef bint name_fault(value) except -1
cpdef instant(value)
cpdef read_instant(dict event, str member)
cpdef check_envelope(dict event)
cpdef dict decode(line)
cpdef dict check(dict event)
