"""Where training starts: every kind of draw has the distribution that it says, gate by gate."""

import functools
import math
import re
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from oracles.modules import arrays, normal, quickly, run

from lstm_variants import (
    GRU,
    IRNN,
    LSTM,
    CoupledLSTM,
    DepthGatedLSTM,
    Initial,
    PeepholeLSTM,
    Stacked,
    VanillaRNN,
)

pytestmark = pytest.mark.slow

N, H = 120, 100  # 10 000 numbers a gate: their variance is known to 1.4 %, so 6 % is four standard errors
VARIANCE = {"rtol": 0.06}


@functools.cache
def built(spec, inputs=N, seed=0):
    """Parameters of the built cell by name; one program compiled in haste is sooner ready than many small ones."""
    return arrays(quickly(lambda: nnx.state(spec.build(inputs, nnx.Rngs(seed)), nnx.Param))())


def gates(array, count=4):
    """One block per gate: the columns of W and R, the entries of b."""
    return np.split(array, count, axis=-1)


def start(**fields):
    return built(LSTM(hidden=H, initial=Initial(**fields)))


# Matrices.

SCALES = {"input_scale": 0.5, "recurrent_scale": 2.0}


@pytest.mark.parametrize(("matrix", "scale"), [("W", 1.0), ("R", 1.0), ("W", 0.5), ("R", 2.0)])
@pytest.mark.parametrize(
    ("kind", "variance", "bound"),
    [
        (
            "lecun",
            lambda n: 1 / n,
            lambda n: 2.28 / math.sqrt(n),
        ),  # normal, cut off at two standard deviations
        (
            "glorot",
            lambda n: 2 / (n + H),
            lambda n: math.sqrt(6 / (n + H)),
        ),  # H is the gate's fan-out, not 4 H
        ("uniform", lambda n: 1 / (3 * H), lambda n: 1 / math.sqrt(H)),
        ("normal", lambda n: 1.0, lambda n: 6.0),
        ("zeros", lambda n: 0.0, lambda n: 0.0),
    ],
)
def test_independent_draws_have_their_variance_and_bound(matrix, scale, kind, variance, bound):
    fan_in = {"W": N, "R": H}[matrix]
    scales = {"input_scale": 1.0, "recurrent_scale": 1.0} if scale == 1 else SCALES
    blocks = gates(start(inputs=kind, recurrent=kind, **scales)[matrix])
    for block in blocks:
        assert block.shape == (fan_in, H)
        np.testing.assert_allclose(block.var(), scale**2 * variance(fan_in), **VARIANCE)
        assert abs(block.mean()) <= 4 * scale * math.sqrt(variance(fan_in) / block.size)
        assert np.abs(block).max() <= scale * bound(fan_in) * (1 + 1e-6)
    if kind in ("glorot", "uniform"):  # flat up to its bound
        np.testing.assert_allclose(np.abs(blocks).max(), scale * bound(fan_in), rtol=1e-3)
    if kind != "zeros":
        assert all(np.abs(a - b).max() > 0 for a, b in pairwise(blocks))


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_orthogonal_is_orthogonal_in_every_gate(scale):
    blocks = gates(start(recurrent="orthogonal", recurrent_scale=scale)["R"])
    for block in blocks:
        np.testing.assert_allclose(block.T @ block, scale**2 * np.eye(H), atol=2e-5)
        # A uniformly random rotation: the trace has mean 0 and variance 1, whatever the size.
        assert abs(np.trace(block)) < 5 * scale
    for a, b in pairwise(blocks):
        assert np.abs(a - b).max() > 0.1


@pytest.mark.parametrize("inputs", [40, 150])
def test_orthogonal_inputs_are_orthonormal_along_the_shorter_side(inputs):
    spec = LSTM(hidden=H, initial=Initial(inputs="orthogonal", recurrent="zeros"))
    for block in gates(built(spec, inputs)["W"]):
        product = block @ block.T if inputs < H else block.T @ block
        np.testing.assert_allclose(product, np.eye(min(inputs, H)), atol=2e-5)


def test_identity_is_the_identity_in_every_gate():
    for block in gates(start(recurrent="identity", recurrent_scale=0.5)["R"]):
        assert np.array_equal(block, 0.5 * np.eye(H))


