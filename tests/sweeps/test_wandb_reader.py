"""W&B read back: what the mirror wrote becomes the same frames again, and anybody's runs a table for verdicts.

Offline runs are real files of wandb; the server is the stand-in of tests/support. Nothing here reaches W&B.
"""

import dataclasses
import json
import os
import shutil
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow.csv
import pyarrow.parquet
import pytest
import wandb
from pandas.testing import assert_frame_equal
from stores import declare, diverged, scored, study, trial_row, write_store
from wandb_offline import read_runs
from wandb_server import Run, WandbServer

from analysis.study.results import load
from analysis.user_table.read import read
from analysis.user_table.table import Asked, taken
from experiments.optimizers import Adam
from experiments.specs import canonical
from experiments.tasks import TASKS
from experiments.trial import Trial as Spec
from lstm_variants import CELLS
from sweeps import cli
from sweeps.errors import InputError
from sweeps.mirror.follow import mirror
from sweeps.mirror.run import spec_columns, summary_of
from sweeps.mirror.trial import Trial, without_nulls
from sweeps.rows import flatten_spec
from sweeps.store import schema
from sweeps.store.store import Store
from sweeps.wandb_import import runs as wandb_reader
from sweeps.wandb_import.files import BLOCK, find, read_file, records

pytestmark = pytest.mark.slow

SMALL = {"cells": ("lstm", "lstm_again", "rnn"), "tasks": ("adding",), "seeds": 3, "search": 2}


