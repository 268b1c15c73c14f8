"""Options that several commands share, turned into values. Imports nothing heavy before a function needs it."""

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.cores import cores
from sweeps.errors import InputError
from sweeps.workers.crew import Pool

if TYPE_CHECKING:
    from sweeps.store.store import Store
    from sweeps.study_file import Loaded

GPU_COHORT = 64


def study_of(options: argparse.Namespace) -> "Loaded":
    """The study, with `--seed` in place of its own seed where given."""
    from sweeps.study_file import load_study

    loaded = load_study(options.study)
    if options.seed is None:
        return loaded
    return dataclasses.replace(loaded, study=dataclasses.replace(loaded.study, seed=options.seed))


def store_of(options: argparse.Namespace, study: str) -> "Store":
    from sweeps.store.store import Store

    return Store(options.results, study)


def workers_of(options: argparse.Namespace) -> int:
    """Workers asked for, one a usable core when nothing was said. Raises InputError below 0."""
    if options.workers is None:
        return len(cores())
    if options.workers < 0:
        raise InputError(f"--workers must be 0 (no workers: in this process) or more; got {options.workers}.")
    return int(options.workers)


def pool_of(options: argparse.Namespace) -> Pool:
    """The workers asked for. A study that is a file has its modules beside it."""
    name = options.study
    return Pool(
        workers=workers_of(options),
        address=options.address,
        gpus_per_worker=options.gpus_per_worker,
        deterministic=options.deterministic,
        folder=Path(name).absolute().parent if name.endswith(".py") or "/" in name else None,
    )


def cohort_of(options: argparse.Namespace) -> int | None:
    """Trials a cohort; None: by their length (`sweeps.plan.cohort_size`). Raises InputError below 1."""
    size = GPU_COHORT if options.cohort is None and options.gpus_per_worker else options.cohort
    if size is not None and size < 1:
        raise InputError(f"--cohort must be 1 or more; got {size}.")
    return size
