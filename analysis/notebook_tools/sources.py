"""The notebooks of this package, which travel with it as scripts that Jupytext opens.

    analysis/notebooks/NAME.py

Imports nothing heavy: the command line lists them in its help.
"""

from pathlib import Path

from sweeps.errors import InputError, did_you_mean

FOLDER = Path(__file__).parents[1] / "notebooks"
ALL = "all"


def sources() -> dict[str, Path]:
    """Name to script, in alphabetical order."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.py"))}


def asked(name: str) -> dict[str, Path]:
    """The notebook of this name, or every one for `all`. Raises InputError where there is none of this name."""
    known = sources()
    if name == ALL:
        return known
    if name not in known:
        raise InputError(
            f"There is no notebook '{name}'.{did_you_mean(name, known, [ALL])} Known: {', '.join(known)}, or {ALL}."
        )
    return {name: known[name]}
