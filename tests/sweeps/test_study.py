"""A study file is found, read, and refused with the line and the likely fix."""

import pytest
from flax import nnx
from planning import search_entries
from studies import TEXT, tiny, write_study

from experiments import Adam, Adding, TemporalOrder
from lstm_variants import LSTM, VanillaRNN, parameter_count
from sweeps import cli
from sweeps.errors import InputError
from sweeps.study import Controls
from sweeps.study_file import load_study, shipped


def test_every_shipped_study_loads_and_says_question_expectation_and_cost():
    assert "quick" in shipped()
    for name in shipped():
        loaded = load_study(name)
        assert all(word in loaded.doc for word in ("Question:", "Expectation", "Cost:"))


def test_the_study_attend_compares_cells_of_equal_size():
    study = load_study("attend").study
    for task in study.tasks.values():
        sizes = [
            parameter_count(nnx.eval_shape(lambda cell=cell, n=task.inputs: cell.build(n, nnx.Rngs(0))))
            for cell in study.cells.values()
        ]
        assert max(sizes) / min(sizes) < 1.03, (task, sizes)
    assert {study.cells[a].attend for a, _ in study.pairs} == {True}
    assert {study.cells[b].attend for _, b in study.pairs} == {False}


def test_a_users_file_may_import_what_lies_beside_it(tmp_path):
    (tmp_path / "my_cells.py").write_text("from lstm_variants import GRU as MyCell\n")
    text = TEXT.replace("from lstm_variants import GRU", "from my_cells import MyCell as GRU")
    loaded = load_study(str(write_study(tmp_path, text, "imports_beside")))
    assert loaded.name == "imports_beside"
    assert loaded.folder == tmp_path
    assert loaded.study.cells["gru"].hidden == 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("hidden=3", "hiden=3", r"line 12: TypeError: Unknown GRU field 'hiden'. Did you mean 'hidden'"),
        ("confirm=2", "confrm=2", r"Unknown Study field 'confrm'. Did you mean 'confirm'"),
        ("length=4", "length=-4", r"line 13: ValueError: Adding needs length >= 4"),
        ("confirm=2", "confirm=1", r"confirm >= 2 seeds"),
        ("STUDY =", "STUDIES =", r"must define STUDY = Study"),
        ("import GRU", "import GRUU", r"line 7: ImportError"),
        ("confirm=2,", "confirm=2,,", r"line 16: SyntaxError"),
        ('{"gru": GRU(hidden=3)}', '{"gru": GRU}', r"cells\['gru'\] must be a cell spec"),
    ],
)
def test_a_mistake_in_a_study_file_is_named_with_its_line(tmp_path, old, new, message):
    assert old in TEXT
    path = write_study(tmp_path, TEXT.replace(old, new), "broken")
    with pytest.raises(InputError, match=message):
        load_study(str(path))


def test_an_unknown_study_names_the_nearest():
    with pytest.raises(InputError, match="Did you mean 'quick'"):
        load_study("quik")
    with pytest.raises(InputError, match="There is no study file"):
        load_study("no/such/file.py")


def test_every_study_has_its_controls():
    study = tiny().study
    assert (study.same, study.alias, study.control_task) == ("lstm", "lstm_again", "adding")
    assert [arm[0] for arm in study.arms()] == ["lstm", "gru", "lstm_again", "rnn"]


def test_the_unable_cell_is_added_on_the_control_task_alone_and_only_where_it_is_missing():
    tasks = {"adding": tiny().study.tasks["adding"], "order": TemporalOrder(length=10)}
    study = tiny(tasks=tasks, controls=Controls(task="order")).study
    assert [(c, t) for c, _, t, _ in study.arms() if c == "rnn"] == [("rnn", "order")]
    with_rnn = tiny(tasks=tasks, cells={"lstm": LSTM(hidden=3), "rnn": VanillaRNN(hidden=3)}).study
    assert [t for c, _, t, _ in with_rnn.arms() if c == "rnn"] == ["adding", "order"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cells": {}}, "needs cells"),
        ({"margin": 0.0}, "margin must be > 0"),
        ({"margins": 0.1}, "dictionary from measure to margin"),
        ({"margins": {"log_step": 0.1}}, "Did you mean 'log_steps'"),
        ({"margins": {"log_steps": 0.0}}, r"margin of log_steps must be > 0 \(log2 of updates\); got 0.0"),
        ({"margins": {"test_score": 0.1}}, "is set by the study's `margin`"),
        ({"seed": -1}, "0 to 4000"),
        ({"steps": {"ading": 3}}, "steps by task needs every task: adding"),
        ({"controls": Controls(same="lstmm")}, "Did you mean 'lstm'"),
        ({"controls": Controls(task="add")}, "Did you mean 'adding'"),
        ({"controls": Controls(alias="gru")}, "already a cell of the study"),
        ({"optimizer": Adam(learning_rate=0.0), "search": None}, None),
    ],
)
def test_a_study_that_can_not_be_judged_is_refused(changes, message):
    if message is None:  # ranges of floats are known when the trials are planned
        assert tiny(**changes).study.optimizer.learning_rate == 0.0
        return
    with pytest.raises(InputError, match=message):
        tiny(**changes)


