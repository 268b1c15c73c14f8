"""Layers compute what their cells compute one after the other; what is random is so in training alone."""

from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from oracles.modules import abstract, normal, quickly, randomised

from lstm_variants import (
    GRU,
    LSTM,
    ClockworkRNN,
    Initial,
    Layers,
    MinLSTM,
    Stacked,
    TransformerBlock,
    lengths_mask,
    output_size,
    parameter_count,
    run_sequence,
    state_size,
)
from lstm_variants.cells.lstm import LSTMState
from lstm_variants.layers import Knob

pytestmark = pytest.mark.slow

T, B, N, H = 8, 2, 3, 4
XS = normal(1, T, B, N)
KEY = jax.random.key(7)
QUICK = Initial(inputs="uniform", recurrent="identity")  # quick to compile


class EchoCell(nnx.RNNCellBase):
    """Its output is its input: what a layer hears can be read."""

    def __call__(self, carry, inputs):
        return carry, inputs

    def initialize_carry(self, input_shape, rngs=None, carry_init=None):
        return jnp.zeros((*input_shape[:-1], 1))

    @property
    def num_feature_axes(self):
        return 1


@dataclass(frozen=True, kw_only=True)
class Echo:
    def build(self, inputs, rngs):
        return EchoCell()


@dataclass(frozen=True, kw_only=True)
class Flax:
    def build(self, inputs, rngs):
        return nnx.GRUCell(inputs, H, rngs=rngs)


def model_of(spec, inputs=N):
    """The built layers with random parameters, and the spec's knobs."""
    model = randomised(abstract(spec, inputs))
    for name in ("noise", "input_dropout", "dropout"):
        setattr(model, name, Knob(jnp.float32(getattr(spec, name))))
    return model


@partial(quickly, static_argnames="reverse")
def one_way(cell, xs, mask=None, reset=None, reverse=False, first=None):
    return run_sequence(cell, xs, mask=mask, reset=reset, reverse=reverse, first=first)


@quickly
def run(model, xs, mask=None, reset=None, carry=None, key=None):
    return model(xs, mask=mask, reset=reset, carry=carry, key=key)


def assert_close(a, b):
    """Equal but for the order of float32 sums over a few steps."""
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5, atol=5e-6), a, b)


# What they compute.


@pytest.mark.parametrize(
    "cell", [LSTM(hidden=H, initial=QUICK), MinLSTM(hidden=H, initial=QUICK)], ids=["lstm", "min_lstm"]
)
def test_one_layer_without_extras_is_the_cell_alone_bit_for_bit(cell):
    alone, layers = cell.build(N, nnx.Rngs(0)), Layers(cell=cell).build(N, nnx.Rngs(0))
    carry, ys = one_way(alone, XS)
    for key in (None, KEY):  # a key changes nothing where every knob is 0
        (after,), outputs = run(layers, XS, key=key)
        assert np.array_equal(outputs, ys)
        jax.tree.map(np.testing.assert_array_equal, after, carry)


def test_the_output_of_each_layer_is_the_input_of_the_next():
    model = model_of(Layers(cell=LSTM(hidden=H), layers=3))
    stacked = randomised(abstract(Stacked(cell=LSTM(hidden=H), layers=3), N))
    for ours, theirs in zip(model.layers, stacked.cells, strict=True):
        nnx.update(theirs, nnx.state(ours[0]))
    assert_close(run(model, XS), one_way(stacked, XS))


def test_two_directions_are_two_runs_side_by_side_with_weights_of_their_own():
    model = model_of(Layers(cell=GRU(hidden=H), layers=2, bidirectional=True))
    mask = lengths_mask(jnp.array([T, T - 3]), T)
    reset = jnp.zeros((T, B), bool).at[4, 0].set(True)
    carries, x = [], XS
    for forward, backward in model.layers:
        assert not np.array_equal(forward.R[...], backward.R[...])
        both = [
            one_way(cell, x, mask, reset, reverse) for cell, reverse in ((forward, False), (backward, True))
        ]
        carries.append(tuple(carry for carry, _ in both))
        x = jnp.concatenate([y for _, y in both], axis=-1)
    assert x.shape == (T, B, 2 * H)
    assert_close(run(model, XS, mask, reset), (tuple(carries), x))


def test_padding_and_neighbours_in_a_pack_are_invisible_in_both_directions():
    model = model_of(Layers(cell=LSTM(hidden=H), bidirectional=True, learned_carry=True))
    alone = [run(model, XS[:5, :1])[1], run(model, XS[5:, :1])[1]]
    _, packed = run(model, XS, reset=jnp.zeros((T, B), bool).at[5].set(True))
    assert_close(packed[:, :1], np.concatenate(alone))
    for padding, real in (("right", slice(0, 5)), ("left", slice(3, T))):
        mask = lengths_mask(jnp.array([5, T]), T, padding=padding)
        dirty = XS.at[real, 0].set(XS[:5, 0])
        _, padded = run(model, jnp.where(mask[..., None], dirty, jnp.nan), mask)
        assert_close(padded[real, :1], alone[0])


