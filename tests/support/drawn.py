"""Cells of the catalogue with random weights, by the letters of their equations, as a drawing needs them."""

from functools import cache

import numpy as np
from flax import nnx
from oracles.modules import normal, randomised

from lstm_variants import CELLS
from lstm_variants.attention import Attention
from lstm_variants.conformance.adapter import adapt
from lstm_variants.conformance.fit import Probe, Search, fit
from lstm_variants.diagrams import drawn, equations_of, of_catalogue, single, svg


@cache
def picture(name):
    """The drawing of a cell of the catalogue."""
    return drawn(of_catalogue(name))


@cache
def document(name):
    return svg(single(picture(name)), name)


@cache
def known(name):
    """(values by letter, results by the sign of the drawing's output) of a cell whose equations the kit evaluates; the
    results are the cell's own, in float32."""
    probe = Probe(adapt(CELLS[name], name))
    found = fit(probe, equations_of(name))
    assert found is not None, name
    search = Search(probe, found.equations, tuple(found.parts), found.order)
    values = {**search.zeros, **search.point}
    for tile, part in found.parts.items():
        block = tile.of(probe.weights[tile.leaf]).astype(np.float64)
        values[part.role] = block[:, None] if block.ndim == 1 else block.T if part.transposed else block
    carry, y = probe.run(frozenset(found.parts))
    return values, {f"{letter}'": new for letter, new in zip(found.order, carry, strict=True)} | {"out": y}


def clockwork(t):
    """The same of a Clockwork RNN at step t, by modules."""
    cell = adapt(CELLS["clockwork"](hidden=8))
    weights, carry, x = drawn_at_random(cell, 4)
    carry = (carry[0], np.full_like(carry[1], t))
    after, y = cell.step(weights, carry, x)
    values = {"x": x.T, "t": t}
    for i in range(4):
        columns = slice(2 * i, 2 * i + 2)
        values[f"W_{i + 1}"] = weights["W"][:, columns].T
        values[f"b_{i + 1}"] = weights["b"][columns, None]
        values[f"h{i + 1}"] = carry[0].T[columns]
        for j in range(i, 4):
            values[f"R_{i + 1}{j + 1}"] = weights[f"R.{i}"][2 * (j - i) : 2 * (j - i) + 2].T
    results = {f"h{i + 1}'": after[0].T[2 * i : 2 * i + 2] for i in range(4)}
    return values, results | {"out": y.T}


def transformer(t):
    """The same of a Transformer block that has seen t steps before."""
    cell = adapt(CELLS["transformer"](hidden=8, context=4, heads=2))
    weights, carry, _ = drawn_at_random(cell, 4)
    generator = np.random.default_rng(3)
    carry = cell.start(4)
    for _ in range(t + 1):
        x = generator.normal(size=(4, cell.inputs)).astype(np.float32)
        before = carry
        carry, y = cell.step(weights, before, x)
    w = {name: a.astype(np.float64).T for name, a in weights.items()}
    values = {name: a[:, None] if a.ndim == 1 else a for name, a in w.items() if name != "W"}
    values |= dict(zip(("W_q", "W_k", "W_v"), np.split(w["W"], 3), strict=True))
    values |= {"x": x.T, "K": before[0].T, "V": before[1].T, "t": t, "heads": 2, "context": 4}
    return values, {"K'": carry[0].T, "V'": carry[1].T, "out": y.T}


def attention(t):
    """The same of attention at a step with t steps before, four sequences at once."""
    model = randomised(nnx.eval_shape(lambda: Attention(3, rngs=nnx.Rngs(0))))
    y = normal(2, t + 1, 4, 3)
    memory, out = model(y, last=1)
    W_a, (W_c, W_y) = np.asarray(model.W_a[...]), np.split(np.asarray(model.W_c[...]), 2)
    Y = np.moveaxis(np.asarray(memory.y, np.float64), 1, -1).reshape(-1, 4)
    values = {"W_a": W_a.T, "W_c": W_c.T, "W_y": W_y.T, "y": Y[-3:], "Y": Y[:-3]}
    return values, {"Y'": Y, "out": np.asarray(out[0]).T}


def drawn_at_random(cell, points):
    generator = np.random.default_rng(7)
    weights = {
        name: generator.normal(0, 0.5, np.shape(a)).astype(np.float32) for name, a in cell.parameters.items()
    }
    carry = tuple(generator.normal(size=a.shape).astype(a.dtype) for a in cell.start(points))
    return weights, carry, generator.normal(size=(points, cell.inputs)).astype(np.float32)
