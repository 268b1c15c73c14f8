"""Runs that are no trials: a study's arms, with curves and verdicts, and the study itself, with what was reported."""

import dataclasses
import json
import math
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from reported import reported as report_of
from wandb_offline import OfflineRun, read_runs
from wandb_server import Run, WandbServer

from sweeps import cli
from sweeps.mirror import which
from sweeps.mirror.arms import QUARTILES, arms, quantile, quartiles
from sweeps.mirror.follow import mirror
from sweeps.mirror.reported import Reported, against
from sweeps.mirror.study_run import study_run
from sweeps.store.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quiet_home")]


@pytest.fixture
def reported(tmp_path: Path) -> Store:
    """A study with its report."""
    return report_of(tmp_path / "results")


def runs_of(store: Store, job_type: str) -> list[OfflineRun]:
    return [run for run in read_runs(store.path / "wandb") if run.job_type == job_type]


# ---------------------------------------------------------------------- arms


def test_every_cell_on_every_task_has_a_run_with_its_numbers(reported: Store) -> None:
    assert mirror(reported, mode="offline", runs="arms").failed == 0
    made = {(run.config["cell_label"], run.config["task_label"]): run for run in runs_of(reported, "arm")}
    rows = reported.planned().rows.to_pylist()
    assert made.keys() == {(row["cell"], row["task"]) for row in rows}
    verdicts = {
        (frozenset((row["a"], row["b"])), row["task"]): row for row in Reported.of(reported).rows("verdicts")
    }
    for (cell, task), run in made.items():
        mine = [row for row in rows if (row["cell"], row["task"]) == (cell, task)]
        confirm = [row for row in mine if row["stage"] == "confirm"]
        assert run.config["stage"] == "arm"
        assert run.config["setting"]["optimizer"]["learning_rate"] == confirm[0]["optimizer.learning_rate"]
        assert (run.summary["trials"], run.summary["confirmed"]) == (len(mine), len(confirm))
        mean = statistics.fmean(max(0.0, row["test_score"] or 0.0) for row in confirm)
        assert run.summary[f"score/{task}"] == pytest.approx(mean)
        assert run.summary[f"solved/{task}"] == pytest.approx(
            statistics.fmean(row["solved"] for row in confirm)
        )
        assert {f"{name}/{task}" for name in QUARTILES} <= run.history[-1].keys()
        if cell == "lstm":
            assert run.summary["verdict"] == "reference"
            continue
        pair = verdicts[frozenset((cell, "lstm")), task]
        assert run.summary["verdict"] == (pair["verdict"] if pair["verdict"] != "different" else "worse")
        sign = -1 if pair["a"] == "lstm" else 1
        assert run.summary["difference"] == pytest.approx(sign * float(pair["value"]))
        assert run.summary["difference_low"] <= run.summary["difference"] <= run.summary["difference_high"]


def test_the_curve_of_an_arm_is_median_and_quartiles_of_its_seeds() -> None:
    finished = {"status": "finished", "diverged_step": None}
    seeds = [
        (finished, [(100, 0.2), (200, 0.4)]),
        (finished, [(100, 0.4)]),  # it had solved its task and stopped
        ({"status": "diverged", "diverged_step": 150}, [(100, 0.9), (200, 0.9)]),
        ({"status": "failed", "diverged_step": None}, []),
        (finished, [(100, -3.0), (200, 0.8)]),
    ]
    told = dict(quartiles(seeds))
    assert told[100] == (0.2, 0.0, 0.4)
    assert told[200] == (0.4, 0.0, 0.4)
    assert quantile([1.0], 0.25) == 1.0


def test_arms_are_made_again_only_where_they_changed(reported: Store) -> None:
    def stamps() -> dict[str, int]:
        return {run.id: run.path.stat().st_mtime_ns for run in read_runs(reported.path / "wandb")}

    mirror(reported, mode="offline", runs="arms")
    before = stamps()
    mirror(reported, mode="offline", runs="arms")
    assert stamps() == before
    declared = reported.declaration()
    dropped = next(ids for cell, task, ids in declared.labels["confirm"] if cell == "gru")
    plan = {stage: [i for i in ids if i != dropped[0]] for stage, ids in declared.plan.items()}
    reported.declare(dataclasses.replace(declared, plan=plan))
    mirror(reported, mode="offline", runs="arms")
    after = stamps()
    assert after.keys() == before.keys()  # one folder each, also of those that were made again
    assert sorted(i.split("-")[0] for i in before if after[i] != before[i]) == ["arm", "study"]


def test_a_verdict_is_turned_to_the_cells_side() -> None:
    row = {"a": "lstm", "b": "gru", "verdict": "different", "better": "lstm", "grade": "likely"}
    told = against(row | {"value": "0.3", "low": "0.1", "high": "0.4"}, "gru", "lstm")
    assert (told.standing, told.difference, told.low, told.high) == ("worse", -0.3, -0.4, -0.1)
    open_ = against(row | {"verdict": "", "value": "", "low": "", "high": ""}, "gru", "lstm")
    assert open_.summary == {"reference": "lstm", "grade": "likely"}


# ---------------------------------------------------------------------- the study


def test_the_study_run_has_what_was_declared_and_reported(reported: Store) -> None:
    store = reported
    assert mirror(store, mode="offline").failed == 0
    (run,) = runs_of(store, "study")
    files = run.path.parent / "files"
    assert json.loads((files / "study.json").read_text()) == vars(store.declaration())
    assert run.config["study"] == store.study
    (line,) = run.history
    figures = {f"figures/{name}" for name in Reported.of(store).figures()}
    assert figures
    assert {"verdicts", "report", *figures} <= line.keys()
    assert not {"plan", "labels", "codes"} & run.config.keys()


