"""How a check of a claim comes out, and several of them together."""

from collections.abc import Iterable
from typing import NamedTuple

HOLDS, FAILS, OPEN, UNTESTED = "holds", "fails", "undecided", "not tested"


class Outcome(NamedTuple):
    """task: where (several: joined). status: holds, fails or undecided. evidence: the numbers, for people."""

    task: str
    status: str
    evidence: str


def together(statuses: Iterable[str]) -> str:
    """What several checks say of one statement: it fails where one does, and holds where all do. None: not tested."""
    found = [status for status in statuses if status != UNTESTED]
    return next((status for status in (FAILS, OPEN) if status in found), HOLDS) if found else UNTESTED
