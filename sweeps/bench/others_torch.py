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
    """eager: the cells that have a loop here."""
    eager = [*torch_cells.CELLS, *torch_cells.WHOLE]
    about = {"backend": DEVICE.type, "version": torch.__version__, "threads": torch.get_num_threads()}
    return {**about, "eager": eager}


def build(case: dict[str, Any]) -> tuple[Work, dict[str, Any]]:
    """The work of a case, and what there is to say of it."""
    torch.manual_seed(0)
    if case["what"] == "product":
        return product(case["size"]), {}
    T, B, h = case["length"], case["batch"], case["hidden"]
    x = torch.rand(T, B, 2, device=DEVICE)
    if case["form"].startswith("stacked"):
        return stacked(x, h, case["members"], compiled="compiled" in case["form"]), {}
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


def stacked(x: Tensor, hidden: int, members: int, *, compiled: bool) -> Work:
    """Steps of many LSTMs side by side: `torch.func.vmap` of the gradient over stacked parameters; Adam and the
    clipping, which are elementwise, on the stacks."""
    shapes = {"K": (2 + hidden, 4 * hidden), "b": (4 * hidden,), "W": (hidden, 1), "c": (1,)}
    params = {name: leaf([members, *shape], hidden).detach() for name, shape in shapes.items()}
    first = {name: torch.zeros_like(p) for name, p in params.items()}
    second = {name: torch.zeros_like(p) for name, p in params.items()}
    targets = x[:, :, :1].sum(0)

    def loss(p: dict[str, Tensor]) -> Tensor:
        c = y = x.new_zeros(x.shape[1], hidden)
        for x_t in x:
            z, i, f, o = (torch.cat([x_t, y], -1) @ p["K"] + p["b"]).chunk(4, -1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(z)
            y = torch.sigmoid(o) * torch.tanh(c)
        return torch.nn.functional.mse_loss(y @ p["W"] + p["c"], targets)

    def update(params: Any, first: Any, second: Any, rate: Tensor) -> tuple[Any, Any, Any]:
        gradient = torch.func.vmap(torch.func.grad(loss))(params)
        norm = sum(g.flatten(1).square().sum(1) for g in gradient.values()).sqrt()  # type: ignore[union-attr]
        scale = (1 / norm.clamp(min=1.0)).view(-1, 1, 1)
        gradient = {n: g * scale.view(-1, *[1] * (g.dim() - 1)) for n, g in gradient.items()}
        first = {n: 0.9 * first[n] + 0.1 * g for n, g in gradient.items()}
        second = {n: 0.999 * second[n] + 0.001 * g.square() for n, g in gradient.items()}
        params = {n: p - rate * first[n] / (second[n].sqrt() + 1e-8) for n, p in params.items()}
        return params, first, second

    step = torch.compile(update) if compiled else update
    made = 0

    def work(steps: int) -> int:
        nonlocal params, first, second, made
        for _ in range(steps):
            made += 1
            rate = 1e-3 * (1 - 0.999**made) ** 0.5 / (1 - 0.9**made)
            params, first, second = step(params, first, second, torch.tensor(rate, device=DEVICE))
        synchronise()
        return steps

    if compiled:
        work(1)  # now, so that it counts as building
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
    """Wait until the device has finished."""
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()