def test_only_says_which_cells_run_on_a_task_and_the_alias_follows():
    two = {"adding": Adding(length=4), "order": TemporalOrder(length=10)}
    study = tiny(tasks=two, only={"order": ["gru"]}).study
    assert [(cell, task) for cell, _, task, _ in study.arms()] == [
        ("lstm", "adding"),
        ("gru", "adding"),
        ("lstm_again", "adding"),
        ("gru", "order"),
        ("rnn", "adding"),
    ]
    alias_once = tiny(tasks=two, controls=Controls(on=("order",))).study
    assert [t for c, _, t, _ in alias_once.arms() if c == "lstm_again"] == ["order"]


def test_fields_may_differ_by_task():
    two = {"adding": Adding(length=4), "order": TemporalOrder(length=10)}
    study = tiny(
        tasks=two,
        batch={"adding": 4, "order": 8},
        longer={"adding": (), "order": (2,)},
        only={"adding": ["lstm"]},
    ).study
    trials = {entry.task: entry.trial for entry in search_entries(study)}
    assert (trials["adding"].batch, trials["order"].batch) == (4, 8)
    assert (trials["adding"].longer, trials["order"].longer) == ((), (2,))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"only": {"ading": ["lstm"]}}, "Unknown task label in only 'ading'. Did you mean 'adding'"),
        ({"only": {"adding": ["lstn"]}}, "Unknown cell label in only"),
        ({"only": {"adding": "lstm"}}, "needs a list of cell labels; got 'lstm'"),
        (
            {
                "tasks": {"adding": Adding(length=4), "order": TemporalOrder(length=10)},
                "only": {"adding": ["gru"]},
            },
            "control on 'adding' needs 'lstm' there",
        ),
        ({"controls": Controls(on=("order",))}, "Unknown task label in controls.on"),
        ({"controls": Controls(on="adding")}, "controls.on needs a tuple of task labels; got 'adding'"),
        ({"only": {"adding": ["lstm"]}}, "only leaves no task for the cell 'gru'"),
        (
            {
                "tasks": {"adding": Adding(length=4), "order": TemporalOrder(length=10)},
                "only": {"order": ["gru"]},
                "controls": Controls(on=("adding", "order")),
            },
            "may name only tasks on which 'lstm' runs",
        ),
        ({"batch": {"order": 3}}, "batch by task needs every task: adding"),
    ],
)
def test_what_only_and_the_settings_by_task_can_not_mean_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        tiny(**changes)


def test_a_longer_that_is_no_tuple_is_refused_before_anything_runs():
    for longer in (2, (2.5,), ("a",), (20_000,)):
        with pytest.raises(InputError, match="tuple of increasing integer factors from 2 to 10,000"):
            search_entries(tiny(longer=longer).study)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"measure": "solvd"}, "Unknown measure 'solvd'. Did you mean 'solved'"),
        ({"alpha": 0.0}, "between 0 and 1; got alpha=0.0"),
        ({"alpha": 5}, "between 0 and 1; got alpha=5"),
        (
            {"measure": "solved", "margins": {"solved": 0.1}},
            "The margin of solved is set by the study's `margin`",
        ),
        ({"measure": "log_steps", "margin": 0}, r"must be > 0 \(log2 of updates\)"),
    ],
)
def test_a_measure_a_level_or_a_margin_that_makes_no_sense_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        tiny(**changes)


def test_a_study_by_another_measure_may_have_a_margin_of_the_test_score_beside_its_own():
    study = tiny(measure="solved", margin=0.2, margins={"test_score": 0.02}).study
    assert (study.margin, study.margins) == (0.2, {"test_score": 0.02})


@pytest.mark.slow
@pytest.mark.parametrize("where", ["0", "2"])
def test_a_users_study_file_is_executed_once_by_a_command_also_with_a_cell_in_it(tmp_path, where):
    mine = (
        f"import dataclasses\n\nwith open({str(tmp_path / 'times')!r}, 'a') as file:\n    file.write('x')\n\n\n"
        "@dataclasses.dataclass(frozen=True, kw_only=True)\nclass Mine(GRU):\n    hidden: int = 3\n\n\nSTUDY ="
    )
    path = write_study(tmp_path, TEXT.replace("STUDY =", mine).replace("GRU(hidden=3)", "Mine()"), "counts")
    common = [str(path), "--results", str(tmp_path / "results")]
    times = []
    for command in (
        ["plan", *common, "--workers", where],
        ["sweep", *common, "--workers", where, "--wandb", "off"],
        ["status", *common],
    ):
        assert cli.main(command) == 0
        times.append(len((tmp_path / "times").read_text()))
    assert times == [1, 2, 2]
