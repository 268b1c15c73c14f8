"""How a claim or a published fact comes out."""

from collections.abc import Iterable

HOLDS, FAILS, OPEN, UNTESTED = "holds", "fails", "undecided", "not tested"
ABSENT = "its cells or its tasks are not in this study"


def together(statuses: Iterable[str]) -> str:
    """What several checks say of one statement: it fails where one does, and holds where all do. None: not tested."""
    found = [status for status in statuses if status != UNTESTED]
    return next((status for status in (FAILS, OPEN) if status in found), HOLDS) if found else UNTESTED
