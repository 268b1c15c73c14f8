"""Attention over the states computes its equations, looks back and never ahead, and costs what it says."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from oracles.modules import abstract, normal, parameters, quickly, randomised

from experiments import trial_id
from experiments.read_back import from_json
from lstm_variants import (
    GRU,
    LSTM,
    Initial,
    Layers,
    VanillaRNN,
    attention_weights,
    flops,
    lengths_mask,
    match,
    output_size,
    parameter_count,
    state_size,
)
from lstm_variants.layers import Knob

pytestmark = pytest.mark.slow

T, B, N, H = 7, 3, 2, 4
XS = normal(1, T, B, N)
SPEC = Layers(cell=GRU(hidden=H), attend=True)
TOLERANCE = {"rtol": 2e-5, "atol": 5e-6}  # float32 sums of a few terms


def model_of(spec):
    """The built network, every parameter random."""
    model = randomised(abstract(spec, N))
    for name in ("noise", "input_dropout", "dropout"):
        setattr(model, name, Knob(jnp.zeros(())))
    return model


MODEL = model_of(SPEC)


def outputs_of(model, xs, mask=None):
    return model(xs, mask=mask)[1]


@quickly
def run(model, xs, mask=None, reset=None, carry=None):
    return model(xs, mask=mask, reset=reset, carry=carry)


weights = quickly(attention_weights)


def bare(model):
    """The same network without attention."""
    plain = model_of(replace(SPEC, attend=False))
    nnx.update(plain.layers, nnx.state(model.layers))
    return plain


def oracle(y, p, mask, reset):
    """(weights (B, T, T), outputs (T, B, k)) of the equations, in float64, one sequence and one step at a time."""
    T, B, k = y.shape
    alpha, out = np.zeros((B, T, T)), np.zeros((T, B, k))
    for b in range(B):
        for t in np.flatnonzero(mask[:, b]):
            start = max([0, *np.flatnonzero(reset[: t + 1, b])])
            seen = [s for s in range(start, t + 1) if mask[s, b]]
            e = np.array([y[t, b] @ p["attention.0.W_a"] @ y[s, b] for s in seen])
            alpha[b, t, seen] = np.exp(e) / np.exp(e).sum()
            c = sum(alpha[b, t, s] * y[s, b] for s in seen)
            out[t, b] = np.tanh(np.concatenate([c, y[t, b]]) @ p["attention.0.W_c"])
    return alpha, out


NEVER = np.zeros((T, B), bool)
PADDED = np.asarray(lengths_mask(jnp.array([T, 4, 2]), T))
HOLES = np.random.default_rng(5).random((T, B)) < 0.7
PACKED = np.random.default_rng(6).random((T, B)) < 0.3


@pytest.mark.parametrize(
    ("mask", "reset"),
    [(None, None), (PADDED, None), (PADDED[::-1], None), (HOLES, None), (None, PACKED), (HOLES, PACKED)],
    ids=["plain", "right", "left", "holes", "packed", "both"],
)
def test_it_computes_its_equations(mask, reset):
    _, y = run(bare(MODEL), XS, mask, reset)
    alpha, out = oracle(
        np.asarray(y, np.float64),
        parameters(MODEL),
        ~NEVER if mask is None else mask,
        NEVER if reset is None else reset,
    )
    np.testing.assert_allclose(run(MODEL, XS, mask, reset)[1], out, **TOLERANCE)
    np.testing.assert_allclose(weights(MODEL, XS, mask=mask, reset=reset), alpha, **TOLERANCE)


def test_no_step_hears_a_later_one():
    changed = XS.at[4:].add(1.0)
    one, other = (run(MODEL, xs)[1] for xs in (XS, changed))
    assert np.array_equal(one[:4], other[:4])
    assert not np.allclose(one[4], other[4])
    slopes = quickly(jax.grad(lambda xs: outputs_of(MODEL, xs)[3].sum()))(XS)
    assert (np.asarray(slopes[4:]) == 0).all()
    assert (np.asarray(slopes[:4]) != 0).any((1, 2)).all()


def test_what_padded_steps_hold_reaches_nothing_not_even_a_slope():
    dirty = jnp.where(HOLES[..., None], XS, jnp.nan)
    one, other = (run(MODEL, xs, HOLES)[1] for xs in (XS, dirty))
    assert np.array_equal(one, other)
    assert (np.asarray(one)[~HOLES] == 0).all()
    slopes = quickly(jax.grad(lambda model: (outputs_of(model, dirty, HOLES) ** 2).sum()))(MODEL)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(slopes))


def test_neighbours_in_a_pack_and_in_a_batch_are_not_heard():
    reset = NEVER.copy()
    reset[3] = True
    packed = run(MODEL, XS, None, reset)[1]
    alone = np.concatenate([run(MODEL, XS[:3])[1], run(MODEL, XS[3:])[1]])
    np.testing.assert_allclose(packed, alone, **TOLERANCE)
    np.testing.assert_allclose(run(MODEL, XS[:, 1:2])[1], run(MODEL, XS)[1][:, 1:2], **TOLERANCE)


def test_a_sequence_in_pieces_is_the_sequence():
    reset = jnp.asarray(PACKED)
    _, whole = run(MODEL, XS, HOLES, reset)
    carry, pieces = None, []
    for part in (slice(0, 4), slice(4, T)):
        carry, y = run(MODEL, XS[part], HOLES[part], reset[part], carry)
        pieces.append(y)
    np.testing.assert_allclose(np.concatenate(pieces), whole, **TOLERANCE)
    assert carry[-1].y.shape == (T, B, H)


def test_the_last_outputs_alone_are_those_of_all():
    two = quickly(lambda model, xs, mask: model(xs, mask=mask, last=2)[1])(MODEL, XS, HOLES)
    np.testing.assert_allclose(two, run(MODEL, XS, HOLES)[1][-2:], **TOLERANCE)


def test_a_single_sequence_needs_no_batch():
    np.testing.assert_allclose(run(MODEL, XS[:, 0])[1], run(MODEL, XS)[1][:, 0], **TOLERANCE)


def test_all_layers_and_directions_come_before_it():
    spec = Layers(cell=VanillaRNN(hidden=3), layers=2, bidirectional=True, learned_carry=True, attend=True)
    model, plain = (model_of(replace(spec, attend=attend)) for attend in (True, False))
    assert output_size(model, N) == output_size(plain, N) == 6
    assert parameter_count(model) - parameter_count(plain) == 3 * 6**2
    assert run(model, XS)[1].shape == (T, B, 6)


@pytest.mark.parametrize("cell", [VanillaRNN(hidden=5), LSTM(hidden=8)], ids=str)
def test_its_cost_is_counted(cell):
    k = cell.hidden
    model, plain = (abstract(Layers(cell=cell, attend=attend), N) for attend in (True, False))
    assert parameter_count(model) - parameter_count(plain) == 3 * k**2
    assert flops(model, N) - flops(plain, N) == 6 * k**2 + k + (4 * k + 5)
    for steps in (1, 9):
        assert state_size(model, N, steps) - state_size(plain, N, steps) == k * steps


def test_a_budget_holds_for_cell_and_attention_together():
    found = match(SPEC, inputs=8, parameters=4000)
    h = found.hidden
    assert found.value == 3 * h * (8 + h + 1) + 3 * h**2
    assert abs(found.error) < 0.05
    assert found.spec == replace(SPEC, cell=GRU(hidden=h))


def test_without_it_nothing_is_drawn_and_trials_are_who_they_were():
    cell = GRU(hidden=H, initial=Initial(inputs="uniform", recurrent="identity"))  # quick to draw
    plain, model = (Layers(cell=cell, attend=attend).build(N, nnx.Rngs(0)) for attend in (False, True))
    for ours, theirs in zip(
        jax.tree.leaves(model.layers), jax.tree.leaves(plain.layers), strict=True
    ):  # the cells are drawn first
        assert np.array_equal(ours, theirs)
    assert not plain.attention
    trial = from_json(PUBLISHED)
    assert trial_id(trial) == "c21c5086525f"
    assert trial_id(replace(trial, cell=replace(trial.cell, attend=False))) == "c21c5086525f"
    assert trial_id(replace(trial, cell=replace(trial.cell, attend=True))) != "c21c5086525f"


def test_weights_of_a_network_that_does_not_attend_are_refused():
    with pytest.raises(
        ValueError, match=r"Layers\(cell=LSTM\(\), attend=True\).*got LayersModel with attend=False"
    ):
        attention_weights(bare(MODEL), XS)
    with pytest.raises(ValueError, match="got GRUCell"):
        attention_weights(abstract(GRU(hidden=3), N), XS)


# Of the study `comparable`, published before attention was there.
PUBLISHED = (
    '{"batch":16,"cell":{"bidirectional":false,"cell":{"forget_bias":1.0,"hidden":8,"initial":{"biases":"zeros",'
    '"chrono":0,"input_scale":1.0,"inputs":"lecun","recurrent":"orthogonal","recurrent_scale":1.0,"type":"Initial"},'
    '"type":"LSTM"},"dropout":0.0,"input_dropout":0.0,"layers":1,"learned_carry":false,"noise":0.0029,"type":"Layers"},'
    '"evaluate_every":50,"longer":[],"optimizer":{"b1":0.864,"b2":0.999,"clip":1.0,"cooldown":0.3,"eps":1e-08,'
    '"learning_rate":0.0257,"type":"Adam","weight_decay":0.0},"seed":400000,"steps":1000,"stop_after":"inf","task":'
    '{"halves":true,"length":50,"type":"Adding"},"test_batches":128,"type":"Trial","validation_batches":16}'
)
