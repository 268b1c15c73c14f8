"""One trial, or what a study declared, as a W&B run; and the upload of it."""

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import wandb

from sweeps.mirror.account import MirrorError, Mode
from sweeps.mirror.run import DECLARATION, config_of, summary_of
from sweeps.store.declaration import Declaration

READABLE = 100  # characters of a run's id; W&B allows 128 in all
INIT_TIMEOUT = 15.0  # seconds until a server that does not answer counts as down
FINISH_TIMEOUT = 30.0
PLAN = ("plan", "labels", "codes")  # of a declaration: too long to look at


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
def scratch_folder(folder: Path) -> Iterator[Path]:
    """Where runs are made before they are moved: what a killed mirror left half done is never seen."""
    for left in folder.glob(".unfinished-*"):
        shutil.rmtree(left, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=folder))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
