"""Where this user keeps what can be made again: below `$LSTM_VARIANTS_CACHE`, or the cache folder of the system."""

import os
from pathlib import Path

VARIABLE = "LSTM_VARIANTS_CACHE"
OFF = "off"  # no programs are kept


def chosen() -> Path | None:
    """The folder that the variable names; None where it names none."""
    name = os.environ.get(VARIABLE, "")
    return Path(name) if name not in ("", OFF) else None


def usual() -> Path | None:
    """The folder below that of the system; None for a user without a home."""
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lstm-variants"
    except RuntimeError:
        return None
