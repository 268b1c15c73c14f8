"""Weights carried to PyTorch and back compute the same there and here.

Against numbers that PyTorch has left behind always, against PyTorch itself where it is installed (`make torch`).
"""

import json
from functools import cache
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from oracles.modules import abstract, normal, over_time, parameters, quickly, randomised, run

from lstm_variants import (
    GRU,
    LSTM,
    GRUAfter,
    Layers,
    PeepholeLSTM,
    Stacked,
    StackedCell,
    VanillaRNN,
    from_torch,
    to_torch,
)

pytestmark = pytest.mark.slow

SPECS = {
    "rnn-tanh": VanillaRNN,
    "rnn-relu": lambda **sizes: VanillaRNN(activation="relu", **sizes),
    "lstm": LSTM,
    "gru": GRUAfter,
}
CASES = [f"{kind}-{layers}" for kind in SPECS for layers in (1, 2)]
N, H = 3, 4
each_case = pytest.mark.parametrize("case", CASES)


def ours(case, inputs=N, hidden=H):
    """Our cell of a case, abstract: one layer alone, two as a stack."""
    kind, _, layers = case.rpartition("-")
    spec = SPECS[kind](hidden=hidden)
    return abstract(spec if layers == "1" else Stacked(cell=spec, layers=int(layers)), inputs)


def random_cell(case):
    scale = 0.3 if "relu" in case else 0.7  # keeps unbounded states small
    return randomised(ours(case), seed=1, scale=scale)


@cache
def golden():
    path = Path(__file__).parent / "golden" / "torch.json"
    read = json.loads(path.read_text())
    read.pop("torch")
    return {
        case: {name: np.array(a["values"], np.float32).reshape(a["shape"]) for name, a in arrays.items()}
        for case, arrays in read.items()
    }


def weights(case):
    """The state dict of a golden example."""
    return {n.removeprefix("weights "): a for n, a in golden()[case].items() if n.startswith("weights ")}


def carry_of(cell, h, c=None):
    """Our carry from PyTorch's states `(layers, B, h)`."""

    def filled(carry, l):
        return type(carry)(*(jnp.asarray((c if field == "c" else h)[l]) for field in carry._fields))

    carry = cell.initialize_carry((h.shape[1], N))
    if isinstance(cell, StackedCell):
        return tuple(filled(layer, l) for l, layer in enumerate(carry))
    return filled(carry, 0)


def last_of(cell, carries):
    """PyTorch's final states by name, from our carries of all steps."""
    layers = carries if isinstance(cell, StackedCell) else (carries,)
    ends = [
        {"c" if field == "c" else "h": np.asarray(a)[-1] for field, a in layer._asdict().items()}
        for layer in layers
    ]
    return {name: np.stack([end[name] for end in ends]) for name in ends[0]}


def assert_close(a, b):
    """Equal but for the order of float32 sums over a few steps."""
    np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


# Against the numbers that PyTorch left.


@each_case
def test_weights_from_pytorch_compute_what_it_computes(case):
    want = golden()[case]
    cell = from_torch(ours(case), weights(case))
    first = {name: want[f"first {name}"] for name in "hc" if f"first {name}" in want}
    carries, ys = run(cell, jnp.asarray(want["inputs"]), carry_of(cell, **first))
    assert_close(ys, want["outputs"])
    last = last_of(cell, carries)
    assert last.keys() == first.keys()
    for name, state in last.items():
        assert_close(state, want[f"last {name}"])


@each_case
def test_weights_to_pytorch_are_those_that_it_gave_but_for_one_bias_instead_of_two(case):
    want = weights(case)
    back = to_torch(from_torch(ours(case), want))
    assert back.keys() == want.keys()
    for name in want:
        if name.startswith("weight"):
            assert np.array_equal(back[name], want[name])
    for l in range(int(case[-1])):
        (b, c), (b_back, c_back) = ((w[f"bias_ih_l{l}"], w[f"bias_hh_l{l}"]) for w in (want, back))
        assert np.array_equal(b_back + c_back, b + c)
        inside = slice(2 * H, None) if "gru" in case else slice(0, 0)  # the reset gate
        assert np.array_equal(c_back[inside], c[inside])
        assert not np.delete(c_back, np.arange(c.size)[inside]).any()


# Here alone.


@each_case
def test_there_and_back_is_exact(case):
    cell = random_cell(case)
    back = from_torch(ours(case), to_torch(cell))
    want, got = parameters(cell), parameters(back)
    assert want.keys() == got.keys()
    assert all(np.array_equal(want[name], got[name]) for name in want)
    assert nnx.split(back)[0] == nnx.split(cell)[0], "nothing is compiled again"