@pytest.fixture(autouse=True)
def nobody_is_logged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("WANDB") or name == "NETRC"]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    for name, folder in (
        ("HOME", home),
        ("XDG_CONFIG_HOME", home / "config"),
        ("XDG_CACHE_HOME", home / "cache"),
    ):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    monkeypatch.chdir(home)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WandbServer]:
    with WandbServer() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A synthetic study and its offline runs."""
    store = write_store(tmp_path_factory.mktemp("mirrored"), study(**SMALL))
    assert mirror(store, mode="offline").failed == 0
    return store


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    code = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def assert_same(here: Path, there: Path, name: str) -> None:
    """The frames that `analysis` gets are equal, types too; columns may stand in another order."""
    ours, theirs = load(here, name), load(there, name)
    assert str(ours.declaration) == str(theirs.declaration)  # in the same order, too
    assert ours.left_out == theirs.left_out == 0
    for a, b in ((ours.trials, theirs.trials), (ours.curves, theirs.curves)):
        assert len(a) > 0
        assert_frame_equal(
            b[list(a.columns)].reset_index(drop=True), a.reset_index(drop=True), check_exact=True
        )
        assert set(a.columns) == set(b.columns)


# ---------------------------------------------------------------------- there and back


def test_a_study_comes_back_from_its_offline_runs_as_the_same_frames(
    mirrored: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = run(capsys, "import-wandb", mirrored.path / "wandb", "--results", tmp_path / "r")
    assert (code, "Study 'synthetic': 15 trials" in said) == (0, True), said
    assert "15 of them and 2" in said
    assert_same(mirrored.results, tmp_path / "r", "synthetic")


@pytest.mark.parametrize("mode", ["offline", "online"])
def test_every_column_of_a_row_comes_back_whatever_it_is(
    tmp_path: Path, mode: Literal["offline", "online"], request: pytest.FixtureRequest
) -> None:
    """Columns that no config says, numbers that JSON lacks, text that looks like a number, nulls."""
    odd = {
        "cell.hidden": 32,
        "cell.forget_bias": 1.0,
        "optimizer.clip": float("inf"),
        "task.sizes": "[1, 2]",
        "task.name": "1e5",
        "stop_after": float("-inf"),
    }
    spec = {
        "cell": {"type": "LSTM", "hidden": 32, "forget_bias": 1.0},
        "optimizer": {"type": "Adam", "clip": "inf"},
        "task": {"type": "Adding", "sizes": [1, 2], "name": "1e5"},
        "stop_after": "-inf",
        "seed": 3,
    }
    text = json.dumps(spec, sort_keys=True, separators=(",", ":"))
    longer = {"test_score_x2": 1.0, "test_error_x2": None, "precision": "float32"}
    rows = [
        scored(0.5, seed=3, **odd, **longer) | {"spec": text, "test_error_x2": 0.5},
        diverged(seed=4, **odd, **longer) | {"train_loss": None, "valid_score": float("nan")},
        trial_row(seed=5, status="failed", error="ValueError: no", memory_bytes=None, **odd, **longer),
    ]
    store = Store(tmp_path / "a", "synthetic").prepare()
    points = [
        dict.fromkeys(schema.CURVE_COLUMNS)
        | {
            name: row[name]
            for name in ("schema_version", "trial_id", "study", "stage", "cell", "task", "seed")
        }
        | {"step": step, "train_loss": 0.75, "valid_score": 0.1 * step, "gradient_norm": norm, "seconds": 1.5}
        for row in rows
        for step, norm in ((1, None), (2, 1e-300))
    ]
    store.append(rows, points)
    store.declare(declare(rows, cells=("lstm",), tasks=("adding",)))
    if mode == "online":
        request.getfixturevalue("server")
    assert mirror(store, mode=mode, project="p").failed == 0
    source = str(store.path) if mode == "offline" else "me/p"
    assert cli.main(["import-wandb", source, "--results", str(tmp_path / "b")]) == 0
    assert_same(tmp_path / "a", tmp_path / "b", "synthetic")
    back = load(tmp_path / "b", "synthetic").trials.set_index("seed")
    assert back.loc[3, "spec"] == text
    assert back.loc[3, "optimizer.clip"] == float("inf")
    assert pd.isna(back.loc[4, "train_loss"])  # and not the curve's last


@pytest.mark.parametrize("cell", CELLS)
def test_the_spec_of_a_trial_is_written_once_as_text_and_gives_its_columns(cell: str) -> None:
    spec = Spec(
        cell=CELLS[cell](), task=TASKS["adding"](), optimizer=Adam(learning_rate=1.0), longer=(2, 4), seed=3
    )
    columns = flatten_spec(spec)
    carried = {name: value for name, value in summary_of(columns).items() if value is not None}
    types = {"cell.type", "task.type", "tolerance"}
    assert set(carried) == {"spec", "precision", *types}  # precision is no part of the text at its default
    rebuilt = spec_columns(json.loads(canonical(spec))) | carried
    assert rebuilt == columns
    assert {name: type(value) for name, value in rebuilt.items()} == {n: type(v) for n, v in columns.items()}


def test_the_declaration_is_one_run_that_grows_with_the_plan(tmp_path: Path) -> None:
    made = study(**SMALL)
    store = write_store(tmp_path, made)
    early = {"search": made.declaration.plan["search"]}
    grown = made.declaration.plan
    for plan, there in ((early, 15), (grown, 15), (grown, 15)):
        store.declare(dataclasses.replace(made.declaration, plan=plan))
        summary = mirror(store, mode="offline")
        assert (summary.present + summary.mirrored, summary.failed) == (there, 0)
        (run,) = [run for run in read_runs(store.path / "wandb") if run.job_type == "study"]
        assert json.loads((run.path.parent / "files" / "study.json").read_text())["plan"] == plan
        assert run.config["margin"] == made.declaration.margin
        assert "plan" not in run.config
    lines = (store.path / "wandb" / "mirrored-offline.jsonl").read_text().splitlines()
    assert sum('"other": "study/' in line for line in lines) == 2


def test_a_mirror_beside_a_sweep_declares_at_once_and_again_when_the_sweep_ends(tmp_path: Path) -> None:
    made = study(**SMALL)
    plan = made.declaration.plan
    store = write_store(tmp_path, made)
    seen: list[object] = []

    def declared() -> list[object]:
        found = [run for run in read_runs(store.path / "wandb") if run.job_type == "study"]
        return [json.loads((run.path.parent / "files" / "study.json").read_text())["plan"] for run in found]

    def sweep_has_ended() -> bool:
        seen.append(declared())
        if len(seen) > 1:
            store.declare(dataclasses.replace(made.declaration, plan=plan | {"confirm": ["more"]}))
        return len(seen) > 1

    assert mirror(store, mode="offline", follow=True, stop=sweep_has_ended).failed == 0
    assert seen[:2] == [[], [plan]]
    assert declared() == [plan | {"confirm": ["more"]}]


def test_without_the_declaration_the_rows_make_one_and_it_is_said(
    mirrored: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(mirrored.path / "wandb", tmp_path / "wandb")
    for folder in (tmp_path / "wandb").glob("offline-run-*-study-*"):
        shutil.rmtree(folder)
    code, said = run(capsys, "import-wandb", tmp_path / "wandb", "--results", tmp_path / "r")
    assert code == 0
    assert "declaration was not among the runs" in said
    back, made = load(tmp_path / "r", "synthetic"), load(mirrored.results, "synthetic")
    assert back.declaration.margin == made.declaration.margin
    assert set(back.declaration.cells) == set(made.declaration.cells)
    assert {k: set(v) for k, v in back.declaration.plan.items()} == {
        k: set(v) for k, v in made.declaration.plan.items()
    }
    assert back.declaration.same == back.declaration.different == []
    assert len(back.trials) == len(made.trials)


def test_an_import_goes_on_where_it_was_and_writes_nothing_twice(
    mirrored: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    some = sorted((mirrored.path / "wandb").glob("offline-run-*"))
    trials = [f for f in some if "-study-" not in f.name and "-arm-" not in f.name]
    for folder in [*trials[:4], *[f for f in some if "-study-" in f.name]]:
        shutil.copytree(folder, tmp_path / "wandb" / folder.name, dirs_exist_ok=True)
    to = ("--results", tmp_path / "r")
    count = 4
    code, said = run(capsys, "import-wandb", tmp_path / "wandb", *to)
    assert (code, f"{count} trials" in said) == (0, True), said
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "r").rglob("*.parquet")}
    code, said = run(capsys, "import-wandb", mirrored.path, *to)
    assert (code, f"{15 - count} of them" in said) == (0, True), said
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in before.items())
    assert_same(mirrored.results, tmp_path / "r", "synthetic")
    code, said = run(capsys, "import-wandb", mirrored.path, *to)
    assert (code, "15 trials" in said, "0 of them" in said) == (0, True, True), said


def test_a_trial_that_failed_gives_way_to_the_one_that_did_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = trial_row(seed=1, status="failed", error="out of memory")
    again = scored(0.5, seed=1)
    assert failed["trial_id"] == again["trial_id"]
    for name, row in (("a", failed), ("b", again)):
        store = Store(tmp_path / name, "synthetic").prepare()
        store.append([row], [])
        assert mirror(store, mode="offline").failed == 0
        shutil.copytree(store.path / "wandb", tmp_path / "both" / name)
    for source, new, status in (
        ("a", 1, "failed"),
        ("both", 1, "finished"),
        ("both", 0, "finished"),
        ("a", 0, "finished"),
    ):
        code, said = run(capsys, "import-wandb", tmp_path / source, "--results", tmp_path / "r")
        assert (code, f"{new} of them" in said) == (0, True), said
        assert load(tmp_path / "r", "synthetic").trials["status"].tolist() == [status]


def test_an_older_declaration_does_not_replace_a_newer_one(mirrored: Store, tmp_path: Path) -> None:
    shutil.copytree(mirrored.path / "trials", tmp_path / "synthetic" / "trials")
    store = Store(tmp_path, "synthetic")
    newer = mirrored.declaration()
    newer.plan["confirm"].append("one more")
    store.declare(newer)
    assert cli.main(["import-wandb", str(mirrored.path), "--results", str(tmp_path)]) == 0
    assert store.declaration() == newer


def test_results_that_ran_here_are_not_mixed_with_what_comes_from_elsewhere(
    mirrored: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = write_store(tmp_path, study(**SMALL | {"seed": 8}))
    before = {path: path.read_bytes() for path in store.path.rglob("*") if path.is_file()}
    code, said = run(capsys, "import-wandb", mirrored.path, "--results", tmp_path)
    assert (code, "15 trials that the runs do not have" in said) == (2, True), said
    assert {path: path.read_bytes() for path in store.path.rglob("*.parquet")}.items() <= before.items()
    assert (store.path / "study.json").read_bytes() == before[store.path / "study.json"]


# ---------------------------------------------------------------------- the files


def test_our_reader_and_the_tests_own_see_the_same(mirrored: Store) -> None:
    runs = {read.id: read for read in map(read_file, find(mirrored.path))}
    others = read_runs(mirrored.path / "wandb")
    assert len(runs) == len(others) == 15 + 3 + 1  # trials, arms, study
    for other in others:
        ours = runs[other.id]
        assert (ours.config, ours.summary, ours.job_type) == (other.config, other.summary, other.job_type)
        lines = [
            {k: v for k, v in line.items() if k not in ("_timestamp", "_runtime")} for line in ours.history()
        ]
        assert lines == other.history
        assert (ours.state, ours.torn) == ("finished", False)


def test_a_file_cut_off_anywhere_gives_its_whole_records(mirrored: Store) -> None:
    path = max(find(mirrored.path), key=lambda path: path.stat().st_size)
    data = path.read_bytes()
    whole, torn = records(data)
    assert not torn
    counts = []
    for end in range(0, len(data), 7):
        found, torn = records(data[:end])
        assert found == whole[: len(found)]
        assert torn or sum(map(len, found)) + 7 * (len(found) + 1) == end  # or it ends just after a record
        counts.append(len(found))
    assert counts == sorted(counts)
    assert counts[-1] >= len(whole) - 1


def test_records_are_found_wherever_a_block_ends() -> None:
    """All of them, for every rest of a block that is too short for a chunk's header, or for anything else."""
    for size in range(BLOCK - 40, BLOCK + 10):
        contents = [b"a" * size, b"b" * 20, b"c" * 3 * BLOCK, b"d"]
        assert records(framed(contents)) == (contents, False)


