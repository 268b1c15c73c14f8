"""W&B as a mirror of the results store: one W&B run a trial, online or offline, restartable.

    results/STUDY/trials, curves  -->  mirror  -->  W&B server         (mode online)
                                               -->  results/STUDY/wandb (mode offline)

The store is the truth and this is a leaf: it reads the store, nothing reads it, and whatever happens
to W&B happens to nobody else. A ledger beside the offline runs says which trials a destination has:

    results/STUDY/wandb/mirrored-*.jsonl    {"trial_id": ..., "status": ..., "destination": ..., "url": ...}

One more run holds what the study declared, so that who has but W&B has all of it (`sweeps/wandb_import/study.py`).
A line is written after its run was finished, so a mirror that was killed repeats at most the runs it
had open. A repetition replaces: W&B keys a run's lines by run id and offset, and an offline run takes
its directory's name from the run id. A trial that failed and was run again replaces its run likewise.

During a sweep it runs as a process of its own (`sweeps/mirror/process.py`).
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import wandb

from sweeps.errors import InputError
from sweeps.mirror.account import MirrorError, Mode, log_in, one_line, own_environment
from sweeps.mirror.ledger import Ledger
from sweeps.mirror.missing import Now, look, read_trials
from sweeps.mirror.upload import Declared, Trial, scratch_folder, upload
from sweeps.store.lock import Held, locked
from sweeps.store.store import Store

POLL = 2.0  # seconds between two looks at the store while following
PAUSES = (5.0, 15.0, 45.0, 120.0)  # before each retry while following, the last for ever; a success resets
ENOUGH = 3  # failures in a row after which a pass gives up: the server, not the trial, is to blame
OPEN = {"online": 8, "offline": 1}  # runs open at once. Online is waiting for answers; offline is work


@dataclass(frozen=True, kw_only=True)
class MirrorSummary:
    """What one call did. `mirrored`: runs made now. `present`: runs that were there before. `failed`:
    trials still missing, and the declaration if it is, the last reason in `error`. `where`: a URL online, a
    directory offline."""

    mode: Mode
    mirrored: int
    present: int
    failed: int
    error: str
    where: str

    def __str__(self) -> str:
        there = self.present + self.mirrored
        line = f"W&B {self.mode}: {there} of {there + self.failed} trials mirrored, {self.mirrored} now"
        line += f": {self.where}" if self.where else ""
        return f"{line}; the last error: {self.error}" if self.failed else line


@contextlib.contextmanager
def alone(folder: Path, patient: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """One mirror a study, waiting for the one before while `patient()`. Raises MirrorError when that is over."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(folder / ".lock", "mirror", patient))
        except Held:
            raise MirrorError(f"another mirror is running in {folder}") from None
        yield


def mirror(
    store: Store,
    *,
    mode: Mode,
    project: str | None = None,
    entity: str | None = None,
    follow: bool = False,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[str], None] = print,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> MirrorSummary:
    """Give W&B a run for every trial in the store that has none there yet.

    project, entity: by default what W&B's settings say, else `lstm-variants` and the user's own.
    follow: keep looking for new parts until `stop()`, then look once more. progress: called with the
    runs made by this call and the number that it knows of.

    A trial that W&B does not take is counted in the summary. Raises MirrorError where not even the
    beginning works: nobody is logged in, another mirror is at work. Raises InputError for a project
    name that W&B does not allow, for a folder that cannot be written, for a damaged part.
    """
    folder = store.path / "wandb"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"Cannot write to {folder}: {error.strerror}. Name another directory with --results."
        ) from None
    with contextlib.ExitStack() as stack:
        stack.enter_context(alone(folder, patient=lambda: follow and not stop()))
        stack.enter_context(own_environment())
        scratch = stack.enter_context(scratch_folder(folder))
        stack.callback(wandb.teardown)
        host, project, entity = log_in(mode, project, entity)
        ledger = stack.enter_context(Ledger(folder, mode, f"{host}/{entity or 'default'}/{project}"))

        def make(trial: Trial | Declared) -> str:
            return upload(trial, mode=mode, project=project, entity=entity, folder=folder, scratch=scratch)

        made = 0
        declared = False
        refused: list[str] = []  # the error of the declaration, the last time it was tried
        finished: set[tuple[Path, int]] = set()
        said: set[str] = set()
        trouble = 0  # looks in a row that brought errors and no run
        while True:
            last = not follow or stop()  # asked before the look, so that the last look sees everything
            now = Now.of(store)
            missing = look(store, ledger, finished, now)
            known = made + sum(len(ids) for ids in missing.values())
            trials = (
                trial
                for part, ids in missing.items()
                for trial in read_trials(store, part, ids, now, ledger.runs)
            )
            before = made
            errors = []
            for message in make_all(trials, make, ledger, limit=OPEN[mode]):
                if message:
                    errors.append(message)
                else:
                    made += 1
                progress(made, known)
            if (last or not declared) and (
                made > before or not errors
            ):  # the plan grows until the sweep ends
                refused = declare(store, ledger, make)
                declared = not refused
                errors += refused
            if last:
                break
            for message in errors:
                if message not in said:
                    said.add(message)
                    report(f"W&B: {message}; the mirror keeps trying until the sweep ends")
            if errors:
                wandb.teardown()  # else the ids of runs that failed stay "in use"
                log_in(mode, project, entity)
            trouble = trouble + 1 if errors and made == before else 0
            rest(PAUSES[min(trouble, len(PAUSES)) - 1] if trouble else POLL, stop)
        return MirrorSummary(
            mode=mode,
            mirrored=len(ledger.made),
            present=len(ledger.status) - len(ledger.made),
            failed=known - made + len(refused),
            error=errors[-1] if errors else "",
            where=ledger.url if mode == "online" else str(folder),
        )


def make_all(
    trials: Iterator[Trial], make: Callable[[Trial], str], ledger: Ledger, *, limit: int
) -> Iterator[str]:
    """Make the runs, at most `limit` at once; yields for each its error, or an empty string. One bad
    trial does not keep the others out, but after `ENOUGH` errors in a row it gives up."""
    in_a_row = 0
    running: dict[Future[str], Trial] = {}

    def collect(allowed: int) -> Iterator[str]:
        nonlocal in_a_row
        while len(running) > allowed:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                trial = running.pop(future)
                try:
                    ledger.add(trial, future.result())
                    in_a_row, message = 0, ""
                except Exception as error:
                    in_a_row, message = in_a_row + 1, one_line(error)
                yield message

    with ThreadPoolExecutor(limit) as pool:
        for trial in trials:
            yield from collect(limit - 1)
            if in_a_row >= ENOUGH:
                break
            running[pool.submit(make, trial)] = trial
        yield from collect(0)


def declare(store: Store, ledger: Ledger, make: Callable[[Declared], str]) -> list[str]:
    """Give W&B what the study declared, where it does not have that; returns the error, if there is one."""
    if not (store.path / "study.json").exists():
        return []
    try:
        declared = Declared(store.declaration())
        if declared.digest != ledger.declared:
            ledger.declare(declared.digest, make(declared))
    except Exception as error:
        return [one_line(error)]
    return []


def rest(seconds: float, stop: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while not stop() and time.monotonic() < end:
        time.sleep(0.1)
