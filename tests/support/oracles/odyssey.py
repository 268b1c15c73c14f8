"""Float64 NumPy oracles of the LSTM's own family: the variants of Greff et al. 2017, Olah's full peepholes and
the cells of 1997 and 2000. Written from the papers, called as those of `recurrent.py`.
"""

import numpy as np
from oracles.recurrent import gates_of, sigma


def identity(a):
    return a


def variant(learnt, *, g=np.tanh, H=np.tanh, coupled=False):
    """Greff et al. 2017: V with one of its equations replaced. `learnt` lists what has weights, in our order;
    a gate that is not among them is 1, but 1 - i when coupled."""

    def oracle(p, start, xs, spec):
        w = gates_of(p, learnt)
        c, y = start["c"], start["y"]
        cs, ys = [], []

        def gate(name, cell):
            if name not in learnt:
                return np.ones_like(y)
            W, R, b = w[name]
            return sigma(W @ x + R @ y + p["p_" + name] * cell + b)

        for x in xs:
            W_z, R_z, b_z = w["z"]
            z = g(W_z @ x + R_z @ y + b_z)
            i = gate("i", c)
            f = 1 - i if coupled else gate("f", c)
            c = i * z + f * c
            y = gate("o", c) * H(c)
            cs.append(c)
            ys.append(y)
        return np.array(ys), {"c": np.array(cs), "y": np.array(ys)}

    return oracle


def fgr(p, start, xs, spec):
    """Greff et al. 2017, FGR: the gates of step t - 1 reach every gate; z, c and y as in V."""
    (W_z, R_z, b_z), (W_i, R_i, b_i), (W_f, R_f, b_f), (W_o, R_o, b_o) = gates_of(p, "zifo").values()
    h = len(b_z)
    R_ii, R_if, R_io = (p["R_from_i"][:, k * h : (k + 1) * h].T for k in range(3))
    R_fi, R_ff, R_fo = (p["R_from_f"][:, k * h : (k + 1) * h].T for k in range(3))
    R_oi, R_of, R_oo = (p["R_from_o"][:, k * h : (k + 1) * h].T for k in range(3))
    c, y, i, f, o = (start[name] for name in ("c", "y", "i", "f", "o"))
    steps = {name: [] for name in ("c", "y", "i", "f", "o")}
    for x in xs:
        z = np.tanh(W_z @ x + R_z @ y + b_z)
        i_new = sigma(W_i @ x + R_i @ y + p["p_i"] * c + b_i + R_ii @ i + R_fi @ f + R_oi @ o)
        f_new = sigma(W_f @ x + R_f @ y + p["p_f"] * c + b_f + R_if @ i + R_ff @ f + R_of @ o)
        c = i_new * z + f_new * c
        o_new = sigma(W_o @ x + R_o @ y + p["p_o"] * c + b_o + R_io @ i + R_fo @ f + R_oo @ o)
        y = o_new * np.tanh(c)
        i, f, o = i_new, f_new, o_new
        for name, value in zip(steps, (c, y, i, f, o), strict=True):
            steps[name].append(value)
    return np.array(steps["y"]), {name: np.array(values) for name, values in steps.items()}


def full_peephole(p, start, xs, spec):
    """Olah 2015: one matrix a gate on [C, h, x]; f and i take C_{t-1}, o takes C_t."""
    (W_C, R_C, b_C), *rest = gates_of(p, "zifo").values()
    joined = [
        np.concatenate([p[P].T, R, W], axis=1)
        for P, (W, R, _) in zip(("P_i", "P_f", "P_o"), rest, strict=True)
    ]
    (W_i, W_f, W_o), (b_i, b_f, b_o) = joined, [b for *_, b in rest]
    C, h = start["c"], start["y"]
    Cs, hs = [], []
    for x in xs:
        f = sigma(W_f @ np.concatenate([C, h, x]) + b_f)
        i = sigma(W_i @ np.concatenate([C, h, x]) + b_i)
        C_tilde = np.tanh(W_C @ x + R_C @ h + b_C)
        C = f * C + i * C_tilde
        o = sigma(W_o @ np.concatenate([C, h, x]) + b_o)
        h = o * np.tanh(C)
        Cs.append(C)
        hs.append(h)
    return np.array(hs), {"c": np.array(Cs), "y": np.array(hs)}


