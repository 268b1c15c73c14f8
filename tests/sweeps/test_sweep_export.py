"""Studies written as W&B sweep files: read back they search the same, by a sweep, by W&B and by its agent."""

import argparse
import dataclasses
import json
import math
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from studies import tiny, write_study
from wandb_server import WandbServer

from experiments import SGD, Adam, Adding, CopyMemory
from experiments.specs import has, is_spec, replace, to_json
from lstm_variants import GRU, LSTM, Initial, Layers, PeepholeLSTM, Stacked
from sweeps import cli
from sweeps.choosing import Choose
from sweeps.commands.train import trial_of, with_params
from sweeps.errors import InputError
from sweeps.overrides import overridden
from sweeps.plan import Entry
from sweeps.rules.race import race
from sweeps.spaces import choice, grid, int_uniform, log_uniform, quantised, sampled, uniform
from sweeps.stages import Stages, nothing
from sweeps.strategies.halving import halving
from sweeps.strategies.sobol import sobol
from sweeps.study import Controls, Study
from sweeps.study_file import load_study
from sweeps.sweep_export import ELSEWHERE, exported
from sweeps.sweep_file import FIXED, study_from

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")  # of a parameter, in W&B's schema
RATES = {"optimizer.learning_rate": log_uniform(1e-5, 3e-2)}
MADE_UP = {
    "everything": {
        "cells": {
            "lstm": LSTM(),
            "mine": Layers(cell=LSTM(hidden=3, initial=Initial(inputs="normal")), noise=0.1),
            "ячейка (2)": Stacked(cell=PeepholeLSTM(hidden=5), layers=2),
        },
        "tasks": {"adding": Adding(length=9), "copy.1": CopyMemory(delay=3)},
        "optimizer": SGD(learning_rate=0.3, nesterov=False),
        "search": sampled(
            {
                "optimizer.learning_rate": log_uniform(1e-5, 3e-2),
                "optimizer.clip": choice(1.0, math.inf),
                "cell.forget_bias": uniform(0, 2),
                "cell.hidden": quantised(log_uniform(8, 64), 8),
                "cell.cell.hidden": int_uniform(2, 9),
                "cell.initial": choice(Initial(), Initial(biases="normal")),
            },
            trials=5,
        ),
        "steps": {"adding": 300, "copy.1": 400},
        "evaluate_every": 50,
        "longer": {"adding": (2, 3), "copy.1": ()},
        "stop_after": 100.0,
    },
    "grid": {"search": grid({"optimizer.clip": [1, math.inf], "optimizer.b1": [0.5, 0.9], "batch": [4]})},
    "none": {"search": None, "optimizer": Adam(learning_rate=1e-5, clip=math.inf, weight_decay=1e-300)},
}


def study(changes: dict[str, object]) -> Study:
    return tiny(**changes).study


def searched(of: Study) -> list[Entry]:
    """The trials of the search, or of the confirm stage where there is none."""
    return [e for e in Stages(of).go_on(nothing) if e.stage == "search" or of.search is None]


def read_back(name: str, doc: str, of: Study) -> Study:
    back, described = study_from(exported(name, doc, of).text, f"{name}.yaml")
    assert described == doc
    return back


# ---------------------------------------------------------------------- what is read back


@pytest.mark.parametrize("name", ["quick", "ablation", "odyssey"])
def test_a_shipped_study_is_read_back_with_the_same_trials(name: str) -> None:
    loaded = load_study(name)
    made = exported(name, loaded.doc, loaded.study)
    back = read_back(name, loaded.doc, loaded.study)
    for what in ("cells", "tasks", "optimizer", "search"):
        assert getattr(back, what) == getattr(loaded.study, what)
    words = [word.removeprefix("--set ").strip("'") for word in made.options]
    whole = dataclasses.replace(overridden(back, words), choose=loaded.study.choose)
    assert whole == loaded.study


@pytest.mark.parametrize("name", MADE_UP)
def test_a_study_of_ones_own_is_read_back_with_the_same_trials(name: str) -> None:
    mine = study(MADE_UP[name])
    back = read_back("mine", "First line.\n\n  second: # line", mine)
    ours, theirs = (
        {(e.cell, e.task, replace(e.trial, "seed", 0)) for e in searched(s) if e.cell in s.cells}
        for s in (mine, back)
    )
    assert ours
    assert theirs == ours


@pytest.mark.parametrize("name", MADE_UP)
def test_a_file_keeps_to_what_wandb_takes(name: str) -> None:
    """Its schema (of the package `sweeps`) allows these names; an infinity breaks the making of runs."""
    sweep = yaml.safe_load(exported("mine", "", study(MADE_UP[name])).text)
    assert sweep.keys() <= {"name", "description", "method", "run_cap", "metric", "command", "parameters"}
    assert all(NAME.fullmatch(path) for path in sweep["parameters"])
    json.dumps(sweep, allow_nan=False)


@pytest.mark.parametrize("name", MADE_UP)
def test_an_agent_trains_the_trials_of_the_study(name: str) -> None:
    """What W&B gives an agent: each constant, and one value of what is searched."""
    mine = study(MADE_UP[name])
    sweep = yaml.safe_load(exported("mine", "", mine).text)["parameters"]
    constants = {path: options["value"] for path, options in sweep.items() if "value" in options}
    open_ = {path: options for path, options in sweep.items() if path not in ("cell", "task", *constants)}
    entries = [entry for entry in searched(mine) if entry.cell in mine.cells]
    assert entries
    for entry in entries:
        drawn = {path: value_in(entry, path, options) for path, options in open_.items()}
        params = constants | {"cell": entry.cell, "task": entry.task} | drawn
        assert replace(trial(params), "seed", entry.trial.seed) == entry.trial


