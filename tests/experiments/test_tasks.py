"""What every task promises. What is special to each stands in the tests of its family."""

import dataclasses
import doctest
import importlib
import math
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from task_cases import CASES
from task_cases.case import SIZE, judged, sampled
from task_cases.recorded import needs_recordings

import experiments.tasks
from experiments import Adam, JapaneseVowels, SpikeDelays, Trial, structure
from experiments.cohort import make_advance, make_init
from experiments.show import show
from experiments.specs import annotations, check, knobs
from experiments.streams import STREAMS, stream
from experiments.tasks import TASKS
from experiments.tasks.contract import TaskSpec, distinct, draws, normal, part, whole
from lstm_variants import VanillaRNN

pytestmark = pytest.mark.slow


def each(name, values, task_of):
    """A test for each of the values by label; those of recorded tasks are skipped where these are not installed."""
    marks = {label: [needs_recordings] * hasattr(task_of(v), "recording") for label, v in values.items()}
    return pytest.mark.parametrize(
        name, [pytest.param(value, id=label, marks=marks[label]) for label, value in values.items()]
    )


EVERY = each("case", CASES, lambda case: case.task)
HELPERS = {"__init__", "contract", "marked", "legal", "recorded"}  # files of the folder that hold no task
BATCHES = 24


def random_outputs(task, seed):
    return np.random.default_rng(seed).normal(size=(task.scored, SIZE, task.outputs)).astype(np.float32)


def test_every_task_file_is_in_the_catalogue_and_has_a_case():
    files = {path.stem for path in Path(experiments.tasks.__file__).parent.glob("*.py")}
    assert files - HELPERS == set(TASKS) == {label.partition("-")[0] for label in CASES}
    assert all(TASKS[label.partition("-")[0]] is type(case.task) for label, case in CASES.items())


@EVERY
def test_shapes_are_as_declared(case):
    task, batch = case.task, sampled(case.task, 0)
    assert isinstance(task, TaskSpec)
    check(task)
    assert batch.inputs.shape == (task.steps, SIZE, task.inputs)
    assert 1 <= task.scored <= task.steps
    classes = np.issubdtype(batch.targets.dtype, np.integer)
    assert batch.targets.shape == ((task.scored, SIZE) if classes else (task.scored, SIZE, task.outputs))
    assert all(math.isfinite(m) for m in judged(task, np.zeros((task.scored, SIZE, task.outputs)), batch))


@EVERY
def test_declarations_are_complete(case):
    task = case.task
    assert 0 <= task.best < task.baseline < math.inf
    fields = annotations(type(task))
    assert all(fields[axis] is int for axis in task.axes)
    assert task.axes
    assert all(len(getattr(task, name)) > 3 for name in ("reference", "objective", "naive", "wrong"))
    names = getattr(task, "symbols", None) or getattr(task, "lines", None)
    assert names is not None
    assert len(names) == task.inputs
    assert len(getattr(task, "answers", range(task.outputs))) == task.outputs
    type(task)()  # every field has a default


@EVERY
def test_padding_is_in_one_piece_and_never_judged(case):
    task, batch = case.task, sampled(case.task, 5)
    there = np.ones((task.steps, SIZE), bool) if batch.mask is None else batch.mask
    counts = np.ones((task.scored, SIZE), bool) if batch.counts is None else batch.counts
    assert there.dtype == counts.dtype == bool
    assert there.shape == (task.steps, SIZE)
    assert counts.shape == (task.scored, SIZE)
    assert (np.abs(np.diff(there.astype(int), axis=0)).sum(0) <= 1).all()
    assert there.any(0).all()
    assert not (counts & ~there[task.steps - task.scored :]).any()
    assert counts.any()


@EVERY
def test_the_same_key_gives_the_same_sequences_whatever_the_batch_size(case):
    many, few = sampled(case.task, 1, index=7), sampled(case.task, 1, index=7, size=3)
    for a, b in zip(jax.tree.leaves(few), jax.tree.leaves(many), strict=True):
        np.testing.assert_array_equal(a, b[:, :3])


@EVERY
def test_another_key_gives_other_sequences_unless_there_is_only_one(case):
    one, other = sampled(case.task, 1, index=7), sampled(case.task, 2, index=7)
    leaves = list(zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True))
    deterministic = all((a == a[:, :1]).all() for a, _ in leaves)
    assert deterministic == all((a == b).all() for a, b in leaves)


@EVERY
def test_measures_of_equal_batches_average_to_the_measure_of_all(case):
    task, batch = case.task, sampled(case.task, 0)
    outputs, half = random_outputs(task, 0), SIZE // 2
    halves = [
        judged(
            task,
            np.tile(outputs[:, here], (1, 2, 1)),
            jax.tree.map(lambda a, h=here: np.concatenate([a[:, h]] * 2, 1), batch),
        )
        for here in (slice(0, half), slice(half, SIZE))
    ]
    whole_measure = judged(task, outputs, batch)
    np.testing.assert_allclose(np.mean(halves, axis=0), whole_measure, rtol=1e-4, atol=1e-5)


