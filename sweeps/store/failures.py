"""What failed trials leave: the whole message in their rows, the traceback in a file beside the rows.

results/STUDY/errors/TRIAL_ID.txt    where the exception was raised that ended the trial, the last time it failed
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeps.store.parts import writing


@dataclass(frozen=True, kw_only=True)
class Cause:
    """error: type and message. rows: of the trials that failed with it."""

    error: str
    rows: list[Mapping[str, Any]]


def traceback_file(study: Path, trial_id: str) -> Path:
    """Where the traceback of a failed trial is. study: folder of its results."""
    return study / "errors" / f"{trial_id}.txt"


def write_tracebacks(study: Path, ids: Iterable[str], text: str) -> None:
    """Keep the traceback of these trials. Raises WriteError where the disk does not take it."""
    for trial_id in ids:
        path = traceback_file(study, trial_id)
        with writing(path):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)


def brief(error: str) -> str:
    """The first line of an error.

    >>> brief("ValueError: no"), brief("ValueError: no\\nand here is why")
    ('ValueError: no', 'ValueError: no [...]')
    """
    first, _, rest = error.partition("\n")
    return f"{first.rstrip()} [...]" if rest else first


def causes(rows: Iterable[Mapping[str, Any]]) -> list[Cause]:
    """The failed ones among these rows by what they failed of, the commonest first."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["status"] == "failed":
            found.setdefault(str(row["error"]), []).append(row)
    return sorted((Cause(error=error, rows=of) for error, of in found.items()), key=lambda c: -len(c.rows))
