"""W&B as a mirror of the results store: one W&B run a trial, online or offline, restartable.

    results/STUDY/trials, curves  -->  mirror  -->  W&B server         (mode online)
                                               -->  results/STUDY/wandb (mode offline)

The store is the truth and this is a leaf: it reads the store, nothing reads it, and whatever happens
to W&B happens to nobody else. A ledger beside the offline runs says which trials a destination has:

    results/STUDY/wandb/mirrored-*.jsonl    {"trial_id": ..., "status": ..., "destination": ..., "url": ...}

One more run holds what the study declared, so that who has but W&B has all of it (`sweeps/wandb_import.py`).
A line is written after its run was finished, so a mirror that was killed repeats at most the runs it
had open. A repetition replaces: W&B keys a run's lines by run id and offset, and an offline run takes
its directory's name from the run id. A trial that failed and was run again replaces its run likewise.

Beside the readers of what it wrote (`sweeps/wandb_reader.py`, `wandb_files.py`) this is the only file that
imports wandb. During a sweep it runs as a process of its own, which `sweeps/mirror_process.py` starts:

    python -m sweeps.mirror --results DIR --study NAME --mode auto --follow
"""

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import wandb
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sweeps import locks, wandb_settings
from sweeps.errors import InputError
from sweeps.mirror_process import repair
from sweeps.printed import word
from sweeps.store import UNRECORDED, Declaration, Store, read_part, writing
from sweeps.wandb_runs import CURVE, DECLARATION, Row, config_of, summary_of
from sweeps.wandb_settings import RUN_VARIABLES

Mode = Literal["online", "offline"]

PROJECT = "lstm-variants"
READABLE = 100  # characters of a run's id; W&B allows 128 in all
INIT_TIMEOUT = 15.0  # seconds until a server that does not answer counts as down
FINISH_TIMEOUT = 30.0
POLL = 2.0  # seconds between two looks at the store while following
PAUSES = (5.0, 15.0, 45.0, 120.0)  # before each retry while following, the last for ever; a success resets
LABELS = ("stage", "cell", "task")
PLAN = ("plan", "labels", "codes")  # of a declaration: too long to look at
ENOUGH = 3  # failures in a row after which a pass gives up: the server, not the trial, is to blame
OPEN = {"online": 8, "offline": 1}  # runs open at once. Online is waiting for answers; offline is work


class MirrorError(RuntimeError):
    """W&B did not take what we gave it; the store is untouched and a later mirror repairs."""


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


# ---------------------------------------------------------------------- which mode


def connect(mode: Mode | None = None) -> wandb.Settings:
    """W&B's settings from its files and variables, without a prompt, a viewer query or a word. Raises InputError for
    one that W&B does not allow."""
    wandb_settings.check()
    settings = wandb.Settings(x_disable_viewer=True, silent=True)
    if mode:
        settings.mode = mode
    return wandb.setup(settings=settings).settings


def resolve_mode(requested: Mode | Literal["off"] | None) -> tuple[Mode | Literal["off"], str]:
    """The mode to use and, in one line, why. Never asks, never waits for a server. Raises InputError for a setting that
    W&B does not allow.

    None stands for what W&B's own settings say (WANDB_MODE, `wandb offline`, ...). Online needs
    somebody logged in, or it becomes offline, also when it was asked for: W&B never stops a sweep.
    """
    if requested == "off" or requested == "offline":
        return requested, f"W&B {requested}, as asked"
    try:
        with own_environment():
            mode = connect(requested).mode
            if mode == "disabled":
                return "off", "W&B off: its settings say disabled (WANDB_MODE or `wandb disabled`)"
            if mode in ("offline", "dryrun"):
                return "offline", "W&B offline: its settings say so (WANDB_MODE or `wandb offline`)"
            if wandb.login(prompt=False, verify=False):
                return "online", "W&B online"
            return "offline", "W&B offline: nobody is logged in (`wandb login` changes that)"
    except InputError:
        raise
    except Exception as error:  # a malformed key; whatever it is, the sweep goes on
        return "offline", f"W&B offline: its settings do not work ({one_line(error)})"
    finally:
        wandb.teardown()


# ---------------------------------------------------------------------- a trial as a run


