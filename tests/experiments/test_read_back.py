"""A trial's canonical JSON holds all of it: what is read back is the trial."""

import dataclasses
import itertools
import json
import math

import pytest

from experiments import SGD, TASKS, Adam, SpecError, Trial, from_json, trial_id
from experiments.specs import canonical, replace
from lstm_variants import CELLS, IRNN, LSTM, ClockworkRNN, Layers, Stacked

OPTIMIZERS = (
    Adam(learning_rate=0.003, clip=math.inf),
    SGD(learning_rate=1e-5, nesterov=False, weight_decay=1e-300),
)


def trial(**values):
    return Trial(
        **{"cell": LSTM(), "task": TASKS["adding"](), "optimizer": OPTIMIZERS[0], "seed": 2**32 - 1, **values}
    )


def around(cell):
    """The cell, and everything that a cell may stand in."""
    return cell, Stacked(cell=cell, layers=3), Layers(cell=cell, noise=0.1, bidirectional=True, attend=True)


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_alone_and_in_layers_comes_back_with_every_task_and_optimizer(name):
    for cell, task, optimizer in itertools.product(around(CELLS[name]()), TASKS.values(), OPTIMIZERS):
        made = trial(cell=cell, task=task(), optimizer=optimizer)
        assert from_json(canonical(made)) == made
        assert trial_id(from_json(canonical(made))) == trial_id(made)


@pytest.mark.parametrize("name", CELLS)
def test_every_field_of_a_cell_comes_back_when_it_is_not_at_its_default(name):
    cell = CELLS[name]()
    for field in dataclasses.fields(cell):
        value = getattr(cell, field.name)
        if type(value) in (int, float):
            changed = dataclasses.replace(cell, **{field.name: value * 2 + (type(value) is float)})
            assert from_json(canonical(trial(cell=changed))).cell == changed
        elif field.name == "initial":
            changed = dataclasses.replace(cell, initial=IRNN)
            assert from_json(canonical(trial(cell=changed))).cell == changed


def test_infinities_tuples_and_fields_that_were_added_later_come_back():
    made = trial(cell=ClockworkRNN(hidden=6, periods=(1, 3)), stop_after=0.0, longer=(2, 10))
    for changed in (made, replace(made, "precision", "bfloat16"), replace(made, "stop_after", math.inf)):
        back = from_json(canonical(changed))
        assert back == changed
        assert type(back.stop_after) is float
        assert type(back.cell.periods) is tuple


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mine:
    hidden: int = 3


def text(**changes):
    return json.dumps(json.loads(canonical(trial())) | changes)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("{", "this is not valid JSON"),
        ("[]", 'must be a JSON object with a "type"'),
        ('{"type": "LSTM"}', "has the type 'Trial'; got 'LSTM'"),
        (text(cell={"type": "LSTN"}), "Unknown type of trial.cell 'LSTN'. Did you mean 'LSTM'"),
        (text(cell={"type": "LSTM", "hiden": 3}), "Did you mean 'hidden'"),
        (text(cell={"type": "LSTM"}), "a different trial from that text"),
        (text(steps=0), "steps >= 1"),
        (text(cell=3), "must be .*CellSpec.*; got 3"),
    ],
)
def test_what_is_no_trial_of_this_version_is_refused_and_named(given, message):
    with pytest.raises(SpecError, match=message):
        from_json(given)


def test_a_class_of_the_users_own_is_named_with_its_module():
    made = canonical(trial(cell=Mine()))
    with pytest.raises(SpecError, match=r"trial\.cell is of the class Mine of the module .*test_read_back"):
        from_json(made)