def test_arrays_are_laid_out_as_pytorch_lays_them_out():
    for array in to_torch(random_cell("lstm-2")).values():
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert array.dtype == np.float32


def test_the_cell_given_stays_as_it_is():
    cell = random_cell("lstm-1")
    before = parameters(cell)
    from_torch(cell, weights("lstm-1"))
    assert all(np.array_equal(before[name], array) for name, array in parameters(cell).items())


@pytest.mark.parametrize("kind", SPECS)
def test_single_cells_have_names_without_a_layer(kind):
    cell = random_cell(f"{kind}-1")
    layered, single = to_torch(cell), to_torch(cell, single=True)
    assert list(single) == ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    assert all(np.array_equal(single[name], layered[f"{name}_l0"]) for name in single)
    back = from_torch(ours(f"{kind}-1"), single)
    assert all(np.array_equal(a, parameters(back)[name]) for name, a in parameters(cell).items())
    with pytest.raises(ValueError, match="converts one layer to the names of a single cell; got 2 layers"):
        to_torch(random_cell(f"{kind}-2"), single=True)


@each_case
def test_a_network_without_biases_gets_zeros(case):
    bare = {name: a for name, a in weights(case).items() if name.startswith("weight")}
    zeros = bare | {name: 0 * a for name, a in weights(case).items() if name.startswith("bias")}
    got, want = (parameters(from_torch(ours(case), state)) for state in (bare, zeros))
    assert all(np.array_equal(got[name], want[name]) for name in want)


@pytest.mark.parametrize("kind", ["bfloat16", "float32"])
def test_the_type_of_numbers_is_that_of_the_cell(kind):
    wide = {name: a.astype(np.float64) for name, a in weights("gru-1").items()}
    graph, params = nnx.split(ours("gru-1"))
    cell = nnx.merge(graph, jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, kind), params))
    assert {leaf.dtype for leaf in jax.tree.leaves(nnx.state(from_torch(cell, wide)))} == {jnp.dtype(kind)}


class Tensor:
    """All that is asked of a tensor."""

    def __init__(self, array):
        self.array = array

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        if isinstance(self.array, Exception):
            raise self.array
        return self.array


def test_tensors_are_read_without_importing_pytorch():
    tensors = {name: Tensor(a) for name, a in weights("lstm-1").items()}
    got, want = (parameters(from_torch(ours("lstm-1"), state)) for state in (tensors, weights("lstm-1")))
    assert all(np.array_equal(got[name], want[name]) for name in want)


def changed(case, **changes):
    """Golden weights with some replaced, or left out (None)."""
    return {n: a for n, a in (weights(case) | changes).items() if a is not None}


@pytest.mark.parametrize(
    ("case", "state", "message"),
    [
        ("lstm-1", lambda: changed("lstm-1", bias_hh_l0=None), r"missing: bias_hh_l0; unknown: none"),
        ("lstm-1", lambda: weights("lstm-2"), "missing: none; unknown: weight_ih_l1, weight_hh_l1"),
        ("lstm-2", lambda: weights("lstm-1"), "missing: weight_ih_l1, weight_hh_l1, bias_ih_l1, bias_hh_l1"),
        (
            "gru-1",
            lambda: changed("gru-1", weight_ih_l0_reverse=np.zeros(1)),
            "a bidirectional network; our cells run",
        ),
        (
            "lstm-1",
            lambda: changed("lstm-1", weight_hr_l0=np.zeros(1)),
            "with proj_size; our cells have no projection",
        ),
        (
            "gru-1",
            lambda: {f"encoder.rnn.{name}": a for name, a in weights("gru-1").items()},
            r"below 'encoder\.rnn\.' first, without that prefix",
        ),
        (
            "lstm-1",
            lambda: weights("gru-1"),
            r"weight_ih_l0 of shape \(16, 3\) for a LSTMCell of 4 units with 3 inputs",
        ),
        (
            "gru-1",
            lambda: changed("gru-1", bias_hh_l0=np.zeros(8)),
            r"bias_hh_l0 of shape \(12,\).*; got \(8,\)\.",
        ),
        (
            "gru-1",
            lambda: changed("gru-1", weight_hh_l0=np.zeros((12, 4), int)),
            "numbers in weight_hh_l0; got int64",
        ),
        (
            "gru-1",
            lambda: changed("gru-1", weight_hh_l0=Tensor(TypeError("Got unsupported ScalarType BFloat16"))),
            r"cannot read weight_hh_l0: Got unsupported ScalarType BFloat16\. Convert it to float32 first",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_words(case, state, message):
    with pytest.raises(ValueError, match=message):
        from_torch(ours(case), state())


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            GRU(hidden=H),
            "got GRUCell. PyTorch's GRU applies the reset gate after the recurrent product: that is GRUAfter",
        ),
        (PeepholeLSTM(hidden=H), "got PeepholeCell. PyTorch has no such cell"),
        (Stacked(cell=PeepholeLSTM(hidden=H)), "got PeepholeCell"),
        (Layers(cell=LSTM(hidden=H)), "got LayersModel. To convert a stack, use Stacked"),
    ],
)
def test_cells_that_pytorch_does_not_have_are_refused(spec, message):
    for convert in (to_torch, lambda cell: from_torch(cell, {})):
        with pytest.raises(ValueError, match=message):
            convert(abstract(spec, N))


