"""What a run took: resident memory, and bytes allocated where library/count_allocations.c counts them."""

import ctypes


def resident_mib():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096 / 2**20


def allocated_bytes():
    """As count_allocations.c has counted; None without it."""
    counted = getattr(ctypes.CDLL(None), "allocated_bytes", None)
    if counted is None:
        return None
    counted.restype = ctypes.c_uint64
    return counted()
