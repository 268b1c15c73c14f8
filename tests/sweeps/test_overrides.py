"""`--set` on a study: typed, spelt right, and recorded."""

import dataclasses
import json
import math

import pytest
from studies import tiny, write_study

from experiments import SGD, Adding, TemporalOrder
from lstm_variants import GRU, LSTM, Stacked
from sweeps import cli
from sweeps.choosing import Choose
from sweeps.errors import InputError
from sweeps.overrides import overridden
from sweeps.rules.race import race
from sweeps.spaces import grid
from sweeps.store.store import Store
from sweeps.study_file import load_study, shipped

STUDY = tiny(
    cells={"lstm": LSTM(hidden=3), "gru.deep": Stacked(cell=GRU(hidden=3))},
    tasks={"adding": Adding(length=4), "adding.long": Adding(length=8), "order": TemporalOrder()},
    steps={"adding": 20, "adding.long": 40, "order": 20},
).study


def run(capsys, *arguments):
    code = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


@pytest.mark.parametrize(
    ("setting", "read", "expected"),
    [
        ("confirm=32", lambda s: s.confirm, 32),
        ("choose=none", lambda s: s.choose, None),
        ("search=none", lambda s: s.search, None),
        ("margin=0.1", lambda s: s.margin, 0.1),
        ("stop_after=inf", lambda s: s.stop_after, math.inf),
        ("stop_after=3", lambda s: (type(s.stop_after), s.stop_after), (float, 3.0)),
        ("seed=7", lambda s: s.seed, 7),
        ("steps=500", lambda s: s.steps, 500),
        ("steps.adding.long=500", lambda s: s.steps, {"adding": 20, "adding.long": 500, "order": 20}),
        ("batch.order=8", lambda s: s.batch, {"adding": 4, "adding.long": 4, "order": 8}),
        ("longer=[2, 4]", lambda s: s.longer, (2, 4)),
        ("longer.order=[3]", lambda s: s.longer["order"], (3,)),
        ("tasks.adding.length=80", lambda s: s.tasks["adding"], Adding(length=80)),
        ("tasks.adding.long.length=80", lambda s: s.tasks["adding.long"].length, 80),
        ("cells.lstm.hidden=16", lambda s: s.cells["lstm"], LSTM(hidden=16)),
        ("cells.gru.deep.cell.hidden=5", lambda s: s.cells["gru.deep"].cell, GRU(hidden=5)),
        ("cells.lstm.initial.recurrent=glorot", lambda s: s.cells["lstm"].initial.recurrent, "glorot"),
        ("optimizer.clip=inf", lambda s: s.optimizer.clip, math.inf),
        ("controls.task=order", lambda s: s.controls.task, "order"),
        ('controls.on=["order"]', lambda s: s.controls.on, ("order",)),
        ("controls.unable.hidden=9", lambda s: s.controls.unable.hidden, 9),
        ("margins.log_steps=1", lambda s: s.margins, {"log_steps": 1.0}),
        ('only.order=["lstm"]', lambda s: s.only, {"order": ("lstm",)}),
    ],
)
def test_every_kind_of_field_is_set_by_its_path_with_its_type(setting, read, expected):
    assert read(overridden(STUDY, [setting])) == expected


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("confrim=3", "Did you mean 'confirm'"),
        ("confirm", "--set takes PATH=VALUE"),
        ("=3", "--set takes PATH=VALUE"),
        ("confirm=many", "confirm must be an integer; got 'many'"),
        ("confirm=1", "confirm >= 2"),
        ("confirm.x=1", "'confirm' has no fields of its own"),
        ("margins.log_step=1", "Did you mean 'log_steps'"),
        ("tasks.ading.length=80", "Did you mean 'adding'"),
        ("steps.ading=80", "Did you mean 'adding'"),
        ("tasks.adding.lenght=80", "Did you mean 'length'"),
        ("tasks.adding.length=1", "Adding needs length >= 4"),
        ("tasks.adding.length=8.5", "must be an integer"),
        ("tasks.adding=order", "set one of its fields, such as tasks.adding.length"),
        ("tasks=order", "set what is in it, such as tasks.adding"),
        ("cells.lstm.hiden=3", "Did you mean 'hidden'"),
        ("optimizer.momentum=0.9", "Unknown Adam field 'momentum'"),
        ("optimizer=sgd", "optimizer is a spec .Adam.; set one of its fields"),
        ("optimizer.learning_rate=0.1", "search sets optimizer.learning_rate in every trial"),
        ("seed=5000", "0 to 4000"),
    ],
)
def test_what_is_misspelt_or_would_do_nothing_is_refused_with_what_is_expected(setting, message):
    with pytest.raises(InputError, match=message):
        overridden(STUDY, [setting])