def value_in(entry: Entry, path: str, options: dict[str, object]) -> object:
    """A trial's value of a field, in JSON; one that W&B might draw where the trial has no such field."""
    if not has(entry.trial, path):
        return options.get("min", 1)
    value: object = entry.trial
    for name in path.split("."):
        value = getattr(value, name)
    return to_json(value) if is_spec(value) else "inf" if value == math.inf else value


def trial(params: dict[str, object]):
    given = {
        "layers": 1,
        "optimizer": "adam",
        "seed": 0,
        "set": [],
        "params": json.dumps(params, allow_nan=False),
    }
    rest = ("cell", "task", "hidden", "length", "learning_rate", "steps", "batch", "attend")
    return trial_of(with_params(argparse.Namespace(**dict.fromkeys(rest) | given)))


def test_a_field_that_no_cell_has_is_refused_by_an_agent_too() -> None:
    told = {"cell": "gru", "task": "adding", "cell.forget_bias": 1.0, "cell.hiden": 3}
    with pytest.raises(InputError, match="Did you mean 'hidden'"):
        trial(told)


# ---------------------------------------------------------------------- what is not


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"search": halving(RATES, trials=9)}, "Halving would become another search"),
        ({"search": sobol(RATES, trials=8)}, "Sobol would become another search"),
        ({"search": grid({"batch": [4]}, seeds=3)}, "each with 3 seeds"),
        ({"search": sampled({}, trials=3)}, "needs something to search"),
        (
            {"tasks": {"a": Adding(length=4), "b": Adding(length=5)}, "only": {"b": ["lstm"]}},
            "here gru does not run on b",
        ),
        ({"search": grid({"optimizer.clip": [math.nan]})}, "its search would be read as"),
    ],
)
def test_what_would_be_another_search_is_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(InputError) as told:
        exported("mine", "", study(changes))
    assert reason in str(told.value)


def test_what_a_sweep_has_no_words_for_is_said_with_the_options_that_say_it() -> None:
    mine = study(
        {
            "confirm": race(most=64, look=16),
            "choose": Choose(best=2, seeds=3),
            "pairs": [("gru", "lstm")],
            "margin": 0.1,
            "margins": {"log_steps": 1.0},
            "seed": 3,
            "controls": Controls(same="gru", on=("adding",), unable=GRU(hidden=1)),
        }
    )
    made = exported("mine", "", mine)
    head = made.text[: made.text.index("name: mine")]
    assert all(line.startswith("#") for line in head.splitlines())
    for line in (*made.options, *made.lost):
        assert line in head
    words = [shlex.split(line)[1] for line in made.options]
    assert words == [
        *("margin=0.1", "seed=3", "confirm.most=64", "confirm.look=16", "margins.log_steps=1.0"),
        *("controls.same=gru", 'controls.on=["adding"]'),
    ]
    assert [line.partition(":")[0] for line in made.lost] == ["choose", "pairs", "controls.unable"]


@pytest.mark.parametrize("flow", [True, 16])
def test_a_study_that_measures_flow_says_so_and_loses_nothing_on_the_way(flow: bool | int) -> None:
    mine = study({"flow": flow})
    made = exported("mine", "A study.", mine)
    assert f"--set flow={flow}" in made.text
    words = [shlex.split(line)[1] for line in made.options]
    assert overridden(read_back("mine", "A study.", mine), words) == mine


def test_every_field_of_a_study_has_its_place_in_what_is_exported() -> None:
    """In the file, among the options, or among what the study in Python alone says; `only` is refused."""
    said = {"confirm", "choose", "pairs", "margins", "controls", "only"}
    assert {field.name for field in dataclasses.fields(Study)} == {
        *("cells", "tasks", "optimizer", "search"),
        *FIXED,
        *ELSEWHERE,
        *said,
    }


# ---------------------------------------------------------------------- the command


def test_the_command_writes_a_file_that_sweep_takes_and_tells_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, out = write_study(tmp_path), tmp_path / "out.yaml"
    assert cli.main(["export", str(mine), "--out", str(out), "--set", "steps=30"]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert f"sweep {out} --set confirm=2" in told.err
    assert load_study(str(out)).study.steps == 30
    assert cli.main(["export", str(mine)]) == 0
    assert yaml.safe_load(capsys.readouterr().out)["name"] == "mine"
    for name in (str(mine), str(tmp_path / "x.json"), str(tmp_path / "no" / "x.yaml")):
        assert cli.main(["export", str(mine), "--out", name]) == 2
    assert cli.main(["export", "comparable"]) == 2
    assert "Halving" in capsys.readouterr().err


class Keeping(WandbServer):
    """A server that keeps the sweep it is given."""

    kept = ""

    def answer_UpsertSweep(self, variables: dict) -> dict[str, object]:
        self.kept = variables["config"]
        project = {"id": "1", "name": "p", "entity": {"id": "1", "name": "me"}}
        return {"upsertSweep": {"sweep": {"name": "s1", "project": project}, "configValidationWarnings": []}}


@pytest.mark.slow
@pytest.mark.usefixtures("quiet_home")
def test_wandb_sweep_makes_a_sweep_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "quick.yaml").write_text(exported("quick", "", load_study("quick").study).text)
    with Keeping() as server:
        done = subprocess.run(
            [sys.executable, "-m", "wandb", "sweep", "--project", "p", str(tmp_path / "quick.yaml")],
            env=os.environ | server.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert "Creating sweep with ID: s1" in done.stderr, done.stderr
    assert yaml.safe_load(server.kept) == yaml.safe_load((tmp_path / "quick.yaml").read_text())