# Against PyTorch itself.


@pytest.fixture(scope="module")
def live():
    """The maker of the golden numbers, where PyTorch is installed."""
    pytest.importorskip("torch", reason="PyTorch is not installed; `make torch` does it")
    import golden_torch

    return golden_torch


def slopes_and_outputs_here(case, cell, xs, first, weighting):
    graph, params = nnx.split(cell)

    def functional(params, xs):
        cell = nnx.merge(graph, params)
        _, ys = over_time(cell, xs, carry_of(cell, **first))
        return jnp.sum(weighting * ys), ys

    both = quickly(jax.value_and_grad(functional, argnums=(0, 1), has_aux=True))
    (_, ys), (slopes, xs_slopes) = both(params, xs)
    return ys, nnx.merge(graph, slopes), xs_slopes


@each_case
@pytest.mark.parametrize("direction", ["from_torch", "to_torch"])
def test_outputs_and_gradients_are_those_of_pytorch(live, case, direction):
    torch = live.torch
    kind, _, layers = case.rpartition("-")
    generator = np.random.default_rng(5)
    network = live.network(kind, int(layers), generator)
    cell = random_cell(case)
    if direction == "from_torch":
        cell = from_torch(cell, network.state_dict())
    else:
        network.load_state_dict({name: torch.from_numpy(a) for name, a in to_torch(cell).items()})
    xs, weighting = (np.asarray(normal(k, 7, 2, size)) for k, size in ((1, N), (2, H)))
    first = {name: np.asarray(normal(k, int(layers), 2, H)) for k, name in enumerate(live.states(kind))}
    there = torch.from_numpy(xs.copy()).requires_grad_()
    ys, _ = live.ran(network, there, [torch.from_numpy(a.copy()) for a in first.values()])
    (torch.from_numpy(weighting.copy()) * ys).sum().backward()
    ours_ys, slopes, xs_slopes = slopes_and_outputs_here(case, cell, jnp.asarray(xs), first, weighting)
    assert_close(ours_ys, ys.detach().numpy())
    assert_close(xs_slopes, there.grad.numpy())
    for name, slope in to_torch(slopes).items():  # a gradient is carried over as its weight is
        if name.startswith(("weight", "bias_ih")):
            np.testing.assert_allclose(slope, network.get_parameter(name).grad.numpy(), rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("kind", ["rnn-tanh", "rnn-relu", "lstm", "gru"])
def test_single_cells_of_pytorch_compute_the_same(live, kind):
    torch = live.torch
    make = {
        "rnn-tanh": lambda: torch.nn.RNNCell(N, H, nonlinearity="tanh"),
        "rnn-relu": lambda: torch.nn.RNNCell(N, H, nonlinearity="relu"),
        "lstm": lambda: torch.nn.LSTMCell(N, H),
        "gru": lambda: torch.nn.GRUCell(N, H),
    }[kind]
    network = make()
    cell = from_torch(ours(f"{kind}-1"), network.state_dict())
    xs = np.asarray(normal(1, 7, 2, N))
    state, outputs = None, []
    for x in torch.from_numpy(xs.copy()):
        state = network(x, state)
        outputs.append((state[0] if kind == "lstm" else state).detach().numpy())
    assert_close(run(cell, jnp.asarray(xs))[1], np.stack(outputs))


def test_the_golden_numbers_are_those_of_the_pytorch_at_hand(live):
    for case, want in golden().items():
        kind, _, layers = case.rpartition("-")
        again = live.example(kind, int(layers))
        assert again.keys() == want.keys()
        for name, a in again.items():
            assert_close(np.array(a["values"], np.float32).reshape(a["shape"]), want[name])
