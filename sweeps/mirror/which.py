"""Which runs W&B gets: one a trial, or of arms and study alone.

trials    a run per trial, per arm and for the study
arms      a run per arm and for the study
study     the study's run
auto      trials, or arms for a study of more trials than people can look at one by one
"""

from typing import Literal

Which = Literal["auto", "trials", "arms", "study"]
CHOICES: tuple[Which, ...] = ("auto", "trials", "arms", "study")
MOST = 10_000  # trials; W&B draws at most 1,000 runs at once


def chosen(asked: Which, planned: int) -> tuple[Which, str]:
    """What to make of what was asked for, and one line on why where it is not every run."""
    if asked != "auto":
        return asked, ""
    if planned <= MOST:
        return "trials", ""
    why = f"W&B: one run per arm and none per trial, since {planned:,} trials are planned, more than {MOST:,}"
    return "arms", f"{why} (--runs trials makes them)"
