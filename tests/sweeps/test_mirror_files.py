"""Transaction logs that the mirror writes itself: the same as wandb's own, record by record, here and at the server.

A version of wandb belongs to `TESTED` once these tests pass with it.
"""

import dataclasses
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import wandb
from mirrored import STEPS, add, curve_rows, trial_row
from wandb.proto import wandb_internal_pb2
from wandb_offline import chunks, items, read_run, read_runs
from wandb_server import WandbServer

from sweeps.mirror import transaction_log
from sweeps.mirror.deliver import Place
from sweeps.mirror.design import Design
from sweeps.mirror.follow import mirror
from sweeps.mirror.run import CURVE
from sweeps.mirror.sent import Sent
from sweeps.mirror.through_wandb import write_run
from sweeps.mirror.transaction_log import framed, log_of
from sweeps.mirror.trial import Trial, without_nulls
from sweeps.store.store import Store
from sweeps.wandb_import.files import BLOCK, read_file, records

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quiet_home")]

CLOCKS = ("_timestamp", "_runtime")


def sent(**changes: object) -> Sent:
    row = trial_row(1, **changes)
    points = [{k: v for k, v in point.items() if k in CURVE and v is not None} for point in curve_rows(row)]
    return Trial(without_nulls(row), points, searched=("cell.hidden",)).sent


def both(run: Sent, folder: Path) -> tuple[Path, Path]:
    """The files of one run: ours and wandb's."""
    ours, theirs, scratch = folder / "ours", folder / "theirs", folder / "scratch"
    for place in (ours / f"offline-run-{run.run_id}", theirs, scratch):
        place.mkdir(parents=True)
    name = f"offline-run-{run.run_id}/run-{run.run_id}.wandb"
    (ours / name).write_bytes(log_of(run, project="p", entity="me"))
    place = Place(mode="offline", project="p", entity="me", folder=theirs, scratch=scratch)
    write_run(run, **vars(place))
    wandb.teardown()
    (made,) = theirs.glob("*/*.wandb")
    return ours / name, made


def parsed(path: Path) -> dict[str, list[wandb_internal_pb2.Record]]:
    """Records by type, in order."""
    found: dict[str, list[wandb_internal_pb2.Record]] = {}
    for content in chunks(path.read_bytes()):
        record = wandb_internal_pb2.Record.FromString(content)
        found.setdefault(str(record.WhichOneof("record_type")), []).append(record)
    return found


