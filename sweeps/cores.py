"""Which cores of the machine this process may use."""

import os


def cores() -> list[int]:
    """Their numbers, rising; all of the machine's where the system does not say."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))
