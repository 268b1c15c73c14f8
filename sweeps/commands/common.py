"""Options that several commands share, turned into values. Imports nothing heavy before a function needs it."""

import argparse
import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeps.cores import cores
from sweeps.errors import InputError
from sweeps.workers.pool import GPU_COHORT, Pool

if TYPE_CHECKING:
    from sweeps.store.store import Store
    from sweeps.study_file import Loaded

UNITS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}


def study_of(options: argparse.Namespace) -> "Loaded":
    """The study, with what `--set` and `--seed` put in the place of its own. Raises InputError before anything runs."""
    from sweeps.overrides import overridden
    from sweeps.study_file import load_study

    loaded = load_study(options.study)
    settings = (*options.set, *([] if options.seed is None else [f"seed={options.seed}"]))
    return dataclasses.replace(loaded, study=overridden(loaded.study, settings), overrides=settings)


def store_of(options: argparse.Namespace, study: str) -> "Store":
    """The store of a study below `--results`."""
    from sweeps.store.store import Store

    copy = getattr(options, "copy", None)
    if copy is None:
        return Store(options.results, study)
    from sweeps.remote.store import RemoteStore

    return RemoteStore(copy, study, everything=bool(getattr(options, "keep", None)))


def workers_of(options: argparse.Namespace) -> int:
    """Workers asked for, one a usable core when nothing was said. Raises InputError below 0."""
    if options.workers is None:
        return len(cores())
    if options.workers < 0:
        raise InputError(f"--workers must be at least 0 (0: run in this process); got {options.workers}.")
    return int(options.workers)


def pool_of(options: argparse.Namespace) -> Pool:
    """The workers asked for. A study that is a file has its modules beside it. Raises InputError."""
    name, beside, share = options.study, options.gpu_workers, options.gpus_per_worker
    if beside is not None and beside < 0:
        raise InputError(f"--gpu-workers must be at least 0; got {beside}.")
    if share is not None and not (0 <= share <= 1 or (share > 1 and share == int(share))):
        raise InputError(
            f"--gpus-per-worker must be a share of one, up to 1, or a whole number; got {share:g}."
        )
    if beside and share == 0:
        raise InputError(
            f"--gpu-workers {beside} with --gpus-per-worker 0: give each GPU worker a share of a GPU."
        )
    if not options.wait_for_workers > 0:
        raise InputError(
            f"--wait-for-workers must be a positive number of seconds; got {options.wait_for_workers:g}."
        )
    asked: int | None = workers_of(options)
    if options.workers is None:
        asked = None if options.address not in (None, "local") else max(0, len(cores()) - (beside or 0))
    all_on_gpus = beside is None and bool(share)
    pool = Pool(
        workers=0 if all_on_gpus else asked,
        gpu_workers=asked if all_on_gpus else beside or 0,
        gpus_per_worker=share or 1.0,
        address=options.address,
        deterministic=options.deterministic,
        folder=Path(name).absolute().parent if name.endswith(".py") or "/" in name else None,
        memory=None if options.memory_per_worker is None else memory_of(options.memory_per_worker),
        environment=None if options.runtime_env is None else environment_of(options.runtime_env),
        patience=options.wait_for_workers,
    )
    for option in ("memory_per_worker", "runtime_env"):
        if getattr(options, option) is not None and not (pool.kinds and pool.by_ray):
            raise InputError(
                f"--{option.replace('_', '-')} is for workers of a Ray cluster; add --address auto|HOST:PORT, or leave "
                "it out."
            )
    return pool


def memory_of(text: str) -> int:
    """Bytes. Raises InputError.

    >>> memory_of("1.5GB"), memory_of("512 MiB")
    (1610612736, 536870912)
    """
    found = re.fullmatch(r"(\d+\.?\d*) ?([kmgt]?)(i?b)?", text.strip().lower())
    size = int(float(found[1]) * 2 ** UNITS[found[2]]) if found else 0
    if size < 2**20:
        raise InputError(
            f"--memory-per-worker must be a size of at least 1MB, such as 2GB or 512MB; got '{text}'."
        )
    return size


def environment_of(file: str) -> dict[str, Any]:
    """Ray's `runtime_env` from a file. Raises InputError."""
    import yaml

    try:
        found = yaml.safe_load(Path(file).read_text())  # JSON is YAML
    except OSError as error:
        raise InputError(f"--runtime-env {file} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(
            f"--runtime-env {file} is neither YAML nor JSON: {' '.join(str(error).split())}"
        ) from None
    if not isinstance(found, dict):
        raise InputError(
            f"--runtime-env {file} must hold fields, such as `working_dir: .`; got {type(found).__name__}."
        )
    return found


def cohort_of(options: argparse.Namespace) -> int | None:
    """Trials a cohort; None: by their length (`sweeps.plan.cohort_size`). Raises InputError below 1."""
    all_on_gpus = bool(options.gpus_per_worker) and options.gpu_workers is None
    size = GPU_COHORT if options.cohort is None and all_on_gpus else options.cohort
    if size is not None and size < 1:
        raise InputError(f"--cohort must be at least 1; got {size}.")
    return size
