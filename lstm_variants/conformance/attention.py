"""A causal Transformer block, compared as a sequence of outputs.

Its parameters are known by the names and shapes that `lstm_variants/cells/transformer.py` documents: a block has too
many sizes that are free, and too few published standards, for its matrices to be found by trying.
"""

import numpy as np

from lstm_variants.conformance.adapter import Adapter, CanNotCheck

LINES = (
    "u = W_x x + b_x",
    "q, k, v = W LN_a(u)",
    "m = u + W_o Σ_a softmax(s)_a v_a, s_a = (ρ^a q) · k_a / √d",
    "y = m + W_2 max(0, W_1 LN_f(m) + b_1) + b_2",
)
NAMES = ("W_x", "b_x", "g_a", "b_a", "W", "W_o", "g_f", "b_f", "W_1", "b_1", "W_2", "b_2")


def heads(cell: Adapter, tolerance: float = 2e-4) -> tuple[int, int] | None:
    """(heads, context) with which the cell is the block of the equations, None if with no number of heads.

    Raises CanNotCheck where the parameters are not those of such a block.
    """
    n, h = cell.inputs, cell.hidden
    shapes = {name: np.shape(a) for name, a in cell.parameters.items()}
    wide = shapes.get("b_1", (0,))[0]
    asked = dict(
        zip(
            NAMES,
            [(n, h), (h,), (h,), (h,), (h, 3 * h), (h, h), (h,), (h,), (h, wide), (wide,), (wide, h), (h,)],
            strict=True,
        )
    )
    if shapes != asked:
        raise CanNotCheck(
            f"{cell.name}: the kit knows a Transformer block by the parameters {', '.join(NAMES)} of "
            f"lstm_variants/cells/transformer.py; got {', '.join(shapes) or 'none'}."
        )
    generator = np.random.default_rng(9)
    p = {name: generator.normal(0, 0.5, shape) for name, shape in shapes.items()}
    context = max(np.shape(a)[0] for a in cell.carry) // h
    xs = generator.normal(size=(context + 9, 2, n))
    carry = cell.start(2)
    ys = []
    for x in xs:
        after, y = cell.step(
            {name: a.astype(np.float32) for name, a in p.items()}, carry, x.astype(np.float32)
        )
        carry = tuple(after)
        ys.append(y)
    for number in range(1, h // 2 + 1):
        if h % (2 * number) == 0 and np.abs(block(p, xs, number, context) - np.array(ys)).max() < tolerance:
            return number, context
    return None


def block(p: dict[str, np.ndarray], xs: np.ndarray, heads: int, context: int) -> np.ndarray:
    """All outputs (T, B, h) of inputs (T, B, n), in float64."""

    def norm(a: np.ndarray, g: np.ndarray, b: np.ndarray) -> np.ndarray:
        centred = a - a.mean(-1, keepdims=True)
        return g * centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) + b

    T, B, _ = xs.shape
    h = p["W_o"].shape[0]
    d = h // heads
    u = xs @ p["W_x"] + p["b_x"]
    q, k, v = ((norm(u, p["g_a"], p["b_a"]) @ w).reshape(T, B, heads, d) for w in np.split(p["W"], 3, axis=1))
    # As complex numbers the pairs (q_j, q_{j + d/2}) are turned by a product.
    q, k = (a[..., : d // 2] + 1j * a[..., d // 2 :] for a in (q, k))
    speed = 10_000.0 ** (-2 * np.arange(d // 2) / d)
    attended = np.zeros((T, B, heads, d))
    for t in range(T):
        seen = range(max(0, t - context + 1), t + 1)
        s = np.array(
            [(np.exp(1j * (t - a) * speed) * q[t] * k[a].conj()).real.sum(-1) for a in seen]
        ) / np.sqrt(d)
        weights = np.exp(s - s.max(0))
        attended[t] = np.einsum("abh,abhd->bhd", weights / weights.sum(0), v[list(seen)])
    m = u + attended.reshape(T, B, h) @ p["W_o"]
    return m + np.maximum(0, norm(m, p["g_f"], p["b_f"]) @ p["W_1"] + p["b_1"]) @ p["W_2"] + p["b_2"]