def test_last_keeps_the_last_outputs_and_costs_no_others():
    model = model_of(Layers(cell=LSTM(hidden=H), layers=2, bidirectional=True))
    carry, every = run(model, XS)
    after, two = quickly(lambda model, xs: model(xs, last=2))(model, XS)
    assert_close((after, two), (carry, every[-2:]))
    single = model_of(Layers(cell=LSTM(hidden=H)))
    text = str(jax.make_jaxpr(lambda xs: single(xs, last=1)[1])(XS))
    assert f"f32[{T - 1},{B},{H}]" not in text
    assert f"f32[{T},{B},{H}]" not in text


def test_the_carry_that_comes_back_goes_on_where_it_ended():
    model = model_of(Layers(cell=ClockworkRNN(hidden=H), layers=2, learned_carry=True))
    carry, ys = run(model, XS)
    middle, _ = run(model, XS[:4])
    assert_close((carry, ys[4:]), run(model, XS[4:], carry=middle))
    assert np.array_equal(carry[1].t, np.full((B, 1), T))


def test_a_learned_first_carry_is_a_parameter_for_every_sequence_and_after_every_reset():
    model = model_of(Layers(cell=LSTM(hidden=H), layers=2, bidirectional=True, learned_carry=True))
    reset = jnp.zeros((T, B), bool).at[3].set(True)
    x, first = XS, iter(model.first)
    for cells in model.layers:
        outputs = []
        for cell, reverse in zip(cells, (False, True), strict=True):
            start = LSTMState(*(jnp.broadcast_to(value[...], (B, H)) for value in next(first)))
            outputs.append(one_way(cell, x, None, reset, reverse, start)[1])
        x = jnp.concatenate(outputs, axis=-1)
    assert_close(run(model, XS, reset=reset)[1], x)
    slopes = quickly(jax.grad(lambda model: model(XS)[1].sum()))(model)
    assert len(slopes.first) == 4
    assert all(np.any(leaf[...] != 0) for pair in slopes.first for leaf in pair)


def test_a_learned_first_carry_starts_at_zero_and_leaves_clocks_alone():
    spec = Layers(cell=ClockworkRNN(hidden=H), layers=2, learned_carry=True)
    plain = replace(spec, learned_carry=False)
    extra = parameter_count(abstract(spec, N)) - parameter_count(abstract(plain, N))
    assert extra == 2 * H  # the states of two layers, not their clocks
    ((first,),) = Layers(cell=Echo(), learned_carry=True).build(N, nnx.Rngs(0)).first
    assert np.array_equal(first[...], [0.0])


# What is random.


MANY = 1 + jnp.abs(normal(2, 50, 20, 10))


def echoed(xs, key=KEY, layers=2, **knobs):
    """What comes out of layers that change nothing: the input, with the noise of its way."""
    return run(model_of(Layers(cell=Echo(), layers=layers, **knobs), xs.shape[-1]), xs, key=key)[1]


def test_noise_is_normal_with_its_standard_deviation_and_fresh_for_every_number():
    added = np.asarray(echoed(MANY, noise=0.2) - MANY)
    n = added.size
    assert abs(added.mean()) < 5 * 0.2 / n**0.5
    assert abs(added.std() / 0.2 - 1) < 5 / (2 * n) ** 0.5
    assert abs((added**4).mean() / 0.2**4 - 3) < 5 * (96 / n) ** 0.5  # variance of a normal's fourth power
    assert len(np.unique(np.round(added, 7))) > 0.9 * n


@pytest.mark.parametrize("rate", [0.1, 0.6])
@pytest.mark.parametrize("field", ["input_dropout", "dropout"])
def test_dropout_drops_its_share_number_by_number_and_scales_the_rest(field, rate):
    heard = np.asarray(echoed(MANY, **{field: rate}))
    gone = heard == 0
    np.testing.assert_allclose(heard[~gone], np.asarray(MANY)[~gone] / (1 - rate), rtol=1e-6)
    for axes, count in ((None, 10_000), ((1, 2), 200), ((0, 2), 500), ((0, 1), 1000)):
        # As many as independent draws drop, in all and at every step, sequence and feature.
        assert (np.abs(gone.mean(axes) - rate) < 5 * (rate * (1 - rate) / count) ** 0.5).all()
        if axes is not None:  # and not the same ones everywhere
            assert len(set(gone.sum(axes).tolist())) > 3