def test_a_field_of_cells_tasks_or_the_study_that_is_searched_can_not_be_set():
    study = tiny(search=grid({"cell.hidden": [3, 4], "task.length": [4, 6], "steps": [20, 30]})).study
    for setting in ("cells.gru.hidden=3", "tasks.adding.length=4", "steps=9", "steps.adding=9"):
        with pytest.raises(InputError, match="would change nothing"):
            overridden(study, [setting])
    assert overridden(study, ["optimizer.learning_rate=0.5"]).optimizer.learning_rate == 0.5


def test_settings_that_agree_only_together_are_checked_together_and_the_last_one_counts():
    study = overridden(STUDY, ['only.adding=["gru.deep"]', "controls.task=order", 'controls.on=["order"]'])
    assert study.control_task == "order"
    assert overridden(STUDY, ["confirm=3", "confirm=4"]).confirm == 4


@pytest.mark.parametrize("name", shipped())
def test_a_study_with_nothing_set_is_itself(name):
    study = load_study(name).study
    assert overridden(study, []) == study


def test_another_optimizer_has_its_own_fields():
    study = tiny(optimizer=SGD(learning_rate=0.1), search=None).study
    assert overridden(study, ["optimizer.nesterov=false"]).optimizer == SGD(learning_rate=0.1, nesterov=False)


@pytest.mark.slow
def test_a_sweep_runs_what_was_set_and_everything_that_reads_it_says_so(tmp_path, capsys):
    path = write_study(tmp_path, name="mine")
    where = [path, "--results", tmp_path / "results"]
    settings = ["--set", "confirm=3", "--set", "tasks.adding.length=5"]
    code, out = run(capsys, "plan", *where, *settings, "--workers", "0")
    assert (code, "overrides: confirm=3, tasks.adding.length=5" in out) == (0, True), out
    code, out = run(capsys, "sweep", *where, *settings, "--seed", "2", "--workers", "0", "--wandb", "off")
    assert (code, "15 of 15 trials" in out) == (0, True), out
    store = Store(tmp_path / "results", "mine")
    assert store.declaration().overrides == ["confirm=3", "tasks.adding.length=5", "seed=2"]
    assert set(store.trials(["task.length"])["task.length"].to_pylist()) == {5}
    sentence = "Differs from its file: run with --set confirm=3, tasks.adding.length=5, seed=2."
    for command in ("status", "report"):
        code, out = run(capsys, command, *where)
        assert (code, sentence in out) == (0, True), out
    assert sentence in (store.path / "report" / "report.md").read_text()

    declared = json.loads((store.path / "study.json").read_text())
    del declared["overrides"]  # as older versions wrote it
    (store.path / "study.json").write_text(json.dumps(declared))
    code, out = run(capsys, "status", *where)
    assert (code, "Differs from its file" in out) == (0, False), out


def test_a_sweep_refuses_a_misspelt_setting_before_it_writes_anything(tmp_path, capsys):
    where = ["quick", "--results", tmp_path / "results", "--workers", "0", "--wandb", "off"]
    code, out = run(capsys, "sweep", *where, "--set", "tasks.adding_06.length=80")
    assert (code, "Did you mean 'adding_60'" in out) == (2, True), out
    assert not (tmp_path / "results").exists()


def test_a_race_takes_its_own_fields_or_a_fixed_number_in_its_place():
    racing = dataclasses.replace(STUDY, confirm=race(), choose=Choose())
    assert overridden(racing, ["confirm.most=256", "confirm.look=16"]).confirm == race(most=256, look=16)
    assert overridden(racing, ["confirm=32"]).confirm == 32
    assert overridden(racing, ["choose.seeds=4"]).choose == Choose(seeds=4)
    assert overridden(racing, ["choose=none"]).choose is None
    with pytest.raises(InputError, match="confirm must be an integer; got 'many'"):
        overridden(racing, ["confirm=many"])
