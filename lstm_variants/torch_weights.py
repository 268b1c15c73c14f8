"""Weights to and from PyTorch: the same function of the same inputs, under the names of `torch.nn`.

    ours                      torch                          gates there
    VanillaRNN                nn.RNN, nn.RNNCell             one; nonlinearity="tanh" or "relu" as in ours
    LSTM                      nn.LSTM, nn.LSTMCell           i f g o: g is our z
    GRUAfter                  nn.GRU, nn.GRUCell             r z n: n is our h̃, z is 1 - z of ours
    Stacked of one of them    the same with num_layers

    cell = from_torch(cell, network.state_dict())
    network.load_state_dict({name: torch.from_numpy(a) for name, a in to_torch(cell).items()})

Their matrices act from the left and are the transposes of ours. Where the update gate of theirs keeps the old
state, ours takes the new one: 1 - σ(a) = σ(-a), so weights and bias of that gate change sign. PyTorch adds two
biases where one would do: ours goes to `bias_ih` with zeros in `bias_hh`, and back comes the sum; only the GRU's
candidate has two that differ, b_h outside the reset gate and b_R (`bias_hh`) inside.

PyTorch itself is not needed: values are arrays, or whatever has `.detach().cpu().numpy()`.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

import jax.numpy as jnp
import numpy as np
from flax import nnx

from lstm_variants.cells.gru_after import GRUAfterCell
from lstm_variants.cells.lstm import LSTMCell
from lstm_variants.cells.vanilla import VanillaCell
from lstm_variants.stacked import StackedCell

Array = np.ndarray
Cell = TypeVar("Cell", bound=nnx.RNNCellBase)

NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
GATES: dict[type, int] = {VanillaCell: 1, LSTMCell: 4, GRUAfterCell: 3}


class Gate(NamedTuple):
    """W (n, h), R (h, h), b and c (h,): `W x + b` and `R h + c` are what PyTorch computes for one gate."""

    W: Array
    R: Array
    b: Array
    c: Array


def to_torch(cell: nnx.RNNCellBase, *, single: bool = False) -> dict[str, Array]:
    """The weights of `cell` as a PyTorch state dict of float arrays: `weight_ih_l0` and so on, layer by layer.

    single: the names of `nn.LSTMCell` and its like, which have no `_l0`.

    Raises ValueError for a cell that PyTorch does not have, and for `single` with several layers.
    """
    layers = layers_of("to_torch", cell)
    if single and len(layers) > 1:
        raise ValueError(
            f"to_torch converts one layer to the names of a single cell; got {len(layers)} layers."
        )
    state = {}
    for l, layer in enumerate(layers):
        for name, parts in zip(NAMES, zip(*gates_of(layer), strict=True), strict=True):
            state[f"{name}{suffix(l, single)}"] = np.ascontiguousarray(np.concatenate(parts, axis=-1).T)
    return state


def from_torch(cell: Cell, state_dict: Mapping[str, Any]) -> Cell:
    """A copy of `cell` with the weights of a PyTorch state dict; the cell given stays as it is.

    It may be abstract (made by `nnx.eval_shape`): only its kind, shapes and types of numbers matter. A network
    made with `bias=False` has no biases in its state dict: they become zeros.

    Raises ValueError for keys that are missing or too many, wrong shapes, and weights of what our cells do not
    have: a second direction, a projection.
    """
    copy = nnx.clone(cell)
    layers = layers_of("from_torch", copy)
    single = len(layers) == 1 and not any(re.search(r"_l\d", name) for name in state_dict)
    biased = any("bias" in name for name in state_dict)
    names = NAMES if biased else NAMES[:2]
    check_names([f"{name}{suffix(l, single)}" for l in range(len(layers)) for name in names], state_dict)
    for l, layer in enumerate(layers):
        gates, (n, h) = GATES[type(layer)], (layer.W.get_value().shape[0], layer.hidden)
        shapes = ((gates * h, n), (gates * h, h), (gates * h,), (gates * h,))
        arrays = []
        for name, shape in zip(NAMES, shapes, strict=True):
            key = f"{name}{suffix(l, single)}"
            array = read(key, state_dict[key]) if name in names else np.zeros(shape, np.float32)
            if array.shape != shape:
                raise ValueError(
                    f"from_torch needs {key} of shape {shape} for a {type(layer).__name__} of {h} units with {n} "
                    f"inputs, PyTorch's {gates} x {h} rows; got {array.shape}."
                )
            arrays.append(np.split(array.T, gates, axis=-1))
        kind = layer.W.get_value().dtype
        for name, array in attributes_of(
            layer, [Gate(*parts) for parts in zip(*arrays, strict=True)]
        ).items():
            setattr(layer, name, nnx.Param(jnp.asarray(array, kind)))
    return copy


def layers_of(function: str, cell: nnx.Module) -> list[Any]:
    """The cells of a stack, lowest first, or the cell alone. Raises ValueError."""
    if isinstance(cell, StackedCell):
        return [layer for part in cell.cells for layer in layers_of(function, part)]
    if type(cell) not in GATES:
        why = {
            "GRUCell": " PyTorch's GRU applies the reset gate after the recurrent product: that is GRUAfter.",
            "LayersModel": " To convert a stack, use Stacked, which has one direction and no options of its own.",
        }
        raise ValueError(
            f"{function} supports the cells VanillaRNN, LSTM, GRUAfter and Stacked, for torch.nn.RNN, LSTM and "
            f"GRU; got {type(cell).__name__}.{why.get(type(cell).__name__, ' PyTorch has no such cell.')}"
        )
    return [cell]


def gates_of(cell: Any) -> list[Gate]:
    """The gates of one of our cells, in PyTorch's order."""
    if isinstance(cell, GRUAfterCell):
        z, r = cut(cell, 2)
        h_R = Gate(*(np.asarray(p[...]) for p in (cell.W_h, cell.R_h, cell.b_h, cell.b_R)))
        return [r, negated(z), h_R]
    if isinstance(cell, LSTMCell):
        z, i, f, o = cut(cell, 4)
        return [i, f, z, o]
    return cut(cell, 1)


