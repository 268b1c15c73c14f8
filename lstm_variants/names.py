"""A word for who misspelt a name. (`sweeps.errors` has it again for those who must not load JAX for it.)"""

import difflib
from collections.abc import Iterable


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """` Did you mean 'lstm'?`, to stand after the sentence that refuses a name; empty where no known one is near."""
    near = difflib.get_close_matches(given, list(known), n=1, cutoff=0.5)
    return f" Did you mean '{near[0]}'?" if near else ""
