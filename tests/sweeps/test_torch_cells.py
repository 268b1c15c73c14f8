"""The eager PyTorch cells of the benchmark compute what ours compute: else it would compare two things."""

import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from oracles.modules import abstract, arrays, normal, parameters, randomised

from experiments.compiler import QUICK, compile_with
from lstm_variants import CELLS, run_sequence

pytestmark = pytest.mark.slow

torch = pytest.importorskip("torch")
torch_cells = pytest.importorskip("sweeps.bench.torch_cells")

T, B, N, H = 6, 2, 3, 8
CLOSE = {"rtol": 1e-5, "atol": 1e-5}  # float32, sums in another order


def both(name, length, last):
    """Outputs and gradients of all parameters, ours and theirs, of a random weighting of the outputs."""
    cell = randomised(abstract(CELLS[name](hidden=H), N), seed=3, scale=0.3)
    xs, weights = normal(4, length, B, N), normal(5, last, B, H)
    graph, params, rest = nnx.split(cell, nnx.Param, ...)

    def ours(params):
        _, ys = run_sequence(nnx.merge(graph, params, rest), xs, last=last)
        return jnp.sum(ys * weights), ys

    program = compile_with(jax.jit(jax.value_and_grad(ours, has_aux=True)).lower(params), QUICK)
    (_, ys), gradient = program(params)
    leaves = {path: torch.tensor(a, dtype=torch.float32) for path, a in parameters(cell).items()}
    for leaf in leaves.values():
        leaf.requires_grad_()
    p = torch_cells.tree(leaves)
    theirs = torch_cells.run(name, p, torch.tensor(np.asarray(xs)), hidden=H, last=last)
    (theirs * torch.tensor(np.asarray(weights))).sum().backward()
    gradients = {
        path: np.zeros(leaf.shape) if leaf.grad is None else leaf.grad for path, leaf in leaves.items()
    }
    return ys, theirs.detach(), arrays(gradient), gradients


@pytest.mark.parametrize("name", [*torch_cells.CELLS, *torch_cells.WHOLE])
def test_the_same_weights_give_the_same_outputs_and_gradients(name):
    ours, theirs, gradient, gradients = both(name, T, 3)
    np.testing.assert_allclose(theirs, ours, **CLOSE)
    assert gradients.keys() == gradient.keys()
    for path, expected in gradient.items():
        np.testing.assert_allclose(gradients[path], expected, **CLOSE, err_msg=path)


def test_the_transformer_forgets_what_is_further_back_than_its_window():
    ours, theirs, _, _ = both("transformer", torch_cells.CONTEXT + 5, 7)
    np.testing.assert_allclose(theirs, ours, **CLOSE)


def test_the_benchmark_writes_no_cell_that_there_is_not():
    assert {*torch_cells.CELLS, *torch_cells.WHOLE} <= set(CELLS)


def test_the_benchmark_has_every_cell_of_which_the_pages_say_so():
    page = (Path(__file__).parents[2] / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| (\w+) beside PyTorch", page, re.M))
    assert len(told) >= 26
    assert told <= {*torch_cells.CELLS, *torch_cells.WHOLE}
