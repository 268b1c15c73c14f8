"""Float64 NumPy oracles of the recurrent cells, written from the papers and from nothing of ours.

One sequence, a loop over time, one line per gate, columns as in print: `W_z @ x`. What an oracle must know
of a cell is how its parameters are laid out: `cut` takes gate number k out of an array whose last axis
lists the gates in the documented order. An oracle takes

    p       parameters by path, such as "W" or "layers.1.b"
    start   the first carry by field name
    xs      inputs (T, n)
    spec    the spec, for its structure

and returns `(ys (T, h), carries)`, where `carries[field]` is `(T, size)`, or a tuple of such per layer.
"""

import numpy as np


def sigma(a):
    return 1 / (1 + np.exp(-a))


def cut(array, k, gates):
    """Gate k: `(n, gates * h) -> (h, n)` ready for `W @ x`, or `(gates * h,) -> (h,)`."""
    h = array.shape[-1] // gates
    return array[..., k * h : (k + 1) * h].T


def gates_of(p, names, prefix=""):
    """`{z: (W_z, R_z, b_z), ...}` for the documented order `names`, such as "zifo"."""
    arrays = [p[prefix + name] for name in ("W", "R", "b")]
    return {g: tuple(cut(a, k, len(names)) for a in arrays) for k, g in enumerate(names)}


def elman(p, start, xs, spec):
    """Elman 1990, with the activation that the spec names."""
    W, R, b = p["W"].T, p["R"].T, p["b"]
    h, hs = start["y"], []
    for x in xs:
        a = W @ x + R @ h + b
        h = np.tanh(a) if spec.activation == "tanh" else np.maximum(a, 0)
        hs.append(h)
    return np.array(hs), {"y": np.array(hs)}


def lstm(p, start, xs, spec):
    """Gers et al. 2000 as drawn by Olah 2015."""
    g = gates_of(p, "zifo")
    c, y = start["c"], start["y"]
    cs, ys = [], []
    for x in xs:
        net = {name: W @ x + R @ y + b for name, (W, R, b) in g.items()}
        block_input = np.tanh(net["z"])
        input_gate, forget_gate, output_gate = sigma(net["i"]), sigma(net["f"]), sigma(net["o"])
        c = block_input * input_gate + c * forget_gate
        y = np.tanh(c) * output_gate
        cs.append(c)
        ys.append(y)
    return np.array(ys), {"c": np.array(cs), "y": np.array(ys)}


def peephole(p, start, xs, spec):
    """Greff et al. 2017, V: diagonal peepholes; the output gate sees the new cell."""
    (W_z, R_z, b_z), (W_i, R_i, b_i), (W_f, R_f, b_f), (W_o, R_o, b_o) = gates_of(p, "zifo").values()
    P_i, P_f, P_o = np.diag(p["p_i"]), np.diag(p["p_f"]), np.diag(p["p_o"])
    c_old, y = start["c"], start["y"]
    cs, ys = [], []
    for x in xs:
        z = np.tanh(W_z @ x + R_z @ y + b_z)
        i = sigma(W_i @ x + R_i @ y + P_i @ c_old + b_i)
        f = sigma(W_f @ x + R_f @ y + P_f @ c_old + b_f)
        c_new = z * i + c_old * f
        o = sigma(W_o @ x + R_o @ y + P_o @ c_new + b_o)
        y = np.tanh(c_new) * o
        c_old = c_new
        cs.append(c_new)
        ys.append(y)
    return np.array(ys), {"c": np.array(cs), "y": np.array(ys)}


