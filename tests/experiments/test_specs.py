"""Floats are knobs, everything else is structure, identity is content."""

import dataclasses
import json
import math

import numpy as np
import pytest

from experiments import SGD, Adam, Adding, SpecError, TemporalOrder, Trial, structure, trial_id
from experiments.specs import canonical, check, flatten, knobs, replace, set_text, to_json, with_knobs
from lstm_variants import CELLS, LSTM, ClockworkRNN, Layers, Stacked, names
from sweeps import errors

TRIAL = Trial(
    cell=LSTM(hidden=8), task=Adding(length=20), optimizer=Adam(learning_rate=0.01), seed=3, steps=100
)


def test_two_trials_that_differ_in_floats_and_seed_alone_share_a_structure():
    other = replace(
        replace(replace(TRIAL, "optimizer.learning_rate", 0.5), "cell.forget_bias", 2.0), "seed", 9
    )
    assert structure(other) == structure(TRIAL)
    assert hash(structure(other)) == hash(structure(TRIAL))


@pytest.mark.parametrize(
    ("path", "value"), [("cell.hidden", 9), ("task.length", 21), ("steps", 101), ("batch", 2)]
)
def test_a_changed_int_is_another_structure(path, value):
    assert structure(replace(TRIAL, path, value)) != structure(TRIAL)


def test_another_class_with_the_same_fields_is_another_structure_and_another_id():
    other = replace(TRIAL, "task", TemporalOrder(length=20))
    assert structure(other) != structure(TRIAL)
    assert trial_id(other) != trial_id(TRIAL)


def test_knobs_come_back_where_they_were():
    values = {path: value + 1 for path, value in knobs(TRIAL).items() if value != math.inf}
    assert {p: v for p, v in knobs(with_knobs(TRIAL, values)).items() if p in values} == values
    assert set(knobs(TRIAL)) >= {
        "cell.forget_bias",
        "optimizer.learning_rate",
        "optimizer.clip",
        "stop_after",
    }


def test_knobs_of_nested_cells_have_dotted_paths():
    stacked = replace(TRIAL, "cell", Stacked(cell=LSTM(hidden=8), layers=2))
    assert "cell.cell.forget_bias" in knobs(stacked)
    assert flatten(stacked)["cell.cell.hidden"] == 8


def test_layers_stand_where_a_cell_stands():
    layers = replace(TRIAL, "cell", Layers(cell=LSTM(hidden=8), noise=0.1))
    assert {"cell.noise", "cell.dropout", "cell.cell.forget_bias"} <= set(knobs(layers))
    assert structure(replace(layers, "cell.noise", 0.2)) == structure(layers)
    assert structure(replace(layers, "cell.bidirectional", True)) != structure(layers)
    assert flatten(layers)["cell.cell.hidden"] == 8
    check(layers)
    with pytest.raises(SpecError, match="dropout >= 0 and < 1"):
        check(replace(layers, "cell.dropout", 1.0))
    with pytest.raises(SpecError, match="Did you mean 'dropout'"):
        replace(layers, "cell.droput", 0.1)


def test_the_id_of_a_trial_is_pinned():
    # A change of this value makes every stored result another trial's: note it in the changelog.
    assert trial_id(TRIAL) == "c88b2da37edb"


def test_numpy_scalars_give_the_id_of_python_numbers():
    same = replace(replace(TRIAL, "seed", np.int64(3)), "optimizer.learning_rate", np.float64(0.01))
    assert trial_id(same) == trial_id(TRIAL)


def test_every_changed_field_changes_the_id():
    ids = {trial_id(TRIAL)}
    changes = {"cell.hidden": 9, "cell.forget_bias": 0.0, "task.length": 21, "optimizer.learning_rate": 0.02}
    changes |= {"optimizer.clip": 2.0, "seed": 4, "steps": 101, "batch": 33, "stop_after": 0.0}
    for path, value in changes.items():
        ids.add(trial_id(replace(TRIAL, path, value)))
    assert len(ids) == 1 + len(changes)


def test_canonical_json_is_strict_and_names_the_classes():
    parsed = json.loads(canonical(TRIAL), parse_constant=lambda constant: pytest.fail(constant))
    assert parsed["cell"]["type"] == "LSTM"
    assert parsed["stop_after"] == "inf"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Foreign:
    hidden: int = 3


def test_a_spec_from_elsewhere_is_known_by_its_module_too():
    assert to_json(Foreign())["type"].endswith(":Foreign")


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("cell.hiden", "3", "Did you mean 'hidden'"),
        ("cel.hidden", "3", "Did you mean 'cell'"),
        ("cell.hidden.x", "3", "has no fields of its own"),
        ("cell.hidden", "3.5", "must be an integer; got '3.5'"),
        ("optimizer.learning_rate", "fast", "must be a number"),
        ("cell.hidden", "0", "hidden >= 1"),
    ],
)
def test_a_misspelt_field_or_a_bad_value_says_what_is_expected(path, text, message):
    with pytest.raises(SpecError, match=message):
        set_text(TRIAL, path, text)


def test_text_is_read_by_the_type_of_the_field():
    assert set_text(TRIAL, "optimizer.clip", "inf").optimizer.clip == math.inf
    assert set_text(
        replace(TRIAL, "optimizer", SGD(learning_rate=0.1)), "optimizer.nesterov", "false"
    ).optimizer == SGD(learning_rate=0.1, nesterov=False)
    clockwork = replace(TRIAL, "cell", ClockworkRNN(hidden=8))
    assert set_text(clockwork, "cell.periods", "[1, 2]").cell.periods == (1, 2)


@pytest.mark.parametrize(
    ("trial", "message"),
    [
        (replace(TRIAL, "optimizer.learning_rate", 0.0), "learning_rate > 0"),
        (replace(TRIAL, "optimizer.clip", -1.0), "clip > 0"),
        (replace(TRIAL, "optimizer.learning_rate", math.nan), "got nan"),
        (replace(TRIAL, "stop_after", -1.0), "stop_after >= 0"),
        (replace(TRIAL, "optimizer", SGD(learning_rate=0.1, momentum=1.0)), "momentum < 1"),
        (dataclasses.replace(TRIAL, steps=200.0), "steps must be int; got 200.0"),
    ],
)
def test_a_trial_is_checked_before_it_runs(trial, message):
    with pytest.raises(SpecError, match=message):
        check(trial)


@pytest.mark.parametrize("cell", CELLS.values())
def test_every_cell_of_the_catalogue_makes_a_valid_trial(cell):
    check(replace(TRIAL, "cell", cell()))


def test_a_word_that_is_no_name_is_meant_only_where_it_is_all_but_written():
    """`all` has two letters in common with many a misspelt cell."""
    typos = {
        name[:i] + c + name[i + 1 :] for name in CELLS for i in range(len(name)) for c in ("", "a", "l", "x")
    }
    for hint in (names.did_you_mean, errors.did_you_mean):
        assert [typo for typo in typos - CELLS.keys() if "'all'" in hint(typo, CELLS, ["all"])] == []
        assert {hint(word, CELLS, ["all"]) for word in ("ALL", "alll", "al")} == {" Did you mean 'all'?"}
        assert hint("gal", CELLS, ["all"]) == hint("", CELLS) == ""