@dataclass(frozen=True)
class Trial:
    """A row of the store with its curve, both without nulls, and with the labels that the study declares now. called:
    cell, task and stage in the row as it was written, which name
    its first run. shown: see `Now`. run: id of the run that it has already, which is made anew."""

    row: dict[str, object]
    curve: list[dict[str, object]]
    called: dict[str, object] = field(default_factory=dict)
    shown: str = ""
    run: str = ""

    @property
    def id(self) -> str:
        return str(self.row["trial_id"])

    @property
    def status(self) -> str:
        return str(self.row["status"])

    @property
    def run_id(self) -> str:
        """Readable (`wandb leet` shows some twenty characters: what differs comes first), the same at every
        attempt, and unique among all studies: twelve digits of the trial's hash end it."""
        return self.run or self.name_for(self.row | self.called)

    @property
    def name(self) -> str:
        """What people see: the same with the labels of now."""
        return self.name_for(self.row)

    def name_for(self, row: dict[str, object]) -> str:
        labels = f"{row['cell']}-{row['task']}-s{row['seed']}-{row['stage']}-{row['study']}"
        return f"{readable(labels, str(row['study']))}-{plain(self.id)[:12]}"

    @property
    def group(self) -> str:
        return f"{self.row['study']}/{self.row['task']}/{self.row['cell']}"

    @property
    def job_type(self) -> str:
        return str(self.row["stage"])

    @property
    def tags(self) -> list[str]:
        return tags(*(self.row[name] for name in ("study", "stage", "cell", "task", "status")))

    @property
    def config(self) -> dict[str, object]:
        code = {"code": self.row["code"]} if "code" in self.row else {}
        return config_of(self.row["spec"]) | code

    @property
    def summary(self) -> dict[str, object]:
        return summary_of(self.row)


@dataclass(frozen=True)
class Declared:
    """What a study declared, as a run of its own: in words for people, and whole as text, since in a config
    wandb mixes the order of the plan's stages."""

    declaration: Declaration

    curve = ()
    status = "finished"
    job_type = DECLARATION

    @property
    def digest(self) -> str:
        return hashlib.sha256(str(self.config[DECLARATION]).encode()).hexdigest()[:16]

    @property
    def run_id(self) -> str:
        return f"{DECLARATION}-{readable(self.declaration.study, self.declaration.study)}"

    @property
    def name(self) -> str:
        return self.run_id

    @property
    def group(self) -> str:
        return self.declaration.study

    @property
    def tags(self) -> list[str]:
        return tags(self.declaration.study, DECLARATION)

    @property
    def config(self) -> dict[str, object]:
        values = asdict(self.declaration)
        return {name: values[name] for name in values if name not in PLAN} | {DECLARATION: json.dumps(values)}

    @property
    def summary(self) -> dict[str, object]:
        return {}


def tags(*labels: object) -> list[str]:
    """As W&B allows them: none empty, none twice, none long."""
    return list(dict.fromkeys(str(label)[:64] for label in labels if str(label)))


def plain(text: str) -> str:
    """Without the characters that W&B, a shell or a file system minds."""
    return re.sub(r"[^A-Za-z0-9._]+", "-", text).strip("-")


def readable(text: str, study: str) -> str:
    """The text in at most `READABLE` plain characters. Where those would not tell one study from another, since its
    name has other characters or the end is cut off, eight digits of a hash of the whole text end them."""
    short = plain(text)
    if plain(study) == study and len(short) <= READABLE:
        return short
    digits = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{short[: READABLE - 9].strip('-')}-{digits}".lstrip("-")


def without_nulls(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if value is not None}


@dataclass(frozen=True)
class Now:
    """What the study declares of its trials, by id: stage, cell and task, and the code whose rows count. Nothing where
    it has no declaration that can be read."""

    called: dict[str, tuple[str, str, str]]
    counted: dict[str, str]

    @classmethod
    def of(cls, store: Store) -> "Now":
        declared = store.declared()
        return cls({}, {}) if declared is None else cls(declared.called, declared.counted)

    def labels(self, row: Row) -> Row:
        name = str(row["trial_id"])
        return dict(zip(LABELS, self.called[name], strict=True)) if name in self.called else {}

    def shown(self, name: str) -> str:
        """What a run shows beside numbers: where it shows something else it is made again. Nothing undeclared."""
        return "/".join([*self.called[name], self.counted.get(name, "")]) if name in self.called else ""