@EVERY
def test_what_stands_at_padded_steps_is_of_no_consequence(case):
    task, batch = case.task, sampled(case.task, 4)
    outputs = random_outputs(task, 1)
    if batch.counts is not None:
        changed = np.where(batch.counts[..., None], outputs, 7.0)
        np.testing.assert_allclose(judged(task, changed, batch), judged(task, outputs, batch), rtol=1e-5)
    if batch.mask is not None:
        filled = np.where(batch.mask[..., None], batch.inputs, 0.0)
        assert judged(task, case.solve(task, filled, batch.mask), batch).error == 0.0


def measured(case, predict, name):
    """Loss, error and score of a predictor `batch -> outputs` over fresh batches: means and standard errors."""
    rows = []
    for k in range(BATCHES):
        batch = sampled(case.task, 3, name, k)
        rows.append(judged(case.task, predict(batch), batch))
    values = np.array(rows)
    return values.mean(0), values.std(0, ddof=1) / math.sqrt(BATCHES)


@EVERY
def test_the_naive_predictor_has_the_declared_loss_and_scores_zero(case):
    (loss, error, score), (loss_error, _, score_error) = measured(
        case, lambda batch: case.naive(case.task, batch), "test"
    )
    assert loss == pytest.approx(case.task.baseline, abs=4.5 * loss_error + 1e-5 * case.task.baseline)
    assert score == pytest.approx(0.0, abs=4.5 * score_error + 1e-5)
    assert score_error < 0.02  # 0.014 at most as it is; with 0.02 a bias of 0.1 still shows
    assert error > 0.02  # twice TOLERANCE: the naive predictor must not count as solved


@EVERY
def test_a_program_written_by_hand_is_never_wrong_and_scores_one(case):
    (loss, error, score), (loss_error, _, score_error) = measured(
        case, lambda batch: case.solve(case.task, batch.inputs, batch.mask), "validation"
    )
    assert error == 0.0
    assert score == pytest.approx(1.0, abs=4.5 * score_error + 1e-4)
    assert score_error < 0.01  # 0 but for the Reber grammars, which draw what comes next (0.0015)
    assert loss == pytest.approx(case.task.best, abs=4.5 * loss_error + 1e-5)


@EVERY
def test_the_same_program_solves_longer_sequences(case):
    task = case.task
    longer = task.longer(2)
    assert type(longer) is type(task)
    assert (longer.inputs, longer.outputs) == (task.inputs, task.outputs)
    assert longer.steps > task.steps
    assert task.longer(4).steps > task.longer(3).steps > longer.steps
    batch, ours = sampled(longer, 6), sampled(task, 6)
    assert judged(longer, case.solve(longer, batch.inputs, batch.mask), batch).error == 0.0
    if batch.mask is not None and ours.mask is not None:
        assert batch.mask.sum(0).min() > ours.mask.sum(0).mean()


def probe(task, train, test):
    """Outputs at each scored step, on test data, of the best linear reader of that step's own input, and of the
    length of the sequence where the answer is asked for at its end."""
    S, k = task.scored, task.outputs

    def parts(batch):
        counts = np.ones(batch.targets.shape[:2], bool) if batch.counts is None else np.asarray(batch.counts)
        return np.asarray(batch.inputs)[-S:], np.asarray(batch.targets), counts

    (x, y, counts), (x_test, _, _) = parts(train), parts(test)
    told = SpikeDelays, JapaneseVowels  # of whose answers the length tells all, or a little
    if S == 1 and train.mask is not None and not isinstance(task, told):
        x, x_test = (
            np.concatenate([part, batch.mask.sum(0)[None, :, None] / task.steps], -1)
            for part, batch in ((x, train), (x_test, test))
        )
    x, y = x[counts], y[counts]
    classes = np.issubdtype(y.dtype, np.integer)
    flat = x_test.reshape(-1, x_test.shape[-1])
    if classes and not (x == x[0]).all():
        if len(set(y)) == 1:
            return np.full((*x_test.shape[:2], k), -30.0).astype(np.float32)
        fitted = LogisticRegression(C=100.0, max_iter=500).fit(x, y)
        logits = np.full((len(flat), k), -30.0)
        decision = fitted.predict_log_proba(flat)
        logits[:, fitted.classes_] = decision
    elif classes:
        frequency = np.bincount(y, minlength=k) / len(y)
        logits = np.broadcast_to(np.log(frequency + 1e-9), (len(flat), k))
    else:
        design = np.column_stack([x, np.ones(len(x))])
        weights = np.linalg.lstsq(design, y, rcond=None)[0]
        logits = np.column_stack([flat, np.ones(len(flat))]) @ weights
        if hasattr(task, "answers"):  # bits under logits
            p = np.clip(logits, 1e-4, 1 - 1e-4)
            logits = np.log(p / (1 - p))
    return logits.reshape(*x_test.shape[:2], k).astype(np.float32)


