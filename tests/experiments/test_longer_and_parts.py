"""Padded steps, longer test sequences, and held-out items, through the whole engine."""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments import Adam, Adding, Cohort, Program, TemporalOrder, Trial, checked
from experiments.cohort import network_of
from experiments.specs import SpecError, replace
from experiments.streams import stream
from experiments.tasks.contract import Batch, Measures
from lstm_variants import GRU, Layers

pytestmark = pytest.mark.slow

BASE = Trial(
    cell=GRU(hidden=3),
    task=TemporalOrder(length=10, vary=6),
    optimizer=Adam(learning_rate=0.01),
    seed=3,
    steps=4,
    batch=4,
    evaluate_every=2,
    validation_batches=2,
    test_batches=3,
)


def ended(trial):
    """The state and the last report of a trial alone."""
    cohort = Cohort((trial,), 1)
    program = Program(cohort.structure, 1)
    state = program.start(cohort)
    while np.asarray(state.running).any():
        state, report = program.advance(state)
    return jax.tree.map(np.asarray, (state.params, report))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Dirty(TemporalOrder):
    """The same with NaN at padded steps."""

    def sample(self, key, batch):
        clean = super().sample(key, batch)
        return clean._replace(inputs=jnp.where(clean.mask[..., None], clean.inputs, jnp.nan))


@pytest.mark.parametrize(
    "cell",
    [GRU(hidden=3), Layers(cell=GRU(hidden=2), bidirectional=True, attend=True)],
    ids=["cell", "layers"],
)
def test_what_padded_steps_hold_never_reaches_the_network_or_its_gradient(cell):
    clean = dataclasses.replace(BASE, cell=cell)
    dirty = dataclasses.replace(clean, task=Dirty(length=10, vary=6))
    for a, b in zip(jax.tree.leaves(ended(clean)), jax.tree.leaves(ended(dirty)), strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.isfinite(a).all()


def test_longer_sequences_are_tested_when_the_trial_ends_and_change_nothing_else():
    trial = dataclasses.replace(BASE, longer=(2, 3))
    params, report = ended(trial)
    plain_params, plain = ended(BASE)
    np.testing.assert_array_equal(params, plain_params)
    assert report.test == plain.test
    assert plain.longer == ()
    _, network = network_of(trial, stream(0, "init"))
    for i, factor in enumerate(trial.longer):
        far = trial.task.longer(factor)
        assert far.steps == factor * trial.task.steps
        rows = []
        for k in range(trial.test_batches):
            batch = far.sample(stream(trial.seed, "longer", i * trial.test_batches + k), trial.batch)
            outputs = network(params[0])(batch.inputs, mask=batch.mask, scored=far.scored)
            rows.append(far.measure(outputs, batch))
        expected = np.mean(np.array(rows), axis=0)
        np.testing.assert_allclose(np.array(report.longer[i])[:, 0], expected, rtol=1e-5)


def test_longer_sequences_are_not_tested_before_the_end():
    trial = dataclasses.replace(BASE, longer=(2,))
    cohort = Cohort((trial,), 1)
    program = Program(cohort.structure, 1)
    _, report = program.advance(program.start(cohort))
    assert not np.array(report.longer[0]).any()


@pytest.mark.parametrize("longer", [(1,), (3, 2), (2, 2)])
def test_factors_rise_from_two(longer):
    with pytest.raises(ValueError, match="increasing integer factors from 2"):
        dataclasses.replace(BASE, longer=longer)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parted:
    """Items that say which part they are from: target 0 train, 1 validation, 2 test; `score` is that number."""

    reference: ClassVar[str] = "test"
    axes: ClassVar[tuple[str, ...]] = ("steps",)
    inputs: ClassVar[int] = 1
    outputs: ClassVar[int] = 1
    scored: ClassVar[int] = 1
    baseline: ClassVar[float] = 1.0

    steps: int = 2
    part: str = "train"

    def sample(self, key, batch):
        number = ("train", "validation", "test").index(self.part)
        return Batch(jnp.zeros((self.steps, batch, 1)), jnp.full((1, batch, 1), float(number)))

    def measure(self, outputs, batch):
        off = ((outputs - batch.targets) ** 2).mean()
        return Measures(off, jnp.ones(()), batch.targets.mean())

    def longer(self, factor):
        return dataclasses.replace(self, steps=self.steps * factor)


def test_a_trial_learns_from_the_train_part_and_is_judged_on_the_others():
    trial = replace(replace(BASE, "task", Parted()), "optimizer.learning_rate", 0.3)
    trial = dataclasses.replace(trial, steps=60, evaluate_every=60, longer=(2,))
    _, report = ended(trial)
    assert report.validation.score == 1.0
    assert report.test.score == 2.0
    assert report.longer[0].score == 2.0
    assert report.train_loss < 1.0  # it learns to say 0, what the train part asks for ...
    assert report.validation.loss == pytest.approx(1.0, abs=0.2)  # ... which is off by 1 there
    assert report.test.loss == pytest.approx(4.0, abs=0.4)


def test_a_task_that_can_not_be_made_longer_is_refused_in_words():
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Fixed(Adding):
        def longer(self, factor):
            raise ValueError(f"Fixed has one length; got factor={factor}.")

    with pytest.raises(SpecError, match="Fixed has one length; got factor=2"):
        checked(dataclasses.replace(BASE, task=Fixed(), longer=(2,)))
