"""The run of the study itself: what it declared, and what the last report found.

    config      what the study declared, in words; without the plan, which has an id for every trial
    study.json  a file of the run: all of it, so that who has but W&B has the study (`sweeps/wandb_import/study.py`)
    verdicts    a table; figures/NAME: images; report: the page
    artifact    the tables, the declaration and the environment
    design      what was asked, which the runs of arms use (`design.py`)

What the report found is read from its files (`reported.py`); before there is one, the run has the declaration alone.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import wandb

from sweeps.mirror import names
from sweeps.mirror.design import Design
from sweeps.mirror.reported import Reported, table
from sweeps.mirror.run import DECLARED, STUDY, Row
from sweeps.mirror.sent import Sent
from sweeps.mirror.through_wandb import Fill
from sweeps.store.declaration import Declaration
from sweeps.store.store import Store

PLAN = ("plan", "labels", "codes")  # a declaration's parts that grow with the trials: in the file alone
ENVIRONMENT = (
    "commit",
    "dirty",
    "device",
    "version.project",
    "version.python",
    "version.jax",
    "version.flax",
)
LARGEST_PAGE = 20_000_000  # bytes of a report that is shown in W&B


def study_run(declared: Declaration, reported: Reported) -> Sent:
    """The run without what `filled` adds."""
    study = declared.study
    whole = json.dumps(asdict(declared))
    values = {name: value for name, value in asdict(declared).items() if name not in PLAN}
    run_id = f"{STUDY}-{names.readable(study, study)}-{names.digits(study)}"
    flat = {"study": study, "stage": STUDY, "cell_label": "", "task_label": "", "status": "finished"}
    return Sent(
        id=f"{STUDY}/{study}",
        mark=hashlib.sha256(f"{whole}{reported.stamp}".encode()).hexdigest()[:16],
        run_id=run_id,
        name=study,
        group=names.group(study),
        job_type=STUDY,
        tags=names.tags(study, STUDY),
        config=values | flat,
        summary={"trials": sum(map(len, declared.plan.values())), "planned": declared.trials},
    )


def filled(store: Store, declared: Declaration, reported: Reported, design: Design, scratch: Path) -> Fill:
    """What is put into the study's run when it is made."""

    def fill(made: Any) -> None:
        own = scratch / "declared"
        own.mkdir(exist_ok=True)
        file = own / DECLARED
        file.write_text(json.dumps(asdict(declared)), encoding="utf-8")
        made.save(str(file), base_path=str(own), policy="now", glob=False)
        made.log_artifact(design.artifact)
        if shown := media(reported):
            made.log(shown)
        made.log_artifact(artifact(store, declared, reported, file))

    return fill


def media(reported: Reported) -> dict[str, Any]:
    """Table, images and page of the report, by key."""
    columns, rows = table(reported)
    shown: dict[str, Any] = {"verdicts": wandb.Table(columns=[*columns], data=[*rows])} if columns else {}
    shown |= {f"figures/{name}": wandb.Image(str(path)) for name, path in reported.figures().items()}
    page = reported.folder / "report.html"
    if page.is_file() and page.stat().st_size <= LARGEST_PAGE:
        shown["report"] = wandb.Html(page.read_text(encoding="utf-8"), inject=False)
    return shown


def artifact(store: Store, declared: Declaration, reported: Reported, file: Path) -> wandb.Artifact:
    """The study's tables, its declaration and where it ran."""
    name = f"{STUDY}-{names.readable(declared.study, declared.study)}"
    made = wandb.Artifact(
        name=name, type=STUDY, metadata={"study": declared.study, "margin": declared.margin}
    )
    made.add_file(str(file), name=DECLARED)
    for path in sorted(reported.folder.glob("*.csv")):
        made.add_file(str(path), name=path.name)
    with made.new_file("environment.json") as out:
        json.dump(environment(store), out, indent=1)
    return made


def environment(store: Store) -> Row:
    """Under which commits, versions and devices the trials ran: each value with the number of trials."""
    rows = store.trials(list(ENVIRONMENT)).to_pylist()
    found: dict[str, Any] = {}
    for name in ENVIRONMENT:
        values = [str(row[name]) for row in rows]
        found[name] = {value: values.count(value) for value in sorted(set(values))}
    return found
