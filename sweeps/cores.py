"""Which cores of the machine this process may use; how many trials a GPU is given at once."""

import os

GPU_COHORT = 64


def cores() -> list[int]:
    """Their numbers, rising; all of the machine's where the system does not say."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))
