"""Every cell of the catalogue as one would write it in eager PyTorch: the same equations, letters and weights.

What a sequence's inputs give to all steps, such as `x W + b`, is one product before the loop; a step is as few calls
as we could find (`addmm`, `addcmul`, `lerp`), since in eager mode calls are what is paid for. (Of the lstm a training
step with `[x, h] [W; R]` in the loop took 1.12 times as long at batch and hidden 32, 0.90 at 128.) Equations and
names of parameters are in the file of the same cell in `lstm_variants/`; shapes are the same, time first.

    p          the cell's parameters by attribute, from `tree`
    before     (p, x (T, B, n)) -> tuple of per-step tensors (T, ...); matrices joined once become attributes of p
    step       (p, states, *tensors of this step) -> (states, y (B, h)); all states start at 0

`WHOLE` are the two that need no loop over time: they get `last`, as ours do, and compute what is scored.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from torch import Tensor, addcmul, addmm, lerp, sigmoid, tanh
from torch.nn import functional

Tensors = tuple[Tensor, ...]
PERIODS = (1, 2, 4, 8)  # clockwork
HEADS, CONTEXT = 2, 128  # transformer


def tree(flat: dict[str, Tensor]) -> Any:
    """`{"layers.0.W": tensor}` as `p.layers[0].W`."""
    groups: dict[str, dict[str, Tensor]] = {}
    for path, tensor in flat.items():
        head, _, rest = path.partition(".")
        groups.setdefault(head, {})[rest] = tensor
    made = {head: rest[""] if "" in rest else tree(rest) for head, rest in groups.items()}
    return (
        [made[k] for k in sorted(made, key=int)]
        if all(k.isdigit() for k in made)
        else SimpleNamespace(**made)
    )


def affine(p: Any, x: Tensor) -> Tensors:
    return (x @ p.W + p.b,)


def rnn(p: Any, s: Tensors, a: Tensor) -> tuple[Tensors, Tensor]:
    y = tanh(addmm(a, s[0], p.R))
    return (y,), y


def g(a: Tensor) -> Tensor:
    return 2 * tanh(a / 2)


def before_lstm1997(p: Any, x: Tensor) -> Tensors:
    return (x @ p.W + torch.cat([p.b_z, p.b_i, p.b_o]),)


def lstm1997(p: Any, s: Tensors, a: Tensor) -> tuple[Tensors, Tensor]:
    c, y, i, o = s
    h = y.shape[-1]
    z, gates = addmm(a, torch.cat([y, i, o], -1), p.R).split([h, 2 * h], -1)
    i, o = sigmoid(gates).chunk(2, -1)
    c = addcmul(c, g(z), i)
    y = tanh(c / 2) * o
    return (c, y, i, o), y


def before_lstm2000(p: Any, x: Tensor) -> Tensors:
    return (x @ p.W + functional.pad(p.b, (p.W.shape[1] - p.b.shape[0], 0)),)


def lstm2000(p: Any, s: Tensors, a: Tensor) -> tuple[Tensors, Tensor]:
    c, y = s
    h = y.shape[-1]
    z, gates = addmm(a, y, p.R).split([h, 3 * h], -1)
    i, f, o = sigmoid(gates).chunk(3, -1)
    c = addcmul(c * f, g(z), i)
    y = tanh(c / 2) * o
    return (c, y), y


def lstm(p: Any, s: Tensors, a: Tensor) -> tuple[Tensors, Tensor]:
    return gated(s[0], addmm(a, s[1], p.R))


def gated(c: Tensor, a: Tensor) -> tuple[Tensors, Tensor]:
    """The LSTM block from its four gates z i f o before their functions."""
    h = c.shape[-1]
    z, gates = a.split([h, 3 * h], -1)
    i, f, o = sigmoid(gates).chunk(3, -1)
    c = addcmul(c * f, tanh(z), i)
    y = tanh(c) * o
    return (c, y), y


def peephole(p: Any, s: Tensors, a: Tensor) -> tuple[Tensors, Tensor]:
    c, y = s
    z, i, f, o = addmm(a, y, p.R).chunk(4, -1)
    i, f = sigmoid(addcmul(i, p.p_i, c)), sigmoid(addcmul(f, p.p_f, c))
    c = addcmul(c * f, tanh(z), i)
    y = tanh(c) * sigmoid(addcmul(o, p.p_o, c))
    return (c, y), y


def full_peephole(p: Any, s: Tensors, a: Tensor) -> tuple[Tensors, Tensor]:
    c, y = s
    z, i, f, o = addmm(a, y, p.R).chunk(4, -1)
    i, f = sigmoid(addmm(i, c, p.P_i)), sigmoid(addmm(f, c, p.P_f))
    c = addcmul(c * f, tanh(z), i)
    y = tanh(c) * sigmoid(addmm(o, c, p.P_o))
    return (c, y), y


def nig(p: Any, s: Tensors, a: Tensor) -> tuple[Tensors, Tensor]:
    c, y = s
    z, f, o = addmm(a, y, p.R).chunk(3, -1)
    c = addcmul(tanh(z), c, sigmoid(addcmul(f, p.p_f, c)))
    y = tanh(c) * sigmoid(addcmul(o, p.p_o, c))
    return (c, y), y


def nfg(p: Any, s: Tensors, a: Tensor) -> tuple[Tensors, Tensor]:
    c, y = s
    z, i, o = addmm(a, y, p.R).chunk(3, -1)
    c = addcmul(c, tanh(z), sigmoid(addcmul(i, p.p_i, c)))
    y = tanh(c) * sigmoid(addcmul(o, p.p_o, c))
    return (c, y), y


def nog(p: Any, s: Tensors, a: Tensor) -> tuple[Tensors, Tensor]:
    c, y = s
    z, i, f = addmm(a, y, p.R).chunk(3, -1)
    i, f = sigmoid(addcmul(i, p.p_i, c)), sigmoid(addcmul(f, p.p_f, c))
    c = addcmul(c * f, tanh(z), i)
    y = tanh(c)
    return (c, y), y


def niaf(p: Any, s: Tensors, a: Tensor) -> tuple[Tensors, Tensor]:
    c, y = s
    z, i, f, o = addmm(a, y, p.R).chunk(4, -1)
    i, f = sigmoid(addcmul(i, p.p_i, c)), sigmoid(addcmul(f, p.p_f, c))
    c = addcmul(c * f, z, i)
    y = tanh(c) * sigmoid(addcmul(o, p.p_o, c))
    return (c, y), y


def noaf(p: Any, s: Tensors, a: Tensor) -> tuple[Tensors, Tensor]:
    c, y = s
    z, i, f, o = addmm(a, y, p.R).chunk(4, -1)
    i, f = sigmoid(addcmul(i, p.p_i, c)), sigmoid(addcmul(f, p.p_f, c))
    c = addcmul(c * f, tanh(z), i)
    y = c * sigmoid(addcmul(o, p.p_o, c))
    return (c, y), y


def cifg(p: Any, s: Tensors, a: Tensor) -> tuple[Tensors, Tensor]:
    c, y = s
    z, i, o = addmm(a, y, p.R).chunk(3, -1)
    c = lerp(c, tanh(z), sigmoid(addcmul(i, p.p_i, c)))
    y = tanh(c) * sigmoid(addcmul(o, p.p_o, c))
    return (c, y), y


def coupled(p: Any, s: Tensors, a: Tensor) -> tuple[Tensors, Tensor]:
    c, y = s
    h = y.shape[-1]
    z, gates = addmm(a, y, p.R).split([h, 2 * h], -1)
    f, o = sigmoid(gates).chunk(2, -1)
    c = lerp(tanh(z), c, f)
    y = tanh(c) * o
    return (c, y), y


def before_fgr(p: Any, x: Tensor) -> Tensors:
    p.R_gates = torch.cat([p.R_from_i, p.R_from_f, p.R_from_o])
    return affine(p, x)


def fgr(p: Any, s: Tensors, a: Tensor) -> tuple[Tensors, Tensor]:
    c, y, *gates = s
    h = y.shape[-1]
    z, a = addmm(a, y, p.R).split([h, 3 * h], -1)
    i, f, o = addmm(a, torch.cat(gates, -1), p.R_gates).chunk(3, -1)
    i, f = sigmoid(addcmul(i, p.p_i, c)), sigmoid(addcmul(f, p.p_f, c))
    c = addcmul(c * f, tanh(z), i)
    o = sigmoid(addcmul(o, p.p_o, c))
    y = tanh(c) * o
    return (c, y, i, f, o), y


def before_gru(p: Any, x: Tensor) -> Tensors:
    return x @ p.W + p.b, x @ p.W_h + p.b_h


def gru(p: Any, s: Tensors, a: Tensor, b: Tensor) -> tuple[Tensors, Tensor]:
    (h,) = s
    z, r = sigmoid(addmm(a, h, p.R)).chunk(2, -1)
    h = lerp(h, tanh(addmm(b, r * h, p.R_h)), z)
    return (h,), h


def gru_after(p: Any, s: Tensors, a: Tensor, b: Tensor) -> tuple[Tensors, Tensor]:
    (h,) = s
    z, r = sigmoid(addmm(a, h, p.R)).chunk(2, -1)
    h = lerp(h, tanh(addcmul(b, r, addmm(p.b_R, h, p.R_h))), z)
    return (h,), h


def before_mut1(p: Any, x: Tensor) -> Tensors:
    x = x @ p.P
    return sigmoid(x @ p.W_z + p.b_z), x @ p.W_r + p.b_r, tanh(x) + p.b_h


def mut1(p: Any, s: Tensors, z: Tensor, r: Tensor, a: Tensor) -> tuple[Tensors, Tensor]:
    (h,) = s
    r = sigmoid(addmm(r, h, p.R_r))
    h = lerp(h, tanh(addmm(a, r * h, p.R_h)), z)
    return (h,), h


def before_mut2(p: Any, x: Tensor) -> Tensors:
    x = x @ p.P
    p.R = torch.cat([p.R_z, p.R_r], -1)
    return torch.cat([x @ p.W_z + p.b_z, x + p.b_r], -1), x @ p.W_h + p.b_h


def before_mut3(p: Any, x: Tensor) -> Tensors:
    return x @ p.W_z + p.b_z, x @ p.W_r + p.b_r, x @ p.W_h + p.b_h


def mut3(p: Any, s: Tensors, z: Tensor, r: Tensor, a: Tensor) -> tuple[Tensors, Tensor]:
    (h,) = s
    z, r = sigmoid(addmm(z, tanh(h), p.R_z)), sigmoid(addmm(r, h, p.R_r))
    h = lerp(h, tanh(addmm(a, r * h, p.R_h)), z)
    return (h,), h


def before_min_gru(p: Any, x: Tensor) -> Tensors:
    z, candidate = (x @ p.W + p.b).chunk(2, -1)
    z = sigmoid(z)
    return 1 - z, z * candidate


def before_min_lstm(p: Any, x: Tensor) -> Tensors:
    f, i, candidate = (x @ p.W + p.b).chunk(3, -1)
    f = sigmoid(functional.logsigmoid(f) - functional.logsigmoid(i))
    return f, (1 - f) * candidate


def linear(p: Any, s: Tensors, a: Tensor, b: Tensor) -> tuple[Tensors, Tensor]:
    h = addcmul(b, a, s[0])
    return (h,), h


def before_depth_gated(p: Any, x: Tensor) -> Tensors:
    first, *upper = p.layers
    for layer in upper:
        layer.joined = torch.cat([layer.W, layer.R])
    return x @ first.W + first.b, x @ first.W_d + first.b_d, x @ p.W_k


def depth_gated(p: Any, s: Tensors, a: Tensor, d: Tensor, k: Tensor) -> tuple[Tensors, Tensor]:
    """States c and y of the first layer, then of the second, and so on."""
    states: list[Tensor] = []
    for l, layer in enumerate(p.layers):
        c, y = s[2 * l : 2 * l + 2]
        if l == 0:
            a, d = addmm(a, y, layer.R), addcmul(d, layer.w_c, c)
        else:
            x = states[-1]
            a = addmm(layer.b, torch.cat([x, y], -1), layer.joined)
            d = addcmul(addcmul(addmm(layer.b_d, x, layer.W_d), layer.w_c, c), layer.w_l, k)
        h = y.shape[-1]
        z, gates = a.split([h, 3 * h], -1)
        i, f, o = sigmoid(gates).chunk(3, -1)
        k = addcmul(addcmul(c * f, tanh(z), i), k, sigmoid(d))
        states += [k, tanh(k) * o]
    return tuple(states), states[-1]


def before_clockwork(p: Any, x: Tensor) -> Tensors:
    h = p.b.shape[0]
    p.all = torch.cat([functional.pad(r, (0, 0, h - r.shape[0], 0)) for r in p.R], -1)
    T = torch.tensor(PERIODS, device=x.device).repeat_interleave(h // len(PERIODS))
    return x @ p.W + p.b, torch.arange(x.shape[0], device=x.device)[:, None] % T == 0


def clockwork(p: Any, s: Tensors, a: Tensor, ticks: Tensor) -> tuple[Tensors, Tensor]:
    h = torch.where(ticks, tanh(addmm(a, s[0], p.all)), s[0])
    return (h,), h


def before_grid(p: Any, x: Tensor) -> Tensors:
    for transform in (*p.time, *p.depth):
        transform.joined = torch.cat([transform.W, transform.R])
    m, h = (x @ p.W).chunk(2, -1)
    return m, h


def transformed(m: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    """m' and h' from the gates u f o c before their functions."""
    h = m.shape[-1]
    gates, c = a.split([3 * h, h], -1)
    u, f, o = sigmoid(gates).chunk(3, -1)
    m = addcmul(f * m, u, tanh(c))
    return m, o * tanh(m)


def grid(p: Any, s: Tensors, depth_m: Tensor, depth_h: Tensor) -> tuple[Tensors, Tensor]:
    """States m and h of the first layer, then of the second, and so on."""
    states: list[Tensor] = []
    for l, (time, depth) in enumerate(zip(p.time, p.depth, strict=True)):
        m, h = s[2 * l : 2 * l + 2]
        m, h = transformed(m, addmm(time.b, torch.cat([depth_h, h], -1), time.joined))
        a = addmm(depth.b, torch.cat([h, depth_h], -1), depth.joined)
        depth_m, depth_h = transformed(depth_m, a)
        states += [m, h]
    return tuple(states), depth_h


def grid_depth(p: Any, x: Tensor, last: int) -> Tensor:
    m, h = (x[-last:] @ p.W).chunk(2, -1)
    for layer in p.depth:
        m, h = transformed(m, h @ layer.R + layer.b)
    return h


def rotated(a: Tensor, steps: Tensor) -> Tensor:
    """Heads (B, heads, T, d) turned by their positions (T,)."""
    half = a.shape[-1] // 2
    angle = steps[:, None] * 10_000.0 ** (-torch.arange(half, device=a.device) / half)
    cos, sin = angle.cos(), angle.sin()
    a, b = a.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


def transformer(p: Any, x: Tensor, last: int) -> Tensor:
    u = (x @ p.W_x + p.b_x).transpose(0, 1)  # (B, T, h)
    B, T, h = u.shape
    asking = slice(T - last, None)
    W_q, W_k_v = p.W.split([h, 2 * h], -1)
    normed = functional.layer_norm(u, (h,), p.g_a, p.b_a)
    k, v = (normed @ W_k_v).chunk(2, -1)
    q, k, v = (a.view(B, -1, HEADS, h // HEADS).transpose(1, 2) for a in (normed[:, asking] @ W_q, k, v))
    t = torch.arange(T, device=x.device)
    age = t[asking, None] - t
    read = functional.scaled_dot_product_attention(
        rotated(q, t[asking]), rotated(k, t), v, attn_mask=(age >= 0) & (age < CONTEXT)
    )
    m = u[:, asking] + read.transpose(1, 2).reshape(B, last, h) @ p.W_o
    inner = functional.relu(functional.layer_norm(m, (h,), p.g_f, p.b_f) @ p.W_1 + p.b_1)
    return (m + (inner @ p.W_2 + p.b_2)).transpose(0, 1)


class Cell(NamedTuple):
    """states: how many arrays (B, h) the step carries."""

    step: Callable[..., tuple[Tensors, Tensor]]
    states: int = 2
    before: Callable[[Any, Tensor], Tensors] = affine


CELLS = {
    "rnn": Cell(rnn, 1),
    "lstm1997": Cell(lstm1997, 4, before_lstm1997),
    "lstm2000": Cell(lstm2000, 2, before_lstm2000),
    "lstm": Cell(lstm),
    "peephole": Cell(peephole),
    "full_peephole": Cell(full_peephole),
    "nig": Cell(nig),
    "nfg": Cell(nfg),
    "nog": Cell(nog),
    "niaf": Cell(niaf),
    "noaf": Cell(noaf),
    "cifg": Cell(cifg),
    "coupled": Cell(coupled),
    "fgr": Cell(fgr, 5, before_fgr),
    "gru": Cell(gru, 1, before_gru),
    "gru_after": Cell(gru_after, 1, before_gru),
    "mut1": Cell(mut1, 1, before_mut1),
    "mut2": Cell(gru, 1, before_mut2),
    "mut3": Cell(mut3, 1, before_mut3),
    "min_gru": Cell(linear, 1, before_min_gru),
    "min_lstm": Cell(linear, 1, before_min_lstm),
    "depth_gated": Cell(depth_gated, 4, before_depth_gated),
    "clockwork": Cell(clockwork, 1, before_clockwork),
    "grid": Cell(grid, 4, before_grid),
}
WHOLE = {"grid_depth": grid_depth, "transformer": transformer}


def run(cell: str, p: Any, x: Tensor, *, hidden: int, last: int) -> Tensor:
    """The last `last` outputs (last, B, h) of a cell of `hidden` units over x (T, B, n), from zero states."""
    if cell in WHOLE:
        return WHOLE[cell](p, x, last)
    step, states, before = CELLS[cell]
    T, B, _ = x.shape
    carry: Tensors = (x.new_zeros(B, hidden),) * states
    ys: list[Tensor] = []
    for t, tensors in enumerate(zip(*(a.unbind(0) for a in before(p, x)), strict=True)):
        carry, y = step(p, carry, *tensors)
        if t >= T - last:
            ys.append(y)
    return torch.stack(ys)
