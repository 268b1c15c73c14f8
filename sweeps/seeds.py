"""Which seed a trial has. Studies, stages and the alias have ranges of their own, so that no two can collide.

    study s          1,000,000 s + 0 ... 999,999, in all below 2**32
      search           0 ...  99,999 and, for the settings after these, 200,000 ... 399,999
      confirm    100,000 ... 199,999
      choose     400,000 ... 499,999
      the alias        the same, from 500,000 on

All other cells share their seeds, so that comparisons are paired.
"""

from sweeps.errors import InputError

PER_STUDY = 1_000_000
MOST_STUDIES = 4000  # the largest seed of a study
ALIAS = 500_000
RANGES = {
    "search": (range(100_000), range(200_000, 400_000)),
    "choose": (range(400_000, 500_000),),
    "confirm": (range(100_000, 200_000),),
}
MOST = {stage: sum(map(len, ranges)) for stage, ranges in RANGES.items()}  # trials of an arm, by stage


def seed_of(study: int, stage: str, i: int, *, alias: bool) -> int:
    """Seed of trial i of a stage of an arm. study: the study's own seed.

    Raises InputError where the stage has no more: see `MOST`.
    """
    if not 0 <= i < MOST[stage]:
        raise InputError(f"A cell has at most {MOST[stage]:,} {stage} seeds per task; got {i + 1:,}.")
    left = i
    for seeds in RANGES[stage]:
        if left < len(seeds):
            break
        left -= len(seeds)
    return study * PER_STUDY + ALIAS * alias + seeds[left]