def coupled(p, start, xs, spec):
    """Olah 2015: C = f C + (1 - f) C̃ with f learnt."""
    (W_C, R_C, b_C), (W_f, R_f, b_f), (W_o, R_o, b_o) = gates_of(p, "zfo").values()
    C, h = start["c"], start["y"]
    Cs, hs = [], []
    for x in xs:
        f = sigma(W_f @ x + R_f @ h + b_f)
        C_tilde = np.tanh(W_C @ x + R_C @ h + b_C)
        o = sigma(W_o @ x + R_o @ h + b_o)
        C = f * C + (1 - f) * C_tilde
        h = o * np.tanh(C)
        Cs.append(C)
        hs.append(h)
    return np.array(hs), {"c": np.array(Cs), "y": np.array(hs)}


def gru(p, start, xs, spec):
    """Chung et al. 2014, Olah 2015: reset before the product, z on the candidate."""
    (W_z, U_z, b_z), (W_r, U_r, b_r) = gates_of(p, "zr").values()
    W, U, b = p["W_h"].T, p["R_h"].T, p["b_h"]
    h, hs = start["h"], []
    for x in xs:
        z = sigma(W_z @ x + U_z @ h + b_z)
        r = sigma(W_r @ x + U_r @ h + b_r)
        h_tilde = np.tanh(W @ x + U @ (r * h) + b)
        h = (1 - z) * h + z * h_tilde
        hs.append(h)
    return np.array(hs), {"h": np.array(hs)}


def depth_gated(p, start, xs, spec):
    """Yao et al. 2015, first author's code without peepholes and self-stabiliser, f with own weights."""
    layers = range(spec.layers)
    c, h = [np.array(a) for a in start["c"]], [np.array(a) for a in start["y"]]
    cs, hs, top = [[] for _ in layers], [[] for _ in layers], []
    for x in xs:
        below, lower_cell = x, p["W_k"].T @ x  # the observation stands in for a cell below layer 1
        for L in layers:
            at = f"layers.{L}."
            (W_g, R_g, b_g), (W_i, R_i, b_i), (W_f, R_f, b_f), (W_o, R_o, b_o) = gates_of(
                p, "zifo", at
            ).values()
            i = sigma(W_i @ below + R_i @ h[L] + b_i)
            f = sigma(W_f @ below + R_f @ h[L] + b_f)
            g = np.tanh(W_g @ below + R_g @ h[L] + b_g)
            o = sigma(W_o @ below + R_o @ h[L] + b_o)
            a = p[at + "b_d"] + p[at + "W_d"].T @ below + p[at + "w_c"] * c[L]
            d = sigma(a) if L == 0 else sigma(a + p[at + "w_l"] * lower_cell)
            c[L] = f * c[L] + i * g + d * lower_cell
            h[L] = o * np.tanh(c[L])
            below, lower_cell = h[L], c[L]
            cs[L].append(c[L])
            hs[L].append(h[L])
        top.append(h[-1])
    return np.array(top), {"c": tuple(map(np.array, cs)), "y": tuple(map(np.array, hs))}


def clockwork(p, start, xs, spec):
    """Koutník et al. 2014, module by module; column block i (from 0) of R lists the senders i ... g - 1."""
    g = len(spec.periods)
    k = spec.hidden // g
    W, b = p["W"].T.reshape(g, k, -1), p["b"].reshape(g, k)
    h, t = start["h"].reshape(g, k), int(start["t"][0])
    hs, ts = [], []
    for x in xs:
        new = h.copy()
        for i, T_i in enumerate(spec.periods):
            if t % T_i != 0:
                continue
            net = W[i] @ x + b[i]
            for j, T_j in enumerate(spec.periods):
                if T_i <= T_j:
                    net = net + p[f"R.{i}"][(j - i) * k : (j - i + 1) * k].T @ h[j]
            new[i] = np.tanh(net)
        h, t = new, t + 1
        hs.append(h.ravel())
        ts.append([t])
    return np.array(hs), {"h": np.array(hs), "t": np.array(ts)}


ORACLES = {
    "rnn": elman,
    "lstm": lstm,
    "peephole": peephole,
    "coupled": coupled,
    "gru": gru,
    "depth_gated": depth_gated,
    "clockwork": clockwork,
}
