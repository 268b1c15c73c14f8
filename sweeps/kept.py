"""Trained networks of confirmed trials, kept on request (`sweep --keep best|all`) so that none is trained again.

    results/STUDY/networks/NAME/        parameters of some trials of one cohort, as Orbax writes them
    results/STUDY/networks/NAME.json    which trials these are, and by which code they were made

The list is written last, and whole or not at all: what it names is there. Beside the arrays stands their hash; what
does not agree with it, or cannot be read, is as good as not there, and the trial is trained again.
"""

import contextlib
import hashlib
import json
import shutil
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sweeps.checkpoints import array_hash, checkpointer
from sweeps.job import Keep
from sweeps.plan import Arm, Entry, Row, rank
from sweeps.store.parts import replace_file

FOLDER = "networks"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One trial's network. path: of its cohort's list. place: in the arrays. code: as in its row."""

    id: str
    path: Path
    place: int
    code: str | None


def save(folder: Path, entries: Sequence[Entry], parameters: np.ndarray) -> None:
    """Keep the networks of trials. parameters: (trials, P). A failure is a warning: what is not there is made again."""
    digest = hashlib.sha256("\n".join(f"{e.id} {e.code}" for e in entries).encode()).hexdigest()[:16]
    there = folder / f"{entries[0].id}-{digest}"
    trials = [{"id": e.id, "code": e.code} for e in entries]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        kept = {"parameters": parameters, "hash": array_hash([parameters])}
        checkpointer().save(there.absolute(), kept, force=True)
        replace_file(there.with_suffix(".json"), json.dumps({"trials": trials}, indent=1).encode())
    except Exception as error:  # Orbax and what is below it raise errors of many kinds
        warnings.warn(f"No network was kept in {there}: {type(error).__name__}: {error}", stacklevel=2)


def listed(folder: Path) -> dict[str, list[Kept]]:
    """All that is kept, by trial id, the newest first."""
    found: dict[str, list[Kept]] = {}
    paths = [(p.stat().st_mtime_ns, p) for p in folder.glob("*.json")]
    for _, path in sorted(paths, reverse=True):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            for place, trial in enumerate(json.loads(path.read_bytes())["trials"]):
                one = Kept(id=trial["id"], path=path, place=place, code=trial["code"])
                found.setdefault(one.id, []).append(one)
    return found


def load(kept: Kept) -> np.ndarray | None:
    """A trial's parameters (P,), None where they are not whole."""
    with contextlib.suppress(Exception):
        found = checkpointer().restore(kept.path.with_suffix("").absolute())
        parameters = np.asarray(found["parameters"])
        if found["hash"] == array_hash([parameters]):
            return np.asarray(parameters[kept.place])
    return None


def best(found: Iterable[tuple[Entry, Row]]) -> list[tuple[Entry, Row]]:
    """Of every cell and task the trial that is best on validation, of those that finished."""
    arms: dict[Arm, tuple[Entry, Row]] = {}
    for entry, row in found:
        if row["status"] == "finished":
            known = arms.get(entry.arm)
            if known is None or rank(row) < rank(known[1]):
                arms[entry.arm] = entry, row
    return list(arms.values())


def wanted(keep: Keep, confirmed: Sequence[tuple[Entry, Row]]) -> list[Entry]:
    """Of confirmed trials with their rows those whose networks are to be kept."""
    found = best(confirmed) if keep.best else confirmed
    return [entry for entry, row in found if row["status"] == "finished"]


def missing(keep: Keep, confirmed: Sequence[tuple[Entry, Row]]) -> list[Entry]:
    """Those of them whose networks are not there."""
    have = listed(keep.folder)
    return [e for e in wanted(keep, confirmed) if not any(one.code == e.code for one in have.get(e.id, ()))]


def tidy(keep: Keep, confirmed: Sequence[tuple[Entry, Row]]) -> None:
    """Remove the networks of these trials that are not to be kept, and what killed processes left without a list. What
    other trials have, as those of the study with another seed, stays."""
    names, among = {entry.id for entry in wanted(keep, confirmed)}, {entry.id for entry, _ in confirmed}
    found = listed(keep.folder)
    for path in keep.folder.glob("*.json"):
        there = {one.id for several in found.values() for one in several if one.path == path}
        needed = {name for name in there if found[name][0].path == path} - (among - names)
        if there and not needed:
            path.unlink(missing_ok=True)
    for path in keep.folder.glob("*"):
        if path.is_dir() and not path.with_name(f"{path.name}.json").exists():
            shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):  # not there, or not empty
        keep.folder.rmdir()
