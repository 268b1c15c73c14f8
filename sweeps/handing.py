"""A task as a worker runs it that shares no folder with the driver: what it writes is handed over with its events.

Results on a URL, workers on a cluster: rows, curves and networks that are kept go to the driver, which has the URL;
checkpoints stay on the worker's machine.
"""

import dataclasses
import functools
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeps.job import Job
from sweeps.store.store import Store

if TYPE_CHECKING:
    from sweeps.worker import Event


class Aside(Store):
    """A store below a folder that nobody else sees. checkpoints: where the worker's machine keeps them."""

    def __init__(self, folder: str, store: Store):
        super().__init__(folder, store.study)
        self.kept = store.checkpoints

    @property
    def checkpoints(self) -> Path:
        return self.kept


@dataclass(frozen=True, kw_only=True)
class Handing:
    """task: called with a worker and a job, gives events."""

    task: Callable[..., Iterator["Event"]]
    job: Job

    def __call__(self, worker: Any) -> Iterator["Event"]:
        with tempfile.TemporaryDirectory(prefix="lstm-variants-") as folder:
            job = self.job
            if job.store is not None:
                job = dataclasses.replace(job, store=Aside(folder, job.store).prepare())
            place = Path(folder) / job.study
            if job.keep is not None:
                keep = dataclasses.replace(job.keep, folder=place / job.keep.folder.name)
                job = dataclasses.replace(job, keep=keep)
            for event in self.task(worker, job=job):
                yield dataclasses.replace(event, files=taken(place))


def taken(folder: Path) -> list[tuple[str, bytes]]:
    """The files below a folder, which then has none."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        found.append((path.relative_to(folder).as_posix(), path.read_bytes()))
        path.unlink()
    return found


def run(worker: Any, *, work: Any, job: Job) -> Iterator["Event"]:
    """`sweeps.worker.Worker.run`, for a driver that has no worker's modules."""
    return worker.run(work, job)  # type: ignore[no-any-return]


def task_of(
    task: Callable[..., Iterator["Event"]], job: Job, *, hand_over: bool
) -> Callable[[Any], Iterator["Event"]]:
    """What a worker runs, of a task that takes it and a job."""
    return Handing(task=task, job=job) if hand_over else functools.partial(task, job=job)
