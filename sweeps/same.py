"""Whether a trial that is trained or evaluated again gives what its row says, bit for bit."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sweeps.store.schema import LONGER

GIVEN = re.compile(
    r"status|steps_done|solved|(solved|diverged)_step|train_loss|gradient_norm|(valid|test)_(loss|error|score)"
)


def given(names: Iterable[str]) -> list[str]:
    """Those of the columns, of a row or of a curve, that hold what the trial gave: each once, in order."""
    return [name for name in dict.fromkeys(names) if GIVEN.fullmatch(name) or LONGER.fullmatch(name)]


def differing(
    then: Mapping[str, Any], now: Mapping[str, Any], names: Iterable[str]
) -> dict[str, tuple[Any, Any]]:
    """By column what it was and what it is, where that is not the same. NaN is the same as NaN, and a column that is
    not there as null."""
    pairs = {name: (then.get(name), now.get(name)) for name in names}
    return {name: (a, b) for name, (a, b) in pairs.items() if a != b and not (a != a and b != b)}