def attributes_of(cell: Any, gates: list[Gate]) -> dict[str, Array]:
    """The parameters of one of our cells by name, from gates in PyTorch's order."""
    if isinstance(cell, GRUAfterCell):
        r, z, candidate = gates
        return joined(negated(z), r) | dict(zip(("W_h", "R_h", "b_h", "b_R"), candidate, strict=True))
    if isinstance(cell, LSTMCell):
        i, f, z, o = gates
        return joined(z, i, f, o)
    return joined(*gates)


def cut(cell: Any, gates: int) -> list[Gate]:
    """W, R and b cut into gates, with no second bias."""
    W, R, b = (np.split(np.asarray(p[...]), gates, axis=-1) for p in (cell.W, cell.R, cell.b))
    return [Gate(*parts, np.zeros_like(parts[-1])) for parts in zip(W, R, b, strict=True)]


def joined(*gates: Gate) -> dict[str, Array]:
    """W, R and b of gates side by side; the two biases of each are added."""
    W, R, b, c = (np.concatenate(parts, axis=-1) for parts in zip(*gates, strict=True))
    return {"W": W, "R": R, "b": b + c}


def negated(gate: Gate) -> Gate:
    return Gate(*(-part for part in gate))


def suffix(layer: int, single: bool) -> str:
    return "" if single else f"_l{layer}"


def read(name: str, value: Any) -> Array:
    """A NumPy array of floating-point numbers. Raises ValueError."""
    try:
        array = np.asarray(value.detach().cpu().numpy() if hasattr(value, "detach") else value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"from_torch cannot read {name}: {error}. Convert it to float32 first.") from None
    if not jnp.issubdtype(array.dtype, jnp.floating):
        raise ValueError(f"from_torch needs floating-point numbers in {name}; got {array.dtype}.")
    return array


def check_names(needed: list[str], state_dict: Mapping[str, Any]) -> None:
    """Raise ValueError unless these are the keys."""
    missing = [name for name in needed if name not in state_dict]
    extra = [name for name in state_dict if name not in needed]
    if not missing and not extra:
        return
    found = f"missing: {', '.join(missing) or 'none'}; unknown: {', '.join(extra) or 'none'}"
    why = ""
    if any("_reverse" in name for name in extra):
        why = " These are weights of a bidirectional network; our cells run in one direction."
    elif any("weight_hr" in name for name in extra):
        why = " These are weights of a network with proj_size; our cells have no projection."
    elif prefix := next((name[: -len(needed[0])] for name in extra if name.endswith(f".{needed[0]}")), ""):
        why = f" Take the part of the state dict below '{prefix}' first, without that prefix."
    raise ValueError(f"from_torch needs {', '.join(needed)}; {found}.{why}")