def test_the_default_is_lecun_and_orthogonal_without_biases():
    explicit = start(
        inputs="lecun", recurrent="orthogonal", biases="zeros", input_scale=1.0, recurrent_scale=1.0
    )
    default = built(LSTM(hidden=H))
    assert all(np.array_equal(default[path], explicit[path]) for path in default)


def test_default_draws_are_the_same_on_every_machine_and_after_every_change():
    """Results of a seed mean the same as long as these numbers stand; see the changelog before changing them."""
    cell = built(LSTM(hidden=4), 3)
    np.testing.assert_allclose(cell["W"][0, :3], [0.6178674, -0.55987215, -0.46445078], atol=1e-6)
    np.testing.assert_allclose(cell["R"][0, :3], [0.15290463, -0.52527833, -0.8040114], atol=1e-6)
    gru = built(GRU(hidden=4), 3)
    np.testing.assert_allclose(gru["R_h"][0, :3], [0.73367774, -0.52891487, -0.19760874], atol=1e-6)


# Biases. Matrices of zeros save the time that orthogonal ones take.

ONLY_BIASES = Initial(recurrent="zeros", biases="uniform")


def test_uniform_biases_come_on_top_of_the_forget_bias():
    b = gates(built(LSTM(hidden=1000, forget_bias=3.0, initial=ONLY_BIASES), 2)["b"])
    bound = 1 / math.sqrt(1000)
    for gate, mean in zip(b, (0, 0, 3, 0), strict=True):
        assert np.abs(gate - mean).max() <= bound * (1 + 1e-5)
        assert np.abs(gate - mean).max() > 0.98 * bound
        np.testing.assert_allclose(gate.var(), bound**2 / 3, rtol=0.12)  # 1000 numbers: four standard errors
    assert np.abs(b[0] - b[1]).max() > 0


def test_normal_biases_are_standard_normal():
    (b,) = gates(
        built(VanillaRNN(hidden=2000, initial=Initial(recurrent="zeros", biases="normal")), 1)["b"], 1
    )
    assert abs(b.mean()) < 4 / math.sqrt(b.size)
    np.testing.assert_allclose(b.var(), 1, rtol=0.13)  # four standard errors


CHRONO = {  # spec: (path of the biases, number of gates, index of b_f or of b_z = -b_f, index of b_i)
    "lstm": (LSTM, "b", 4, 2, 1),
    "peephole": (PeepholeLSTM, "b", 4, 2, 1),
    "coupled": (CoupledLSTM, "b", 3, 1, None),
    "gru": (GRU, "b", 2, 0, None),
    "depth_gated": (DepthGatedLSTM, "layers.1.b", 4, 2, 1),
}


@pytest.mark.parametrize("name", CHRONO)
def test_chrono_spreads_the_time_scales_evenly(name):
    spec, path, count, f, i = CHRONO[name]
    h, T = 1000, 50
    initial = Initial(recurrent="zeros", chrono=T)  # no need to orthogonalise
    b = gates(built(spec(hidden=h, initial=initial), 1)[path], count)
    forget = -b[f] if name == "gru" else b[f]
    u = np.exp(forget)
    assert u.min() >= 1 - 1e-6
    assert u.max() <= T - 1 + 1e-4
    np.testing.assert_allclose(u.mean(), T / 2, atol=4 * (T - 2) / math.sqrt(12 * h))
    # Evenly: the share below each tenth of the range is what it says, within four standard errors.
    for share in np.arange(0.1, 1, 0.1):
        below = (u < 1 + share * (T - 2)).mean()
        assert abs(below - share) < 4 * math.sqrt(share * (1 - share) / h)
    for k, gate in enumerate(b):
        if k == i:
            assert np.array_equal(gate, -forget)
        elif k != f:
            assert not gate.any()


def test_layers_draw_their_own_time_scales():
    initial = Initial(recurrent="zeros", chrono=20)
    for spec, paths in [
        (DepthGatedLSTM(hidden=8, initial=initial), ("layers.0.b", "layers.1.b")),
        (Stacked(cell=LSTM(hidden=8, initial=initial), layers=2), ("cells.0.b", "cells.1.b")),
    ]:
        first, second = (built(spec, 8)[path] for path in paths)
        assert np.abs(first - second).max() > 0