def read_trials(
    store: Store, part: Path, missing: set[str], now: Now, runs: dict[str, str]
) -> Iterator[Trial]:
    """The `missing` trials of one part, called as `now` says. A part's curves have its name, and were written before
    it."""
    curves: dict[str, list[dict[str, object]]] = {}
    path = store.path / "curves" / part.name
    if path.exists():
        for point in read_part(path, ["trial_id", *CURVE]).sort_by("step").to_pylist():
            row = {name: point.get(name) for name in CURVE}
            curves.setdefault(point["trial_id"], []).append(without_nulls(row))
    for row in read_part(part, None).to_pylist():
        if row["trial_id"] in missing:
            called = {name: row[name] for name in LABELS}
            run = runs.get(row["trial_id"], "")
            named = without_nulls(row | now.labels(row))
            yield Trial(named, curves.get(row["trial_id"], []), called, now.shown(row["trial_id"]), run)


# ---------------------------------------------------------------------- the destination


class Ledger:
    """Which trials a destination has. Append-only; a line that was cut off counts as not written."""

    def __init__(self, folder: Path, mode: Mode, destination: str):
        self.destination = destination
        name = "mirrored-offline" if mode == "offline" else f"mirrored-online-{plain(destination)}"
        path = folder / f"{name}.jsonl"
        latest: dict[str, dict[str, str]] = {}
        self.declared = ""  # digest of the declaration that is there
        text = path.read_text(errors="replace") if path.exists() else ""
        for line in text.splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                entry = json.loads(line)
                if entry.get("destination") == destination:
                    self.declared = entry.get(DECLARATION, self.declared)
                latest[entry["trial_id"]] = entry
        here = [entry for entry in latest.values() if entry.get("destination") == destination]
        self.status = {entry["trial_id"]: entry.get("status", "") for entry in here}
        self.shown = {entry["trial_id"]: entry["shown"] for entry in here if "shown" in entry}
        self.runs = {entry["trial_id"]: entry["run"] for entry in here if "run" in entry}
        self.made: set[str] = set()  # since it was opened
        self.url = next((entry["url"] for entry in reversed(here) if entry.get("url")), "")
        with writing(path):
            self.file = open(path, "a")  # noqa: SIM115 closed on exit
        if text and not text.endswith("\n"):
            self.file.write("\n")

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def lacks(self, trial_id: str, status: str, now: str, written: str) -> bool:
        """Whether a row has no run yet, or only that of an attempt that failed while this one did not, or one that
        shows something else than `now` says (older mirrors showed the labels in the row, `written`)."""
        if trial_id not in self.status or (self.status[trial_id] == "failed" != status):
            return True
        return bool(now) and self.shown.get(trial_id, written) != now

    def add(self, trial: Trial, url: str) -> None:
        self.status[trial.id], self.shown[trial.id] = trial.status, trial.shown
        self.runs[trial.id] = trial.run_id
        self.made.add(trial.id)
        entry = {"trial_id": trial.id, "status": trial.status, "shown": trial.shown, "run": trial.run_id}
        self.write(entry, url)

    def declare(self, digest: str, url: str) -> None:
        self.declared = digest
        self.write({DECLARATION: digest}, url)

    def write(self, entry: dict[str, str], url: str) -> None:
        self.url = url
        self.file.write(json.dumps(entry | {"destination": self.destination, "url": url}) + "\n")
        self.file.flush()


def upload(
    trial: Trial | Declared,
    *,
    mode: Mode,
    project: str,
    entity: str | None,
    folder: Path,
    scratch: Path,
) -> str:
    """Make the trial's run; returns the project's URL. Raises unless W&B has all of it."""
    settings = wandb.Settings(
        # Cheap: of 120 ms a run, 80 list the installed packages and 10 describe the machine.
        x_save_requirements=False,
        x_disable_stats=True,
        x_disable_meta=True,
        x_disable_machine_info=True,
        disable_git=True,
        disable_code=True,
        console="off",
        symlink=False,
        # Never a word, never for ever.
        silent=True,
        init_timeout=INIT_TIMEOUT,
        finish_timeout=FINISH_TIMEOUT,
        finish_timeout_raises=True,
    )
    run = wandb.init(
        mode=mode,
        project=project,
        entity=entity,
        dir=scratch,
        id=trial.run_id,
        name=trial.name,
        group=trial.group,
        job_type=trial.job_type,
        tags=trial.tags,
        config=trial.config,
        reinit="create_new",
        settings=settings,
    )
    run.define_metric("*", step_metric="step")
    for point in trial.curve:
        run.log(point)
    run.summary.update(trial.summary)
    directory, url = Path(run.settings.sync_dir), run.project_url
    run.finish(exit_code=int(trial.status == "failed"))
    complain(directory / "logs" / "debug-internal.log")
    for name in ("logs", "files", "tmp"):  # 50 kB a run that neither `wandb sync` nor `wandb leet` reads
        shutil.rmtree(directory / name, ignore_errors=True)
    if mode == "online":
        shutil.rmtree(directory, ignore_errors=True)
        return url or ""
    target = folder / f"offline-run-{trial.run_id}"
    shutil.rmtree(target, ignore_errors=True)  # finished by a mirror that died before its ledger line
    os.rename(directory, target)
    return ""