def framed(contents: list[bytes]) -> bytes:
    """A file with these records, written as LevelDB describes its log."""
    data = b":W&B" + struct.pack("<HB", 0xBEE1, 0)
    for content in contents:
        begun = False
        while content or not begun:
            left = BLOCK - len(data) % BLOCK
            if left < 7:
                data += bytes(left)
                continue
            piece, content = content[: left - 7], content[left - 7 :]
            kind = {(False, True): 1, (False, False): 2, (True, False): 3, (True, True): 4}[
                begun, not content
            ]
            data += struct.pack("<IHB", zlib.crc32(bytes([kind]) + piece), len(piece), kind) + piece
            begun = True
    return data


def test_records_longer_than_a_block_and_damage_inside_are_told_from_each_other(tmp_path: Path) -> None:
    """A line of 100 kB spans four blocks; one flipped bit ends the reading before it."""
    with wandb.init(mode="offline", dir=tmp_path, project="p", settings=wandb.Settings(silent=True)) as long:
        long.log({"text": "x" * 100_000})
        long.log({"text": "y"})
    wandb.teardown()
    (path,) = find(tmp_path)
    data = bytearray(path.read_bytes())
    assert len(data) > 3 * BLOCK
    read = read_file(path)
    assert [len(str(line["text"])) for line in read.history()] == [100_000, 1]
    assert (read.state, read.torn) == ("finished", False)
    assert records(bytes(data[:BLOCK]))[1]  # between two pieces of the line
    data[2 * BLOCK + 100] ^= 1
    path.write_bytes(data)
    read = read_file(path)
    assert (read.history(), read.state, read.torn) == ([], "crashed", True)