def test_random_biases_come_on_top_of_chrono_too():
    plain, noisy = (
        gates(built(LSTM(hidden=100, initial=Initial(recurrent="zeros", chrono=30, biases=biases)), 2)["b"])
        for biases in ("zeros", "uniform")
    )
    for a, b in zip(plain, noisy, strict=True):
        assert 0 < np.abs(a - b).max() <= 0.1 * (1 + 1e-5)


# Knobs.


def test_scales_are_traced_and_nothing_is_compiled_again():
    traces = []

    @jax.jit
    def build(scales):
        traces.append(scales)
        initial = Initial(
            inputs="glorot", recurrent="uniform", input_scale=scales[0], recurrent_scale=scales[1]
        )
        cell = LSTM(hidden=5, initial=initial).build(3, nnx.Rngs(0))
        return cell.W[...], cell.R[...]

    W, R = build((1.0, 1.0))
    for scales in [(0.0, 4.0), (-2.0, 0.5)]:
        scaled = build(scales)
        assert np.array_equal(scaled[0], scales[0] * W)
        assert np.array_equal(scaled[1], scales[1] * R)
    assert len(traces) == 1


def test_an_initial_is_a_value():
    assert Initial() == Initial(inputs="lecun")
    assert len({Initial(), Initial(chrono=0), Initial(chrono=5), Initial(input_scale=2.0)}) == 3
    assert LSTM(initial=Initial()) == LSTM()


# Le, Jaitly & Hinton 2015.


def test_irnn_starts_at_the_identity():
    cell = built(VanillaRNN(hidden=H, activation="relu", initial=IRNN))
    assert np.array_equal(cell["R"], np.eye(H))
    assert not cell["b"].any()
    np.testing.assert_allclose(cell["W"].std(), 0.001, rtol=0.03)
    assert np.abs(cell["W"]).max() > 0.003  # normal, not cut off


def test_irnn_keeps_what_it_has_heard_to_the_bit():
    cell = VanillaRNN(hidden=8, activation="relu", initial=IRNN).build(3, nnx.Rngs(0))
    xs = normal(1, 8, 2, 3).at[1:].set(0)
    _, ys = run(cell, xs)
    assert np.any(ys[0] > 0)
    assert np.array_equal(ys, np.broadcast_to(ys[0], ys.shape))


# Words.


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Initial(inputs="lecunn"),
            "Initial needs inputs = lecun | glorot | orthogonal | uniform | normal",
        ),
        (lambda: Initial(inputs="identity"), "got inputs='identity'"),
        (lambda: Initial(recurrent="eye"), "| zeros | identity; got recurrent='eye'"),
        (
            lambda: Initial(biases="lecun"),
            "Initial needs biases = zeros | uniform | normal; got biases='lecun'",
        ),
        (lambda: Initial(chrono=2), "Initial needs chrono >= 3 steps, or 0 for none"),
        (lambda: Initial(chrono=-5), "got chrono=-5"),
        (lambda: Initial(input_scale=math.nan).check(), "Initial needs a finite input_scale"),
        (lambda: Initial(recurrent_scale=math.inf).check(), "Initial needs a finite recurrent_scale"),
    ],
)
def test_bad_starts_are_refused(make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


@pytest.mark.parametrize("name", CHRONO)
def test_chrono_beside_a_forget_bias_is_refused_in_words(name):
    spec = CHRONO[name][0]
    spec(initial=Initial(chrono=40)).check()
    spec(forget_bias=2.0).check()
    with pytest.raises(
        ValueError,
        match=rf"{spec.__name__} takes either forget_bias or chrono .*forget_bias=2.0 and chrono=40",
    ):
        spec(forget_bias=2.0, initial=Initial(chrono=40)).check()
    traced = jax.make_jaxpr(
        lambda f: spec(forget_bias=f, initial=Initial(chrono=40)).build(2, nnx.Rngs(0)) and f
    )
    traced(jnp.array(2.0))  # inside a trace nothing looks at the number
