"""A W&B run that was resumed offline is one run, in however many folders: the newest counts."""

import itertools
import os
import shutil

import pyarrow.csv
import pytest
import wandb
from stores import study, write_store

from sweeps import cli
from sweeps.mirror.follow import mirror
from sweeps.mirror.run import Run
from sweeps.wandb_import.resumed import one_each
from sweeps.wandb_import.runs import opened

KEYS = (
    "--cell",
    "config.model",
    "--task",
    "config.dataset",
    "--seed",
    "config.seed",
    "--measure",
    "summary.acc",
)


@pytest.fixture(autouse=True)
def nobody_is_logged_in(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("WANDB") or name == "NETRC"]:
        monkeypatch.delenv(name)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    monkeypatch.chdir(tmp_path / "home")


def make(folder, lines, project="demo", config=None, exit_code=0, step=0):
    """One offline folder of the run `again`; returns its file. lines: what it logs, one a step."""
    folder.mkdir(parents=True)
    run = wandb.init(
        mode="offline",
        dir=folder,
        project=project,
        id="again",
        resume="allow",
        config={"model": "lstm", "dataset": "mnist", "seed": 0} | (config or {}),
        settings=wandb.Settings(silent=True, x_disable_stats=True, x_save_requirements=False),
    )
    for i, line in enumerate(lines, start=step):
        run.log(line, step=i)
    run.finish(exit_code=exit_code)
    wandb.teardown()  # else the end of the file may still be on its way
    (file,) = folder.glob("wandb/offline-run-*/*.wandb")
    return file


def read(folder):
    with opened(str(folder)) as runs:
        return [(run, run.history()) for run in runs]


def column(history, name):
    return [line.get(name) for line in history]


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a"), ("b", "c", "a")])
def test_folders_of_one_run_are_one_row_of_the_table_whatever_their_order(names, tmp_path, capsys):
    folders = [tmp_path / "w" / name for name in names]
    make(folders[0], [{"acc": 0.5}, {"acc": 0.85}])
    for folder, last in zip(folders[1:], (0.9, 0.95), strict=False):
        make(folder, [{"acc": last}])
    code = cli.main(["import-wandb", str(tmp_path / "w"), "--table", str(tmp_path / "t.csv"), *KEYS])
    said = capsys.readouterr().out
    assert code == 0, said
    rows = pyarrow.csv.read_csv(tmp_path / "t.csv").to_pylist()
    assert [(row["run"], row["acc"], row["status"]) for row in rows] == [
        ("again", 0.9 if len(names) == 2 else 0.95, "finished")
    ]
    assert "1 runs were resumed, in a folder each time" in said
    assert "repeat the cell" not in said


def test_curves_are_joined_by_step_and_the_newer_value_counts(tmp_path):
    make(
        tmp_path / "w" / "b",
        [{"acc": 0.1, "loss": 9}, {"acc": 0.2}, {"acc": 0.3}],
        config={"note": "old", "x": 1},
    )
    make(tmp_path / "w" / "a", [{"acc": 0.25}, {"acc": 0.35}, {"acc": 0.4}], config={"note": "new"}, step=1)
    ((run, history),) = read(tmp_path / "w")
    assert column(history, "_step") == [0, 1, 2, 3]
    assert column(history, "acc") == [0.1, 0.25, 0.35, 0.4]
    assert (run.config["note"], run.config["x"], run.config["model"]) == ("new", 1, "lstm")
    assert (run.summary["acc"], run.summary["loss"], run.folders) == (0.4, 9, 2)


def test_a_newer_folder_that_is_torn_or_shorter_keeps_what_the_older_one_had(tmp_path):
    make(tmp_path / "older", [{"acc": i / 10} for i in range(6)])
    file = make(tmp_path / "newer", [{"acc": 0.9}], config={"model": "gru"}, exit_code=1)
    whole = file.read_bytes()
    for length in (*range(0, len(whole), 211), len(whole)):
        both = tmp_path / f"both-{length}"
        shutil.copytree(tmp_path / "newer", both / "z")
        shutil.copytree(tmp_path / "older", both / "y")
        (copy,) = (both / "z").glob("wandb/offline-run-*/*.wandb")
        copy.write_bytes(whole[:length])
        ((run, history),) = read(both)
        assert run.id == "again"
        assert run.state in ("crashed", "failed")
        assert len(history) == 6
        assert run.summary["acc"] in (0.5, 0.9)
        assert column(history, "acc")[1:] == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert (run.state, run.summary["acc"], history[0]["acc"]) == ("failed", 0.9, 0.9)
    assert run.config["model"] == "gru"


def test_a_folder_that_names_no_entity_belongs_to_the_one_that_has_its_id_and_project():
    def run(entity, project="p", name="x"):
        return Run(id=name, project=project, entity=entity, config={}, summary={}, history=list)

    def keys(*runs):
        return [(run.id, run.project, run.entity, run.folders) for run in one_each(runs)]

    assert keys(run(""), run("me")) == [("x", "p", "me", 2)]
    assert keys(run("", ""), run("me")) == [("x", "p", "me", 2)]
    assert keys(run("me"), run("you")) == [("x", "p", "me", 1), ("x", "p", "you", 1)]
    assert [key[3] for key in keys(run("me"), run("you"), run(""))] == [1, 1, 1]
    assert keys(run("me"), run("me", name="y"), run("", "")) == [("x", "p", "me", 2), ("y", "p", "me", 1)]


def test_runs_of_one_id_in_two_projects_are_two(tmp_path):
    make(tmp_path / "w" / "a", [{"acc": 0.1}], project="one")
    make(tmp_path / "w" / "b", [{"acc": 0.2}], project="two")
    assert [run.summary["acc"] for run, _ in read(tmp_path / "w")] == [0.1, 0.2]


def test_a_trial_of_ours_that_lies_there_twice_is_read_once_and_whole(tmp_path, capsys):
    store = write_store(
        tmp_path, study(cells=("lstm", "lstm_again", "rnn"), tasks=("adding",), seeds=2, search=1)
    )
    assert mirror(store, mode="offline").failed == 0
    trials = len(store.planned(["trial_id"]).rows)
    both = tmp_path / "both"
    shutil.copytree(store.path / "wandb", both / "a")
    shutil.copytree(store.path / "wandb", both / "b")
    for copy in itertools.islice((both / "b").rglob("*.wandb"), 3):
        copy.write_bytes(copy.read_bytes()[:200])
    code = cli.main(["import-wandb", str(both), "--results", str(tmp_path / "r")])
    said = capsys.readouterr().out
    assert code == 0, said
    assert f"{trials} trials in" in said
    assert "truncated" not in said
