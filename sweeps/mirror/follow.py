"""W&B as a mirror of the results store, online or offline, restartable.

    results/STUDY/trials, curves  -->  mirror  -->  W&B server         (mode online)
                                               -->  results/STUDY/wandb (mode offline)

One run a trial, one an arm (`arms.py`) and one for the study (`study_run.py`). The store is the truth and this is a
leaf: it reads the store, nothing reads it, and whatever happens to W&B happens to nobody else. A ledger beside the
offline runs says which runs a destination has (`ledger.py`). A line is written after its run is there, so a mirror that
was killed repeats at most the runs it had under way. A repetition replaces: W&B keys a run's lines by run id and
offset, and an offline run takes its directory's name from the run id. A trial that failed and was run again, or that
went on after it was stopped, replaces its run likewise.

During a sweep it runs as a process of its own (`process.py`).
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import wandb

from sweeps.errors import InputError
from sweeps.mirror.account import MirrorError, Mode, log_in, own_environment
from sweeps.mirror.batches import Tally, give_all, passing
from sweeps.mirror.deliver import Place, Way, way_to
from sweeps.mirror.ledger import Ledger
from sweeps.mirror.limits import asked_pause
from sweeps.mirror.missing import Now, look, read_trials
from sweeps.mirror.scratch import scratch_folder
from sweeps.mirror.trial import Trial
from sweeps.mirror.which import Which, chosen
from sweeps.mirror.whole import give_whole
from sweeps.store.lock import Held, locked
from sweeps.store.store import Store

POLL = 2.0  # seconds between two looks at the store while following
PAUSES = (5.0, 15.0, 45.0, 120.0)  # before each retry, the last for ever; a success resets
REFRESH = 60.0  # seconds between two versions of the runs of arms and study while following


@dataclass(frozen=True, kw_only=True)
class MirrorSummary:
    """What one call did. `mirrored`: trials that got their run now. `present`: those that had one before. `failed`:
    runs still missing, the last reason in `error`. `where`: a URL online, a directory offline."""

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
    runs: Which = "auto",
    project: str | None = None,
    entity: str | None = None,
    follow: bool = False,
    patience: float = 0.0,
    verify: bool = False,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[str], None] = print,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> MirrorSummary:
    """Give W&B a run for every trial in the store that has none there yet, for every arm, and for the study.

    runs: which of these (`which.py`). project, entity: by default what W&B's settings say, else `lstm-variants` and the
    user's own. follow: keep looking for new parts until `stop()`, then look once more. patience: seconds without a run
    that was taken after which it gives up; only errors that may pass are waited for. verify: ask first which runs are
    there, and make those anew that are not. progress: called with the runs made by this call and the number that it
    knows of.

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
        place = Place(mode=mode, project=project, entity=entity, folder=folder, scratch=scratch)
        way = way_to(place, report)
        if verify:
            patiently(lambda: forget_what_is_gone(ledger, way), patience, report)
        made, trouble, moved, refreshed = 0, 0, time.monotonic(), -REFRESH
        finished: set[tuple[Path, int]] = set()
        say = once(report)
        while True:
            last = not follow or stop()  # asked before the look, so that the last look sees everything
            now, tally = Now.of(store), Tally()
            which, why = chosen(runs, now.planned)
            say(why)
            missing = look(store, ledger.lacks, finished, now) if which == "trials" else {}
            known = made + sum(len(ids) for ids in missing.values())
            for taken in give_all(trials_of(store, missing, now, ledger), way, ledger, tally):
                made += taken
                progress(made, known)
                say(f"W&B: runs appear in {ledger.url}" if follow and ledger.url else "")
            due = last or time.monotonic() - refreshed >= REFRESH
            if due and (tally.taken or not tally.errors):
                give_whole(store, which, place, way, ledger, tally)
                refreshed = time.monotonic()
            moved = time.monotonic() if tally.taken else moved
            asked = asked_pause(tally.errors) if mode == "online" else 0.0
            if last and not (tally.passing and time.monotonic() - moved + asked < patience):
                if asked and tally.passing:
                    tally.errors.append(f"{tally.errors[-1]}; W&B asks to wait {asked:.0f} s")
                break
            until = f"until {patience:.0f} s went by without a run" if last else "until the sweep ends"
            for message in tally.errors:
                say(f"W&B: {message}; the mirror keeps trying {until}")
            say(f"W&B limits the rate: the mirror waits {asked:.0f} s, as it asks" if asked else "")
            if tally.errors:
                wandb.teardown()  # else the ids of runs that failed stay "in use"
                log_in(mode, project, entity)
                way = way_to(place, say)
            trouble = trouble + 1 if tally.errors and not tally.taken else 0
            pause = PAUSES[min(trouble, len(PAUSES)) - 1] if trouble else POLL
            rest(max(asked, PAUSES[0]) if asked else pause, stop if not last else lambda: False)
        return MirrorSummary(
            mode=mode,
            mirrored=len(ledger.made),
            present=len(ledger.trials) - len(ledger.made),
            failed=known - made + tally.refused,
            error=tally.errors[-1] if tally.errors else "",
            where=ledger.url if mode == "online" else str(folder),
        )


def trials_of(store: Store, missing: Mapping[Path, set[str]], now: Now, ledger: Ledger) -> Iterator[Trial]:
    for part, ids in missing.items():
        yield from read_trials(store, part, ids, now, ledger.runs)


def forget_what_is_gone(ledger: Ledger, way: Way) -> None:
    """Strike from the ledger in memory the runs that the destination no longer has."""
    known = {i: ledger.runs[i] for i in (*ledger.trials, *ledger.others) if i in ledger.runs}
    gone = way.gone(list(known.values()))
    ledger.forget({i for i, run in known.items() if run in gone})


def patiently(work: Callable[[], None], patience: float, report: Callable[[str], None]) -> None:
    """Do it, again while W&B does not answer and patience lasts. Raises MirrorError when it is over, and for what
    asking again does not change."""
    until, tries, say = time.monotonic() + patience, 0, once(report)
    while True:
        try:
            return work()
        except MirrorError as error:
            if not passing(str(error)):
                raise
            asked = asked_pause([str(error)])
            pause = max(asked, PAUSES[0]) if asked else PAUSES[min(tries, len(PAUSES) - 1)]
            if time.monotonic() + pause >= until:
                raise MirrorError(
                    f"{error}; W&B asks to wait {asked:.0f} s" if asked else str(error)
                ) from None
            say(f"W&B: {error}; the mirror keeps trying until {patience:.0f} s went by")
            rest(pause, lambda: False)
            tries += 1


def once(report: Callable[[str], None]) -> Callable[[str], None]:
    """Says nothing twice, and nothing empty."""
    said = {""}

    def say(line: str) -> None:
        if line not in said:
            said.add(line)
            report(line)

    return say


def rest(seconds: float, stop: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while not stop() and time.monotonic() < end:
        time.sleep(0.1)
