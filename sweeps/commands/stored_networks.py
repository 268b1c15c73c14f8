"""Stored trials and their networks, for the commands that look into them."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rich.console import Console

from experiments.read_back import from_json
from experiments.specs import SpecError, structure, trial_id, type_name
from experiments.trial import Trial
from sweeps.code_of import kinds
from sweeps.commands.train_again import stored
from sweeps.cores import cores
from sweeps.errors import InputError
from sweeps.remade import Remade, remade
from sweeps.rows import Row
from sweeps.store.store import Store
from sweeps.study_file import load_study


def classes_of(study: str | None) -> dict[str, type[Any]]:
    """Classes of cells and tasks of a user's own, by the name that rows have for them; nothing where the study is no
    file. Raises InputError as `load_study` does."""
    if study is None or not (study.endswith((".py", ".yaml", ".yml")) or "/" in study):
        return {}
    loaded = load_study(study).study
    specs = [*loaded.cells.values(), *loaded.tasks.values(), loaded.controls.unable, loaded.optimizer]
    return {type_name(kind): kind for spec in specs for kind in kinds(spec)}


def study_name(study: str) -> str:
    """The name of the results of a study that is told by its name or its file."""
    return Path(study).stem if study.endswith((".py", ".yaml", ".yml")) else study


def one(results: Path, prefix: str, study: str | None) -> tuple[Store, Trial, Row]:
    """The trial whose id begins so. Raises InputError as `stored` and `trial_of` do."""
    classes = classes_of(study)
    store, row = stored(results, prefix, study_name(study) if study is not None else "*")
    return store, trial_of(row, store, classes), row


def trial_of(row: Row, store: Store, classes: Mapping[str, type[Any]] | None = None) -> Trial:
    """The trial of a row. Raises InputError for one that cannot be read back, and says what can be done."""
    try:
        trial = from_json(row["spec"], classes or {})
    except SpecError as error:
        own = ":" in str(row.get("cell.type") or "") or ":" in str(row.get("task.type") or "")
        cure = (
            " Name the file of its study with --study."
            if own
            else f" Use the version that made it ({row['version.project']}, commit {row['commit']}), or run its study "
            "again."
        )
        raise InputError(f"Trial {row['trial_id']} of {store.path}: {error}{cure}") from None
    if trial_id(trial) != row["trial_id"]:
        raise InputError(
            f"The row of {row['trial_id']} in {store.path} describes the trial {trial_id(trial)}: it was edited."
        )
    return trial


def networks(screen: Console, stored: Sequence[tuple[Store, Trial, Row]]) -> list[Remade]:
    """Networks of trials, in their order: those of one structure and store together."""
    found: dict[int, Remade] = {}

    def make(places: list[int]) -> None:
        store, _, row = stored[places[0]]

        def say(done: float) -> None:
            told = f"{row['cell']} on {row['task']}, {len(places)} network{'s' * (len(places) != 1)}"
            status.update(f"{len(found)} of {len(stored)} made; {told}: {done:.0%}")

        say(0.0)
        found.update(zip(places, remade([stored[i][1:] for i in places], store, say), strict=True))

    with screen.status("") as status:
        side_by_side(make, grouped([(store.path, structure(trial)) for store, trial, _ in stored]))
    return [found[i] for i in range(len(stored))]


def grouped(kinds: Sequence[Hashable]) -> list[list[int]]:
    """Places of what is of one kind."""
    groups: dict[Hashable, list[int]] = {}
    for i, kind in enumerate(kinds):
        groups.setdefault(kind, []).append(i)
    return list(groups.values())


def side_by_side(work: Callable[[list[int]], None], groups: list[list[int]]) -> None:
    """Work on groups, as many at a time as there are cores: XLA computes and compiles beside Python."""
    with ThreadPoolExecutor(len(cores())) as pool:
        list(pool.map(work, groups))
