"""Float64 NumPy oracle of the Transformer block, of the form that `recurrent` describes.

A list of what was seen in place of a window, heads one by one, and rotations by absolute positions as matrices,
as Su et al. 2021 print them (their equation 15): that only distances matter is theirs to show, and not used.
"""

import math

import numpy as np


def layer_norm(a, gain, bias):
    """Ba, Kiros & Hinton 2016, with the usual 1e-5 beside the variance."""
    mu = sum(a) / len(a)
    sigma = np.sqrt(sum((a - mu) ** 2) / len(a) + 1e-5)
    return gain / sigma * (a - mu) + bias


def rotation(position, d):
    """R of a position, `(d, d)`: pair j is the units j and j + d/2."""
    R = np.zeros((d, d))
    for j in range(d // 2):
        angle = position * 10_000 ** (-2 * j / d)
        one, two = j, j + d // 2
        R[one, one], R[one, two] = math.cos(angle), -math.sin(angle)
        R[two, one], R[two, two] = math.sin(angle), math.cos(angle)
    return R


def transformer(p, start, xs, spec):
    """Vaswani et al. 2017, pre-norm as Xiong et al. 2020, one causal block behind a projection of the input."""
    h, c = spec.hidden, spec.context
    d = h // spec.heads
    W_q, W_k, W_v = (p["W"][:, i * h : (i + 1) * h].T for i in range(3))
    held = int(start["t"][0])
    window = [(start["k"][s * h : (s + 1) * h], start["v"][s * h : (s + 1) * h]) for s in range(c)]
    seen = list(range(c - held, c))  # positions: the window's are 0 ... c - 1, the first input's is c
    ys, carries = [], {"k": [], "v": [], "t": []}
    for x in xs:
        u = p["W_x"].T @ x + p["b_x"]
        a = layer_norm(u, p["g_a"], p["b_a"])
        q = W_q @ a
        window.append((W_k @ a, W_v @ a))
        now = len(window) - 1
        seen = [s for s in [*seen, now] if now - s < c]
        heads = []
        for i in range(spec.heads):
            part = slice(i * d, (i + 1) * d)
            rotated = rotation(now, d) @ q[part]
            scores = [rotated @ (rotation(s, d) @ window[s][0][part]) / math.sqrt(d) for s in seen]
            weights = np.exp(scores) / np.sum(np.exp(scores))
            heads.append(sum(w * window[s][1][part] for w, s in zip(weights, seen, strict=True)))
        m = u + p["W_o"].T @ np.concatenate(heads)
        inner = np.maximum(0, p["W_1"].T @ layer_norm(m, p["g_f"], p["b_f"]) + p["b_1"])
        ys.append(m + p["W_2"].T @ inner + p["b_2"])
        keys, values = zip(*window[-c:], strict=True)
        carries["k"].append(np.concatenate(keys))
        carries["v"].append(np.concatenate(values))
        carries["t"].append([len(seen)])
    return np.array(ys), {name: np.array(rows) for name, rows in carries.items()}


ORACLES = {"transformer": transformer}
