"""Which seed a trial has. Studies, stages and the alias have ranges of their own, so that no two can collide.

    study s          1,000,000 s + 0 ... 999,999, in all below 2**32
      search           0 ...  99,999 and, for the settings after these, 200,000 ... 499,999
      confirm    100,000 ... 199,999
      the alias        the same, from 500,000 on

All other cells share their seeds, so that comparisons are paired.
"""

from sweeps.errors import InputError

PER_STUDY = 1_000_000
MOST_STUDIES = 4000  # the largest seed of a study
ALIAS = 500_000
CONFIRM = 100_000
BEYOND = 200_000  # settings after the first CONFIRM go on here
MOST_SETTINGS = CONFIRM + ALIAS - BEYOND
MOST_CONFIRMED = BEYOND - CONFIRM


def seed_of(study: int, stage: str, i: int, *, alias: bool) -> int:
    """Seed of trial i of a stage (search, confirm) of an arm. study: the study's own seed.

    Raises InputError where the stage has no more: MOST_SETTINGS in the search, MOST_CONFIRMED in the confirm stage.
    """
    most = MOST_CONFIRMED if stage == "confirm" else MOST_SETTINGS
    if not 0 <= i < most:
        raise InputError(f"A cell has at most {most:,} {stage} seeds per task; got {i + 1:,}.")
    offset = CONFIRM if stage == "confirm" else 0 if i < CONFIRM else BEYOND - CONFIRM
    return study * PER_STUDY + (ALIAS if alias else 0) + offset + i
