"""A word for who misspelt a name. (`sweeps.errors` has it again for those who must not load JAX for it.)"""

import difflib
from collections.abc import Iterable


def did_you_mean(given: str, known: Iterable[str], also: Iterable[str] = ()) -> str:
    """` Did you mean 'lstm'?`, to stand after the sentence that refuses a name; empty where no known one is near,
    whatever its capitals. also: words that are no names, such as "all", meant where they are all but written."""
    names = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(given.casefold(), list(also), n=1, cutoff=0.8)
    near = near or difflib.get_close_matches(given.casefold(), names, n=1, cutoff=0.5)
    return f" Did you mean '{names.get(near[0], near[0])}'?" if near else ""