def complain(log: Path) -> None:
    """Raise if the upload was turned away. wandb tells nobody but its log: `finish` returns as if all
    were well when the server refuses the run's data (HTTP 4xx)."""
    with contextlib.suppress(FileNotFoundError):
        for line in log.read_text(errors="replace").splitlines():
            if '"level":"ERROR+4"' in line:
                raise MirrorError(json.loads(line).get("msg", line))


@contextlib.contextmanager
def own_environment() -> Iterator[None]:
    """Hide the variables that describe a run of the user's own, and keep wandb from reporting on itself:
    a mirror sends runs and nothing else."""
    before = {name: os.environ.pop(name, None) for name in (*RUN_VARIABLES, "WANDB_ERROR_REPORTING")}
    os.environ["WANDB_ERROR_REPORTING"] = "false"
    try:
        yield
    finally:
        del os.environ["WANDB_ERROR_REPORTING"]
        os.environ.update({name: value for name, value in before.items() if value is not None})


@contextlib.contextmanager
def locked(folder: Path, patient: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """One mirror a study, waiting for the one before while `patient()`."""
    with writing(folder / ".lock"):
        handle = open(folder / ".lock", "a")  # noqa: SIM115 closed below
    with handle:
        while True:
            if locks.try_lock(handle, "mirror"):
                break
            if not patient():
                raise MirrorError(f"another mirror is at work in {folder}")
            time.sleep(0.2)
        yield


@contextlib.contextmanager
def scratch_folder(folder: Path) -> Iterator[Path]:
    """Where runs are made before they are moved: what a killed mirror left half done is never seen."""
    for left in folder.glob(".unfinished-*"):
        shutil.rmtree(left, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=folder))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


# ---------------------------------------------------------------------- the mirror


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
        raise InputError(f"Cannot write to {folder}: {error.strerror}. Name other --results.") from None
    with contextlib.ExitStack() as stack:
        stack.enter_context(locked(folder, patient=lambda: follow and not stop()))
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


def log_in(mode: Mode, project: str | None, entity: str | None) -> tuple[str, str, str | None]:
    """Host, project and entity to use."""
    try:
        settings = connect(mode)
        project = project or settings.project or PROJECT
        wandb.Settings(project=project)
        if mode == "offline":
            return "offline", project, entity or settings.entity
        if wandb.login(prompt=False, verify=False):
            return settings.base_url, project, entity or settings.entity
    except wandb.errors.UsageError as error:
        raise InputError(f"W&B refuses the settings: {one_line(error)}.") from None
    except InputError:
        raise
    except Exception as error:
        raise MirrorError(one_line(error)) from None
    raise MirrorError("nobody is logged in to W&B (`wandb login` changes that)")


def look(store: Store, ledger: Ledger, finished: set[tuple[Path, int]], now: Now) -> dict[Path, set[str]]:
    """Parts that hold rows without a run, and these trials. Rows of code that does not count are passed over. A trial
    that several parts hold belongs to one of them, to one where it did not fail if it can. `finished` remembers parts
    to be passed over; a part may be replaced by one of its name, so its time belongs to it."""
    best: dict[str, tuple[bool, Path]] = {}
    for part in store.parts("trials"):
        stamp = (part, part.stat().st_mtime_ns)
        if stamp in finished:
            continue
        lacking = False
        for row in read_part(part, ["trial_id", "status", *LABELS, "code"]).to_pylist():
            trial, status, code = row["trial_id"], row["status"], row.get("code") or UNRECORDED
            if now.counted.get(trial, code) != code:
                continue
            if ledger.lacks(trial, status, now.shown(trial), "/".join([*(str(row[n]) for n in LABELS), ""])):
                lacking = True
                candidate = (status == "failed", part)
                best[trial] = min(best.get(trial, candidate), candidate)
        if not lacking:
            finished.add(stamp)
    missing: dict[Path, set[str]] = {}
    for trial, (_, part) in best.items():
        missing.setdefault(part, set()).add(trial)
    return missing


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