def without(values: dict[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in values.items() if name not in names}


# ---------------------------------------------------------------------- record by record


@pytest.mark.parametrize("status", ["finished", "failed"])
def test_a_file_of_ours_says_what_wandbs_own_says_field_by_field(tmp_path: Path, status: str) -> None:
    run = sent(status=status)
    ours, theirs = (parsed(path) for path in both(run, tmp_path))
    assert ours.keys() <= theirs.keys()
    versions = [found["header"][0].header.version_info for found in (ours, theirs)]
    assert versions[0].min_consumer == versions[1].min_consumer
    assert versions[1].producer.startswith(versions[0].producer)  # theirs has the commit behind it
    a, b = ours["run"][0].run, theirs["run"][0].run
    for name in ("run_id", "project", "entity", "run_group", "job_type", "display_name"):
        assert getattr(a, name) == getattr(b, name), name
    assert list(a.tags) == list(b.tags)
    configs = [
        without(items(found["run"][0].run.config.update), "_wandb")
        | without(
            {k: v for r in found.get("config", ()) for k, v in items(r.config.update).items()}, "_wandb"
        )
        for found in (ours, theirs)
    ]
    assert configs[0] == configs[1]
    assert [(m.metric.name, m.metric.glob_name, m.metric.step_metric) for m in ours["metric"]] == [
        (m.metric.name, m.metric.glob_name, m.metric.step_metric) for m in theirs["metric"]
    ]
    assert [m.metric.options for m in ours["metric"]] == [m.metric.options for m in theirs["metric"]]
    lines = [[without(items(r.history.item), *CLOCKS) for r in found["history"]] for found in (ours, theirs)]
    assert lines[0] == lines[1]
    assert [r.history.step.num for r in ours["history"]] == [r.history.step.num for r in theirs["history"]]
    summaries = [
        without(
            {k: v for r in found["summary"] for k, v in items(r.summary.update).items()}, *CLOCKS, "_wandb"
        )
        for found in (ours, theirs)
    ]
    assert summaries[0] == summaries[1]
    assert ours["exit"][0].exit.exit_code == theirs["exit"][0].exit.exit_code == int(status == "failed")


def test_what_a_run_uses_is_said_as_wandb_says_it(tmp_path: Path) -> None:
    """As where a run uses an artifact of its own making, which online alone it may."""
    (tmp_path / "design.json").write_text("{}")
    design = Design("größe", tmp_path / "design.json")
    run = dataclasses.replace(sent(), uses=design)
    (ours,) = parsed(path_of(run, tmp_path))["artifact"]
    made = wandb.init(mode="offline", project="p", entity="me", id=run.run_id, dir=tmp_path)
    made._log_artifact(design.artifact, aliases=["latest"], is_user_created=True, use_after_commit=True)
    made.finish()
    wandb.teardown()
    (theirs,) = parsed(next(tmp_path.glob("wandb/offline-run-*/*.wandb")))["artifact"]
    a, b = ours.artifact, theirs.artifact
    assert json.loads(a.metadata) == json.loads(b.metadata) == {"study": "größe"}
    assert {len(i) for i in (a.client_id, b.client_id, a.sequence_client_id)} == {128}
    for record in (a, b):
        for name in ("metadata", "client_id", "sequence_client_id"):
            record.ClearField(name)
    assert a == b


def path_of(run: Sent, folder: Path) -> Path:
    path = folder / "ours.wandb"
    path.write_bytes(log_of(run, project="p", entity="me"))
    return path


def test_clocks_are_the_trials_own() -> None:
    run = sent()
    contents, torn = records(log_of(run, project="p", entity=None))
    assert not torn
    made = [wandb_internal_pb2.Record.FromString(content) for content in contents]
    (start,) = [r.run.start_time for r in made if r.WhichOneof("record_type") == "run"]
    assert start.seconds + start.nanos / 1e9 == pytest.approx(run.started)
    lines = [items(r.history.item) for r in made if r.WhichOneof("record_type") == "history"]
    assert [line["_runtime"] for line in lines] == [line["seconds"] for line in lines]
    assert [line["_timestamp"] for line in lines] == pytest.approx(
        [run.started + line["seconds"] for line in lines]
    )
    assert [r.num for r in made] == list(range(1, len(made) + 1))


def test_what_is_not_finite_is_kept(tmp_path: Path) -> None:
    run = sent(train_loss=math.nan, valid_score=-math.inf)
    path = tmp_path / "run-x.wandb"
    path.write_bytes(log_of(run, project="p", entity=None))
    back = read_file(path)
    assert math.isnan(float(str(back.summary["train_loss"])))
    assert back.summary["valid_score"] == -math.inf


def test_records_of_every_length_are_framed_so_that_they_come_back_whole() -> None:
    for size in (*range(BLOCK - 40, BLOCK + 10), 3 * BLOCK + 5):
        contents = [b"a" * size, b"", b"b" * 20, b"c" * 3 * BLOCK, b"d"]
        assert records(framed(contents)) == (contents, False)


# ---------------------------------------------------------------------- where they go


def test_wandb_sync_makes_of_our_file_the_run_that_it_makes_of_its_own(
    tmp_path: Path, wandb_server: WandbServer
) -> None:
    runs = []
    for path in both(sent(), tmp_path):
        subprocess.run(
            [sys.executable, "-m", "wandb", "sync", str(path.parent)], capture_output=True, check=True
        )
        runs.append(wandb_server.runs.copy())
        wandb_server.runs.clear()
    (ours,), (theirs,) = (found.values() for found in runs)
    assert wandb_server.problems == []
    for name in ("id", "name", "group", "job_type", "tags", "config", "exit_code"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert [without(line, *CLOCKS) for line in ours.history] == [
        without(line, *CLOCKS) for line in theirs.history
    ]
    assert without(ours.summary, *CLOCKS, "_wandb") == without(theirs.summary, *CLOCKS, "_wandb")


def test_wandb_leet_reads_our_file(tmp_path: Path) -> None:
    run = sent()
    path = tmp_path / "run-x.wandb"
    path.write_bytes(log_of(run, project="p", entity=None))
    read = [sys.executable, "-m", "wandb", "leet", "inspect", str(path), "--json"]
    told = subprocess.run(read, capture_output=True, text=True, check=True, env=dict(os.environ))
    kinds = [json.loads(line)["type"] for line in told.stdout.splitlines()]
    assert kinds.count("history") == STEPS
    assert kinds[0] == "header"
    assert kinds[-1] == "exit"


def test_with_a_version_of_wandb_that_was_not_tested_wandb_makes_the_runs_and_it_is_said(
    quick_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction_log, "TESTED", ())
    rows = add(quick_store, range(3))
    said: list[str] = []
    assert mirror(quick_store, mode="offline", report=said.append).mirrored == 3
    assert any("it makes the runs itself" in line for line in said)
    runs = read_runs(quick_store.path / "wandb")
    assert {run.summary["trial_id"] for run in runs} == {row["trial_id"] for row in rows}
    assert {run.config["cell_label"] for run in runs} == {"lstm"}


def test_an_untested_version_uploads_runs_itself(
    quick_store: Store, wandb_server: WandbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction_log, "TESTED", ())
    add(quick_store, range(3))
    assert mirror(quick_store, mode="online", report=lambda line: None).mirrored == 3
    assert {run.finished for run in wandb_server.runs.values()} == {1}


def test_a_file_is_read_back_as_what_was_written(tmp_path: Path) -> None:
    run = sent()
    folder = tmp_path / "offline-run-x"
    folder.mkdir()
    (folder / "run-x.wandb").write_bytes(log_of(run, project="p", entity="me"))
    back = read_run(folder / "run-x.wandb")
    assert (back.id, back.name, back.entity, back.group) == (run.run_id, run.name, "me", run.group)
    assert back.config == run.config
    assert back.summary.items() >= run.summary.items()