def test_the_config_of_the_study_run_does_not_grow_with_its_trials(reported: Store) -> None:
    declared = reported.declaration()
    plan = {"search": [f"{i:016x}" for i in range(100_000)]}
    large = dataclasses.replace(declared, plan=plan, codes={"x": plan["search"]})
    sizes = [len(json.dumps(study_run(d, Reported.of(reported)).config)) for d in (declared, large)]
    assert sizes[1] == sizes[0] < 10_000


def test_the_study_run_and_its_artifact_arrive_at_the_server_and_come_back(
    reported: Store, tmp_path: Path, wandb_server: WandbServer, capsys: pytest.CaptureFixture[str]
) -> None:
    store = reported
    summary = mirror(store, mode="online", project="p")
    assert summary.failed == 0, summary
    assert wandb_server.problems == []
    (run,) = [run for run in wandb_server.runs.values() if run.job_type == "study"]
    assert json.loads(run.files["study.json"]) == vars(store.declaration())
    assert {kept.committed for kept in wandb_server.artifacts.values()} == {True}
    assert "study" in {kept.kind for kept in wandb_server.artifacts.values()}
    assert cli.main(["import-wandb", "me/p", "--results", str(tmp_path / "there")]) == 0
    said = capsys.readouterr().out
    assert "other runs were skipped" not in said
    assert "declaration was not among" not in said
    assert vars(Store(tmp_path / "there", store.study).declaration()) == vars(store.declaration())


def test_the_arms_use_what_the_study_made(reported: Store, wandb_server: WandbServer) -> None:
    assert mirror(reported, mode="online", runs="arms").failed == 0
    assert wandb_server.problems == []
    by_kind: dict[str, list[Run]] = {}
    for run in wandb_server.runs.values():
        by_kind.setdefault(run.job_type, []).append(run)
    (design,) = [kept for kept in wandb_server.artifacts.values() if kept.kind == "design"]
    assert design.made_by == by_kind["study"][0].id
    assert sorted(design.used_by) == sorted(run.id for run in by_kind["arm"])
    assert mirror(reported, mode="online", runs="arms").failed == 0
    assert len(design.used_by) == len(by_kind["arm"])


def test_offline_arms_are_sent_with_what_they_use(reported: Store, wandb_server: WandbServer) -> None:
    """By `wandb sync`, without the run of the study: the arm that comes first gives the artifact."""
    mirror(reported, mode="offline", runs="arms")
    arms = [str(run.path.parent) for run in read_runs(reported.path / "wandb") if run.job_type == "arm"]
    for some in (arms[:1], arms[1:]):
        subprocess.run([sys.executable, "-m", "wandb", "sync", *some], check=True, capture_output=True)
    assert wandb_server.problems == []
    (design,) = [kept for kept in wandb_server.artifacts.values() if kept.kind == "design"]
    assert sorted(design.used_by) == sorted(run.id for run in wandb_server.runs.values())
    assert len(design.used_by) == len(arms)


def test_where_runs_are_is_told_again_though_none_is_of_a_trial(
    reported: Store, wandb_server: WandbServer
) -> None:
    first, second = (mirror(reported, mode="online", project="p", runs="study").where for _ in range(2))
    assert first.endswith("/me/p")
    assert second == first


@pytest.mark.parametrize(
    ("runs", "kinds"),
    [("study", {"study"}), ("arms", {"study", "arm"}), ("trials", {"study", "arm", "search", "confirm"})],
)
def test_which_runs_are_made_is_a_choice(
    reported: Store, tmp_path: Path, runs: which.Which, kinds: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    store = reported
    assert cli.main(["mirror", store.study, "--results", str(store.results), "--runs", runs]) == 0
    assert {run.job_type for run in read_runs(store.path / "wandb")} == kinds
    if runs == "arms":
        assert cli.main(["import-wandb", str(store.path / "wandb"), "--results", str(tmp_path / "r")]) == 2
        assert "--runs trials" in capsys.readouterr().err


def test_a_study_of_many_trials_gets_arms_and_is_told(
    reported: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = reported
    monkeypatch.setattr(which, "MOST", 5)
    said: list[str] = []
    mirror(store, mode="offline", report=said.append)
    assert {run.job_type for run in read_runs(store.path / "wandb")} == {"study", "arm"}
    assert any("one run per arm" in line for line in said)


def test_a_sweep_that_has_just_begun_has_a_study_and_no_arms(reported: Store) -> None:
    """No part there has the column of what is searched."""
    for folder in ("trials", "curves", "report"):
        shutil.rmtree(reported.path / folder)
    said: list[str] = []
    summary = mirror(reported, mode="offline", report=said.append)
    assert (summary.failed, said) == (0, [])
    assert [run.job_type for run in read_runs(reported.path / "wandb")] == ["study"]


def test_arms_of_a_study_without_a_report_have_no_verdict(reported: Store) -> None:
    shutil.rmtree(reported.path / "report")
    declared = reported.declaration()
    for run in arms(reported, declared, Reported.of(reported).verdicts(declared)):
        assert "verdict" not in run.summary
        assert all(not isinstance(v, float) or math.isfinite(v) for v in run.summary.values())