def one_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(".")


# ---------------------------------------------------------------------- commands


def command(arguments: argparse.Namespace) -> int:
    """`lstm-variants mirror STUDY [--results DIR] [--wandb online|offline] [--project P] [--entity E]`.

    Exit code 1 where W&B did not take everything, or where online was asked for and it became offline.
    """
    study = arguments.study
    store = Store(arguments.results, study)
    cure = repair(study, arguments.results, arguments.wandb, arguments.project, arguments.entity)
    if store.results.is_file():
        raise InputError(f"The results directory must be a directory; {store.results} is a file.")
    if not store.parts("trials"):
        store.declaration()  # raises, and says what is there, where the study never ran
    mode, reason = resolve_mode(arguments.wandb)
    print(reason)
    if mode == "off":
        return 0
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("runs, time left"), TimeRemainingColumn())
    try:
        with Progress(*columns, transient=True) as bar:
            task = bar.add_task("mirror", total=None)
            summary = mirror(
                store,
                mode=mode,
                project=arguments.project,
                entity=arguments.entity,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    except MirrorError as error:
        print(f"W&B: {one_line(error)}. The results are untouched; {cure}.")
        return 1
    print(summary)
    if summary.failed:
        print(f"The results are untouched; {cure}.")
    elif mode == "offline":
        print(how_to_look(store))
    return 1 if summary.failed or (arguments.wandb == "online" and mode == "offline") else 0


def how_to_look(store: Store) -> str:
    folder = store.path / "wandb"
    with contextlib.suppress(ValueError):
        folder = folder.relative_to(Path.cwd())
    place = word(folder)
    return f"Look at it here:  wandb leet {place}\nSend it to W&B:   wandb sync {place}/offline-run-*"


def main(arguments: Sequence[str] | None = None) -> int:
    """The process beside a sweep. Its last line of output is the outcome; standard input that ends means
    that the sweep has ended, however it did."""
    parser = argparse.ArgumentParser(prog="python -m sweeps.mirror", description="Mirror a study to W&B.")
    parser.add_argument("--results", required=True)
    parser.add_argument("--study", required=True)
    parser.add_argument("--mode", choices=("auto", "online", "offline"), default="auto")
    parser.add_argument("--project")
    parser.add_argument("--entity")
    parser.add_argument("--follow", action="store_true", help="until standard input ends")
    options = parser.parse_args(arguments)
    asked = None if options.mode == "auto" else options.mode
    cure = repair(options.study, options.results, asked, options.project, options.entity)
    ended = threading.Event()
    if options.follow:
        os.nice(10)  # whoever trains goes first
        threading.Thread(target=wait_for_end_of_input, args=(ended,), daemon=True).start()
    try:
        mode, reason = resolve_mode(asked)
        say(reason)
        if mode == "off":
            return 0
        summary = mirror(
            Store(options.results, options.study),
            mode=mode,
            project=options.project,
            entity=options.entity,
            follow=options.follow,
            stop=ended.is_set,
            report=say,
        )
    except KeyboardInterrupt:
        say(f"W&B: mirror interrupted; {cure}")
        return 130
    except InputError as error:  # nothing that `mirror` could repair before it is corrected
        say(f"{one_line(error)}. Then {cure}")
        return 2
    except Exception as error:
        traceback.print_exc()
        say(f"W&B: mirror failed ({one_line(error)}); {cure}")
        return 1
    say(f"{summary}; {cure}" if summary.failed else str(summary))
    return 1 if summary.failed else 0


def wait_for_end_of_input(ended: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    ended.set()


def say(line: str) -> None:
    """A line for whoever still listens: a sweep that died reads no more, and the last look goes on."""
    with contextlib.suppress(OSError):
        os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    sys.exit(main())