def g97(a):
    """Logistic in [-2, 2]."""
    return 4 / (1 + np.exp(-a)) - 2


def h97(a):
    """Logistic in [-1, 1]."""
    return 2 / (1 + np.exp(-a)) - 1


def lstm1997(p, start, xs, spec):
    """Hochreiter & Schmidhuber 1997, cell v of block j by cell v of block j; columns: cells, in_j, out_j."""
    cells, S = len(start["c"]), spec.size
    blocks = cells // S
    s, y_c, y_in, y_out = start["c"], start["y"], start["i"], start["o"]
    none = {"hidden": np.zeros(0), "gates": np.zeros(cells), "none": np.zeros(cells + 2 * blocks)}[
        spec.biases
    ]
    bias = np.concatenate([none, *(p[b] for b in ("b_z", "b_i", "b_o") if b in p)])
    steps = {name: [] for name in ("c", "y", "i", "o")}
    for x in xs:
        sources = [*zip(p["W"], x, strict=True), *zip(p["R"], [*y_c, *y_in, *y_out], strict=True)]
        net = bias + sum(weights_from_u * y_u for weights_from_u, y_u in sources)
        new_s, new_y = (np.empty(cells, x.dtype) for _ in range(2))
        new_in, new_out = (np.empty(blocks, x.dtype) for _ in range(2))
        for j in range(blocks):
            new_in[j] = sigma(net[cells + j])
            new_out[j] = sigma(net[cells + blocks + j])
            for v in range(S):
                m = j * S + v
                new_s[m] = s[m] + new_in[j] * g97(net[m])
                new_y[m] = new_out[j] * h97(new_s[m])
        s, y_c, y_in, y_out = new_s, new_y, new_in, new_out
        for name, value in zip(steps, (s, y_c, y_in, y_out), strict=True):
            steps[name].append(value)
    return np.array(steps["y"]), {name: np.array(values) for name, values in steps.items()}


def lstm2000(p, start, xs, spec):
    """Gers, Schmidhuber & Cummins 2000, block by block; columns: cells, in_j, φ_j, out_j."""
    cells, S = len(start["c"]), spec.size
    blocks = cells // S
    w, w_rec, w_bias = p["W"].T, p["R"].T, p["b"]
    s, y_c = start["c"], start["y"]
    ss, ys = [], []
    for x in xs:
        new_s, new_y = (np.empty(cells, x.dtype) for _ in range(2))
        for j in range(blocks):
            y_in, y_phi, y_out = (
                sigma(w[row] @ x + w_rec[row] @ y_c + w_bias[row - cells])
                for row in (cells + j, cells + blocks + j, cells + 2 * blocks + j)
            )
            for m in range(j * S, (j + 1) * S):
                new_s[m] = y_phi * s[m] + y_in * g97(w[m] @ x + w_rec[m] @ y_c)
                new_y[m] = y_out * h97(new_s[m])
        s, y_c = new_s, new_y
        ss.append(s)
        ys.append(y_c)
    return np.array(ys), {"c": np.array(ss), "y": np.array(ys)}


ORACLES = {
    "lstm1997": lstm1997,
    "lstm2000": lstm2000,
    "full_peephole": full_peephole,
    "nig": variant("zfo"),
    "nfg": variant("zio"),
    "nog": variant("zif"),
    "niaf": variant("zifo", g=identity),
    "noaf": variant("zifo", H=identity),
    "cifg": variant("zio", coupled=True),
    "fgr": fgr,
}