def test_torn_files_are_counted_and_the_others_read(
    mirrored: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(mirrored.path / "wandb", tmp_path / "wandb")
    torn = [path for path in find(tmp_path) if path.name.startswith(("run-lstm-", "run-gru-"))][1:3]
    for path, end in zip(torn, (0.5, 0.9999), strict=True):
        data = path.read_bytes()
        path.write_bytes(data[: int(end * len(data))])
    code, said = run(capsys, "import-wandb", tmp_path / "wandb", "--results", tmp_path / "r")
    assert "2 runs have truncated files; 1 of them have no row" in said
    assert code == 1  # one trial is lost
    back = load(tmp_path / "r", "synthetic")
    assert len(back.trials) == 14
    assert sum(map(len, back.declaration.plan.values())) == 15  # so that the report says: incomplete


# ---------------------------------------------------------------------- online


def test_a_study_comes_back_from_the_server(
    server: WandbServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = write_store(tmp_path / "here", study(**SMALL))
    assert mirror(store, mode="online", project="p").failed == 0
    server.runs["mine"] = Run(id="mine", project="p", config={"a": 1}, exit_code=0)
    monkeypatch.setattr(wandb_reader, "PAGE", 7)
    code, said = run(capsys, "import-wandb", "me/p", "--study", "synthetic", "--results", tmp_path / "there")
    assert code == 0, said
    assert "1 other runs were skipped" in said
    assert server.requests.count("Runs") == 3
    assert server.problems == []
    assert_same(tmp_path / "here", tmp_path / "there", "synthetic")


@pytest.mark.parametrize("own", [{}, {"WANDB_DIR": "mine", "WANDB_MODE": "disabled"}])
def test_nothing_is_left_behind_by_reading_online(
    server: WandbServer, monkeypatch: pytest.MonkeyPatch, own: dict[str, str]
) -> None:
    server.runs["a"] = Run(id="a", project="p", config={"x": 1}, summary={"y": float("nan")}, exit_code=0)
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    with wandb_reader.opened("me/p") as runs:
        assert [(run.id, run.config, run.summary, run.state) for run in runs] == [
            ("a", {"x": 1}, {"y": "NaN"}, "finished")
        ]
        assert runs[0].history() == []
    assert dict(os.environ) == before
    assert not (Path.home() / "me").exists()


def test_online_without_a_login_is_refused_and_not_asked_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    started = time.monotonic()
    code, said = run(capsys, "import-wandb", "me/p", "--results", tmp_path)
    assert (code, "not logged in" in said, "no folder 'me/p'" in said) == (2, True, True), said
    assert time.monotonic() - started < 10


def test_a_project_that_is_not_there_is_named(
    server: WandbServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = run(capsys, "import-wandb", "me/q", "--results", tmp_path)
    assert (code, "no project me/q" in said) == (2, True), said


def test_a_process_of_wandb_that_does_not_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = threading.Event()
    monkeypatch.setattr(wandb, "teardown", stuck.wait)
    monkeypatch.setattr(wandb_reader, "GRACE", 0.05)
    wandb_reader.hang_up()
    assert any(t.is_alive() and t.daemon for t in threading.enumerate() if t is not threading.main_thread())
    stuck.set()


@pytest.mark.slow
@pytest.mark.parametrize("trouble", ["down", "slow", "refuses", "slow later"])
def test_a_server_in_trouble_ends_the_import_in_time(
    server: WandbServer,
    tmp_path: Path,
    trouble: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = write_store(tmp_path / "here", study(**SMALL))
    if trouble == "slow later":
        assert mirror(store, mode="online", project="p").failed == 0
        page = server.answer_HistoryPage

        def stuck(variables: dict) -> dict[str, object]:
            server.delay = 60.0
            return page(variables)

        monkeypatch.setattr(server, "answer_HistoryPage", stuck)
    elif trouble == "refuses":
        server.refuse["/graphql"] = 500
    else:
        server.down = trouble == "down"
        server.delay = 60.0 if trouble == "slow" else 0.0
    monkeypatch.setattr(wandb_reader, "TIMEOUT", 1)
    started = time.monotonic()
    code, said = run(capsys, "import-wandb", "me/p", "--results", tmp_path / "there")
    assert code == 1, said
    assert "W&B: " in said
    assert time.monotonic() - started < 40


# ---------------------------------------------------------------------- runs of others


def others(server: WandbServer) -> None:
    """Two models, two data sets, two seeds; one run crashed, one diverged, one is at work, one is another thing."""
    for model in ("lstm", "gru"):
        for data in ("adding", "copy"):
            for seed in (0, 1):
                name = f"{model}-{data}-{seed}"
                config = {"model": {"name": model, "width": 8}, "dataset": data, "seed": seed}
                summary = {"test_acc": 0.5 + seed / 10, "eval.f1": seed, "_runtime": 3, "best": {"max": 0.75}}
                server.runs[name] = Run(
                    id=name, project="theirs", config=config, summary=summary, exit_code=0
                )
    server.runs["gru-copy-1"].exit_code, server.runs["gru-copy-1"].state = None, "crashed"
    del server.runs["gru-copy-1"].summary["test_acc"]
    server.runs["lstm-copy-0"].summary["test_acc"] = float("nan")
    server.runs["lstm-copy-1"].exit_code = None
    server.runs["notes"] = Run(
        id="notes", project="theirs", config={"purpose": "look", "seed": None}, exit_code=0
    )


KEYS = {
    "cell": "config.model.name",
    "task": "config.dataset",
    "seed": "config.seed",
    "measure": "summary.test_acc",
}


def options(**changes: object) -> list[object]:
    return [word for name, key in (KEYS | changes).items() if key for word in (f"--{name}", key)]


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_runs_of_others_become_a_tidy_table(
    server: WandbServer, tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    others(server)
    out = tmp_path / f"table{suffix}"
    more = (
        "--measure",
        "summary.eval.f1",
        "--measure",
        "summary.best.max",
        "--where",
        "config.model.width=8",
    )
    code, said = run(capsys, "import-wandb", "me/theirs", "--table", out, *options(), *more)
    assert code == 0, said
    assert "8 of 9 runs" in said
    assert "1 diverged, 1 failed, 5 finished, 1 running" in said
    assert f"lstm-variants verdicts {out} --measure test_acc" in said.replace("\n", " ")
    read = pyarrow.parquet.read_table if suffix == ".parquet" else pyarrow.csv.read_csv
    rows = read(out).to_pandas().set_index("run")
    assert list(rows.columns) == [
        "cell",
        "task",
        "seed",
        "status",
        "test_acc",
        "eval.f1",
        "best.max",
        "state",
    ]
    assert rows.loc["gru-adding-1"].tolist() == ["gru", "adding", 1, "finished", 0.6, 1.0, 0.75, "finished"]
    assert rows["status"].to_dict() == dict.fromkeys(rows.index, "finished") | {
        "gru-copy-1": "failed",
        "lstm-copy-0": "diverged",
        "lstm-copy-1": "running",
    }
    assert rows.index[rows["test_acc"].isna()].tolist() == ["lstm-copy-0", "gru-copy-1"]


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_verdicts_take_the_table_once_the_runs_have_ended(
    server: WandbServer, tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    others(server)
    out = tmp_path / f"table{suffix}"
    asked = Asked(measure="test_acc", margin=0.05)
    chosen = ("--where", "id!=notes", "--where", "config.dataset!=adding")
    code, said = run(capsys, "import-wandb", "me/theirs", "--table", out, *options(), *chosen)
    assert (code, "add --where state!=running" in said) == (0, True), said
    with pytest.raises(InputError, match="'running'"):
        taken(read(out), asked)
    code, said = run(
        capsys, "import-wandb", "me/theirs", "--table", out, *options(), *chosen, "--where", "state!=running"
    )
    assert (code, "3 of 9 runs" in said) == (0, True), said
    values = taken(read(out), asked).values
    assert values[["cell", "task", "status", "score"]].values.tolist() == [
        ["lstm", "copy", "diverged", 0.0],
        ["gru", "copy", "finished", 0.5],
        ["gru", "copy", "failed", 0.0],
    ]


def test_offline_runs_of_others_become_a_table_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for model, score, code in (("lstm", 0.5, 0), ("gru", float("nan"), 0), ("rnn", 0.25, 1)):
        settings = wandb.Settings(silent=True, console="off")
        config = {"model": model, "seed": 0}
        theirs = wandb.init(
            mode="offline", dir=tmp_path, project="theirs", id=model, config=config, settings=settings
        )
        theirs.log({"acc": 0.1})
        theirs.log({"acc": score})
        theirs.finish(exit_code=code)
    wandb.teardown()
    out = tmp_path / "table.csv"
    keys = options(cell="config.model", task="project", measure="summary.acc")
    code, said = run(capsys, "import-wandb", tmp_path / "wandb", "--table", out, *keys)
    assert code == 0, said
    rows = pyarrow.csv.read_csv(out).to_pandas().set_index("run")
    assert rows["task"].tolist() == ["theirs"] * 3
    assert rows.loc["rnn", ["status", "acc"]].tolist() == ["failed", 0.25]
    assert rows.loc["lstm", ["status", "acc"]].tolist() == ["finished", 0.5]
    assert rows.loc["gru", "status"] == "diverged"
    code, said = run(capsys, "import-wandb", tmp_path / "wandb", "--results", tmp_path / "r")
    assert (code, "None of the 3 runs was made by `lstm-variants mirror`" in said) == (2, True), said


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cell": "config.modle.name"}, "9 of 9 runs have no config.modle.name: lstm-adding-0"),
        ({"cell": "config.modle.name"}, "Nearest keys: config.model.name"),
        ({}, "1 of 9 runs have no config.model.name: notes. Nearest keys: config.model.name"),
        (
            {"where": "config.seed=0", "cell": "config.model"},
            "Name one of: config.model.name, config.model.width",
        ),
        ({"where": "config.seed=0", "measure": "summary.tset_acc"}, "Nearest keys: summary.test_acc"),
        ({"where": "config.seed=0", "measure": "config.dataset"}, "config.dataset must be a number"),
        ({"where": "id=notes", "cell": "id", "task": "id"}, "1 of 1 runs have no config.seed: notes"),
        ({"where": "config.seed=7"}, "No run has config.seed=7. Values of config.seed: 0, 1"),
        ({"where": "project!=theirs"}, "No run has project!=theirs. Values of project: theirs"),
        ({"where": "config.seed"}, "--where needs KEY=VALUE"),
        ({"cell": "model"}, "Perhaps config.model?"),
        ({"measure": "summary.status"}, "would be named 'status'"),
        ({"seed": ""}, "--table needs --seed KEY too"),
        ({"table": "table.xlsx"}, "must end in .parquet or .csv"),
        ({"table": "no/such/table.csv"}, "There is no folder"),
        ({"table": ""}, "need --table FILE"),
        ({"study": "quick"}, "not both"),
    ],
)
def test_keys_that_are_not_there_are_named_with_the_nearest_and_nothing_is_written(
    server: WandbServer,
    changes: dict[str, object],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    others(server)
    code, said = run(capsys, "import-wandb", "me/theirs", *options(**{"table": "table.csv"} | changes))
    assert (code, message in said) == (2, True), said
    assert not list(Path.home().rglob("table*"))


# ---------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "There is no folder 'nowhere', and it is not ENTITY/PROJECT"),
        (["https://wandb.ai/me/p"], "is not ENTITY/PROJECT"),
        (["{home}"], "No offline runs of W&B"),
        (["{mirrored}", "--study", "syntetic"], "Did you mean 'synthetic'?"),
        (["{text}"], "does not begin with ':W&B'"),
    ],
)
def test_a_source_that_is_none_is_named(
    mirrored: Store, tmp_path: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.wandb").write_text("not a file of W&B")
    places = {"home": Path.home(), "mirrored": mirrored.path, "text": tmp_path / "text.wandb"}
    given = [argument.format(**places) for argument in arguments]
    code, said = run(capsys, "import-wandb", *given, "--results", tmp_path / "r")
    assert (code, message in said) == (2, True), said
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": "seven"}, "'seed' must be int64; got 'seven'"),
        ({"stage": "../../x"}, "'stage' must be search or choose or confirm or single"),
        ({"study": "../x"}, "A study's name becomes a folder"),
        ({"spec": "{"}, "'spec' must be JSON"),
        ({"finished_at": "today"}, "'finished_at' must be timestamp"),
    ],
)
def test_a_run_that_was_tampered_with_writes_nothing(
    server: WandbServer,
    tmp_path: Path,
    change: dict[str, object],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    trial = Trial(without_nulls(scored(0.5)), [])
    server.runs["x"] = Run(
        id="x", project="p", config=trial.config, summary=trial.summary | change, exit_code=0
    )
    code, said = run(capsys, "import-wandb", "me/p", "--results", tmp_path / "r" / "s")
    assert (code, message in said) == (2, True), said
    assert not (tmp_path / "r").exists()


def test_several_studies_in_one_place_want_a_choice(
    server: WandbServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two"):
        trial = Trial(without_nulls(scored(0.5, study=name)), [])
        server.runs[name] = Run(id=name, project="p", config=trial.config, summary=trial.summary, exit_code=0)
    code, said = run(capsys, "import-wandb", "me/p", "--results", tmp_path)
    assert (code, "choose one with --study. There are: one (1 runs), two (1 runs)" in said) == (2, True), said
    assert run(capsys, "import-wandb", "me/p", "--study", "two", "--results", tmp_path)[0] == 0
    assert load(tmp_path, "two").trials["study"].tolist() == ["two"]