@EVERY
def test_the_target_does_not_leak_into_the_step_at_which_it_is_asked_for(case):
    train, test = (together([sampled(case.task, 8, name, k) for k in range(6)]) for name in ("data", "test"))
    outputs = probe(case.task, train, test)
    parts = [slice(k * SIZE, (k + 1) * SIZE) for k in range(6)]
    scores = [
        judged(case.task, outputs[:, p], jax.tree.map(lambda a, p=p: a[:, p], test)).score for p in parts
    ]
    assert np.mean(scores) < 0.05  # two standard errors where they are largest; a leak gives more


def together(batches):
    return jax.tree.map(lambda *parts: np.concatenate(parts, 1), *batches)


@EVERY
def test_a_cohort_can_train_on_it_and_test_on_longer_sequences(case):
    bare = structure(
        Trial(
            cell=VanillaRNN(hidden=2),
            task=case.task,
            optimizer=Adam(learning_rate=0.1),
            seed=0,
            batch=4,
            longer=(2,),
        )
    )
    one = jax.ShapeDtypeStruct((1,), jnp.float32)
    seed, real = jax.ShapeDtypeStruct((1,), jnp.uint32), jax.ShapeDtypeStruct((1,), jnp.bool_)
    state = jax.eval_shape(make_init(bare), dict.fromkeys(knobs(bare), one), seed, real)
    _, report = jax.eval_shape(make_advance(bare), state)
    assert all(m.shape == (1,) for m in (*report.test, *report.longer[0]))


@each("name", {name: name for name in TASKS}, TASKS.get)
def test_the_example_in_the_docstring_is_what_the_task_draws(name):
    module = importlib.import_module(TASKS[name].__module__)
    assert TASKS[name].__module__ == f"experiments.tasks.{name}"
    finder = doctest.DocTestFinder(recurse=False)
    (example,) = finder.find(module, globs={**vars(module), "show": show})
    assert example.examples, "the module's docstring has an example: >>> print(show(...))"
    outcome = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF).run(example)
    assert outcome.failed == 0


@EVERY
def test_every_task_can_be_shown(case):
    text = show(case.task, seed=3, sequence=2)
    assert "target" in text
    assert "nan" not in text


def test_generated_tasks_have_no_parts_and_recorded_ones_do():
    parts = {label: part(case.task, "test") != part(case.task, "validation") for label, case in CASES.items()}
    recorded = {
        label for label, case in CASES.items() if "part" in {f.name for f in dataclasses.fields(case.task)}
    }
    assert {label for label, differs in parts.items() if differs} == recorded


def test_streams_never_share_a_key():
    keys = {
        tuple(np.asarray(jax.random.key_data(stream(seed, name, index))))
        for seed in (0, 1, 2**32 - 1)
        for name in STREAMS
        for index in (0, 1, len(STREAMS[name]) - 1)
    }
    assert len(keys) == 3 * len(STREAMS) * 3


def test_whole_numbers_are_uniform_and_never_reach_the_end():
    u = np.nextafter(np.float32(1), np.float32(0))
    assert all(
        int(whole(jnp.float32(1 - 2**-23), 0, n)) == n - 1 for n in (*range(1, 2000), 2**20, 2**20 + 7)
    )
    assert u > 1 - 2**-23  # uniform draws have 23 bits: the largest is 1 - 2**-23
    counts = np.bincount(np.asarray(whole(draws(jax.random.key(1), 60, 1000).ravel(), 0, 6)))
    assert (np.abs(counts - 10_000) < 5 * math.sqrt(60_000 * 5 / 36)).all()


def test_normal_numbers_are_finite_at_both_ends_and_have_the_right_moments():
    ends = np.asarray(jax.jit(normal)(jnp.array([0.0, 1 - 2**-23])))
    assert np.isfinite(ends).all()
    numbers = np.asarray(jax.jit(normal)(draws(jax.random.key(2), 100, 1000)))
    assert numbers.mean() == pytest.approx(0, abs=4 / math.sqrt(1e5))
    assert numbers.var() == pytest.approx(1, abs=4 * math.sqrt(2 / 1e5))


def test_distinct_places_are_distinct_and_uniform():
    places = np.asarray(distinct(draws(jax.random.key(3), 5, 4000), 2))
    assert (places[0] != places[1]).all()
    counts = np.zeros((5, 5))
    np.add.at(counts, (places[0], places[1]), 1)
    assert (np.abs(counts[~np.eye(5, dtype=bool)] - 200) < 5 * math.sqrt(200)).all()