def test_dropout_is_between_layers_and_not_before_the_first_nor_after_the_last():
    assert np.array_equal(echoed(XS, layers=1, dropout=0.9), XS)
    heard = np.asarray(echoed(XS + 5, layers=3, dropout=0.5) / (XS + 5))
    assert set(np.round(heard, 4).ravel()) == {0.0, 4.0}  # twice, each with its own draws
    assert 0.05 < (heard > 0).mean() < 0.5


def test_the_knobs_draw_apart_from_each_other():
    drawn = [echoed(MANY, **knob) / MANY > 0 for knob in ({"dropout": 0.5}, {"input_dropout": 0.5})]
    drawn.append(echoed(MANY, noise=1.0) > MANY)
    assert (np.abs(np.corrcoef([np.ravel(d) for d in drawn]) - np.eye(3)) < 5 / 100).all()  # 10,000 numbers


NOISY = Layers(cell=LSTM(hidden=H), layers=2, noise=0.3, input_dropout=0.2, dropout=0.4)


def test_a_key_says_all_and_without_one_there_is_no_noise():
    noisy = model_of(NOISY)
    quiet = model_of(replace(NOISY, noise=0.0, input_dropout=0.0, dropout=0.0))
    again, other = run(noisy, XS, key=KEY)[1], run(noisy, XS, key=jax.random.key(8))[1]
    assert np.array_equal(run(noisy, XS, key=KEY)[1], again)
    assert not np.array_equal(again, other)
    assert np.array_equal(run(noisy, XS)[1], run(quiet, XS)[1])
    assert "random_bits" not in str(jax.make_jaxpr(lambda xs: noisy(xs))(XS))


def test_the_recurrent_connections_are_left_alone():
    """With its input weights zero a layer hears nothing of noise and dropout."""
    model = model_of(replace(NOISY, layers=1))
    cell = model.layers[0][0]
    cell.W[...] = jnp.zeros_like(cell.W[...])
    assert np.array_equal(run(model, XS, key=KEY)[1], run(model, XS)[1])


# The spec.


def test_knobs_are_traced_and_no_part_of_the_graph():
    traces = []

    @jax.jit
    def outputs(noise, dropout):
        traces.append(noise)
        cell = LSTM(hidden=H, forget_bias=noise, initial=QUICK)
        spec = replace(NOISY, noise=noise, dropout=dropout, cell=cell)
        return spec.build(N, nnx.Rngs(0))(XS, key=KEY)[1]

    a, b = outputs(0.1, 0.2), outputs(0.3, 0.4)
    assert not np.array_equal(a, b)
    assert len(traces) == 1
    graphs = [nnx.split(abstract(replace(NOISY, noise=noise), N))[0] for noise in (0.0, 1.0)]
    assert graphs[0] == graphs[1]
    assert hash(graphs[0]) == hash(graphs[1])


def test_knobs_are_no_parameters_and_get_no_gradient():
    model = abstract(NOISY, N)
    cells = [cell for layer in model.layers for cell in layer]
    assert parameter_count(model) == sum(map(parameter_count, cells))
    assert len(cells) == 2


@pytest.mark.parametrize(
    "cell",
    [LSTM(hidden=H), Flax(), TransformerBlock(hidden=H, context=3), Stacked(cell=GRU(hidden=H))],
    ids=str,
)
def test_layers_of_any_cell_are_measured(cell):
    spec = Layers(cell=cell, layers=2, bidirectional=True, learned_carry=True)
    model = abstract(spec, N)
    carry, ys = jax.eval_shape(lambda model, xs: model(xs, key=KEY), model, XS)
    assert ys.shape == (T, B, output_size(model, N))
    assert output_size(model, N) == 2 * H
    floats = [a for a in jax.tree.leaves(carry) if jnp.issubdtype(a.dtype, jnp.floating)]
    assert B * state_size(model, N) == sum(a.size for a in floats)
    learned = parameter_count(model) - parameter_count(abstract(replace(spec, learned_carry=False), N))
    assert learned == state_size(model, N)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"noise": -0.1}, "noise >= 0"),
        ({"noise": float("inf")}, "finite noise"),
        ({"dropout": 1.0}, "dropout >= 0 and < 1"),
        ({"input_dropout": -0.5}, "input_dropout >= 0 and < 1, .* got input_dropout=-0.5"),
        ({"cell": LSTM(hidden=H, forget_bias=float("nan"))}, "finite forget_bias"),
    ],
)
def test_floats_are_checked_on_request(change, message):
    spec = replace(NOISY, **change)
    with pytest.raises(ValueError, match=message):
        spec.check()
    NOISY.check()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"layers": 0}, "layers >= 1"),
        ({"cell": LSTM}, "spec of a cell"),
        ({"cell": NOISY}, "spec of a cell"),
    ],
)
def test_layers_that_can_not_exist_say_what_they_need(fields, message):
    with pytest.raises(ValueError, match=message):
        replace(NOISY, **fields)
