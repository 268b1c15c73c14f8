"""PyTorch's side: `torch.nn.LSTM`, `GRU` and `RNN`, and eager loops of the equations of all cells (`torch_cells.py`).

The step is ours: adding problem, squared error of a linear read-out of the last output, clipping to the norm 1, Adam,
with `foreach` or fused kernels. The data is given. Nothing is compiled.
"""

import os
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from sweeps.bench import torch_cells
from sweeps.bench.cases import LIBRARY
from sweeps.bench.processes import Work

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")

if os.environ.get("OMP_NUM_THREADS") == "1":
    torch.set_num_threads(1)


def describe() -> dict[str, Any]:
    return {"backend": DEVICE.type, "version": torch.__version__, "threads": torch.get_num_threads()}


def build(case: dict[str, Any]) -> tuple[Work, dict[str, Any]]:
    torch.manual_seed(0)
    if case["what"] == "product":
        return product(case["size"]), {}
    T, B, h = case["length"], case["batch"], case["hidden"]
    x = torch.rand(T, B, 2, device=DEVICE)
    if case["form"] == "library":
        network = getattr(torch.nn, LIBRARY[case["cell"]])(2, h).to(DEVICE)
        return training(list(network.parameters()), lambda: network(x)[0][-1], x, h), {}
    leaves = {path: leaf(shape, h) for path, shape in case["shapes"].items()}

    def last() -> Tensor:
        return torch_cells.run(case["cell"], torch_cells.tree(leaves), x, hidden=h, last=1)[-1]

    return training(list(leaves.values()), last, x, h), {}


def leaf(shape: list[int], hidden: int) -> Tensor:
    """A parameter drawn as PyTorch draws those of its recurrent networks."""
    return torch.empty(*shape, device=DEVICE).uniform_(-(hidden**-0.5), hidden**-0.5).requires_grad_()


def training(parameters: list[Tensor], last: Callable[[], Tensor], x: Tensor, hidden: int) -> Work:
    """Steps of `last() -> (B, h)` and a read-out."""
    readout = torch.nn.Linear(hidden, 1).to(DEVICE)
    targets = x[:, :, :1].sum(0)
    parameters = [*parameters, *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=1e-3, fused=True)

    def work(steps: int) -> int:
        for _ in range(steps):
            optimizer.zero_grad(set_to_none=True)
            torch.nn.functional.mse_loss(readout(last()), targets).backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0, foreach=True)
            optimizer.step()
        synchronise()
        return steps

    return work


def product(size: int) -> Work:
    """Products of two float32 matrices `(size, size)`."""
    a, b = (torch.randn(size, size, device=DEVICE) for _ in range(2))

    def work(products: int) -> int:
        for _ in range(products):
            torch.mm(a, b)
        synchronise()
        return products

    return work


def synchronise() -> None:
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()
