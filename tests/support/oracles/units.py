"""Float64 NumPy oracles of the gated units beside the LSTM; how they are called is said in `recurrent.py`."""

import numpy as np
from oracles.recurrent import cut, gates_of, sigma


def gru_after(p, start, xs, spec):
    """Cho et al. 2014 v1 in cuDNN's letters (i for its z, r, h'), then z negated: cuDNN's i keeps the old."""
    (W_z, R_z, b_z), (W_r, R_r, b_r) = gates_of(p, "zr").values()
    W_h, R_h, b_Wh, b_Rh = p["W_h"].T, p["R_h"].T, p["b_h"], p["b_R"]
    h, hs = start["h"], []
    for x in xs:
        i = sigma(-(W_z @ x + R_z @ h + b_z))
        r = sigma(W_r @ x + R_r @ h + b_r)
        new = np.tanh(W_h @ x + r * (R_h @ h + b_Rh) + b_Wh)
        h = (1 - i) * new + i * h
        hs.append(h)
    return np.array(hs), {"h": np.array(hs)}


def embedded(p, x):
    """The published mutants have inputs as long as the state."""
    return p["P"].T @ x if "P" in p else x


def mut1(p, start, xs, spec):
    """Jozefowicz et al. 2015, MUT1."""
    W_xz, W_xr, W_hr, W_hh = (p[name].T for name in ("W_z", "W_r", "R_r", "R_h"))
    h, hs = start["h"], []
    for x in xs:
        x = embedded(p, x)
        z = sigma(W_xz @ x + p["b_z"])
        r = sigma(W_xr @ x + W_hr @ h + p["b_r"])
        h = np.tanh(W_hh @ (r * h) + np.tanh(x) + p["b_h"]) * z + h * (1 - z)
        hs.append(h)
    return np.array(hs), {"h": np.array(hs)}


def mut2(p, start, xs, spec):
    """Jozefowicz et al. 2015, MUT2."""
    W_xz, W_hz, W_hr, W_xh, W_hh = (p[name].T for name in ("W_z", "R_z", "R_r", "W_h", "R_h"))
    h, hs = start["h"], []
    for x in xs:
        x = embedded(p, x)
        z = sigma(W_xz @ x + W_hz @ h + p["b_z"])
        r = sigma(x + W_hr @ h + p["b_r"])
        h = np.tanh(W_hh @ (r * h) + W_xh @ x + p["b_h"]) * z + h * (1 - z)
        hs.append(h)
    return np.array(hs), {"h": np.array(hs)}


def mut3(p, start, xs, spec):
    """Jozefowicz et al. 2015, MUT3."""
    names = ("W_z", "R_z", "W_r", "R_r", "W_h", "R_h")
    W_xz, W_hz, W_xr, W_hr, W_xh, W_hh = (p[name].T for name in names)
    h, hs = start["h"], []
    for x in xs:
        z = sigma(W_xz @ x + W_hz @ np.tanh(h) + p["b_z"])
        r = sigma(W_xr @ x + W_hr @ h + p["b_r"])
        h = np.tanh(W_hh @ (r * h) + W_xh @ x + p["b_h"]) * z + h * (1 - z)
        hs.append(h)
    return np.array(hs), {"h": np.array(hs)}


def min_gru(p, start, xs, spec):
    """Feng et al. 2024, plain form."""
    W_z, W_h = (cut(p["W"], k, 2) for k in range(2))
    b_z, b_h = (cut(p["b"], k, 2) for k in range(2))
    h, hs = start["h"], []
    for x in xs:
        z = sigma(W_z @ x + b_z)
        h_tilde = W_h @ x + b_h
        h = (1 - z) * h + z * h_tilde
        hs.append(h)
    return np.array(hs), {"h": np.array(hs)}


def min_lstm(p, start, xs, spec):
    """Feng et al. 2024, plain form, with the quotients as printed."""
    W_f, W_i, W_h = (cut(p["W"], k, 3) for k in range(3))
    b_f, b_i, b_h = (cut(p["b"], k, 3) for k in range(3))
    h, hs = start["h"], []
    for x in xs:
        f, i = sigma(W_f @ x + b_f), sigma(W_i @ x + b_i)
        h_tilde = W_h @ x + b_h
        h = f / (f + i) * h + i / (f + i) * h_tilde
        hs.append(h)
    return np.array(hs), {"h": np.array(hs)}


def transform(gates, m, H):
    """One LSTM transform of a grid block: `gates` are (matrix on H, bias) for u, f, o, c."""
    (W_u, b_u), (W_f, b_f), (W_o, b_o), (W_c, b_c) = gates
    g_u, g_f, g_o = sigma(W_u @ H + b_u), sigma(W_f @ H + b_f), sigma(W_o @ H + b_o)
    m = g_f * m + g_u * np.tanh(W_c @ H + b_c)
    return m, g_o * np.tanh(m)


def grid(p, start, xs, spec):
    """Kalchbrenner et al. 2015, 2-LSTM: H = [hidden of time; hidden of depth], depth has priority."""

    def gates(dimension, layer):
        at = f"{dimension}.{0 if spec.tied else layer}."
        for W, R, b in gates_of(p, "ufoc", at).values():  # W from the other dimension, R along its own
            yield (np.hstack([R, W]) if dimension == "time" else np.hstack([W, R])), b

    layers = range(spec.layers)
    m_time, h_time = [np.array(a) for a in start["m"]], [np.array(a) for a in start["h"]]
    ms, hs, top = [[] for _ in layers], [[] for _ in layers], []
    for x in xs:
        m_depth, h_depth = cut(p["W"], 0, 2) @ x, cut(p["W"], 1, 2) @ x
        for L in layers:
            m_time[L], h_time[L] = transform(gates("time", L), m_time[L], np.hstack([h_time[L], h_depth]))
            m_depth, h_depth = transform(gates("depth", L), m_depth, np.hstack([h_time[L], h_depth]))
            ms[L].append(m_time[L])
            hs[L].append(h_time[L])
        top.append(h_depth)
    return np.array(top), {"m": tuple(map(np.array, ms)), "h": tuple(map(np.array, hs))}


def grid_depth(p, start, xs, spec):
    """Kalchbrenner et al. 2015, 1-LSTM along depth: every step for itself."""
    ys = []
    for x in xs:
        m, h = cut(p["W"], 0, 2) @ x, cut(p["W"], 1, 2) @ x
        for L in range(spec.layers):
            R, b = (p[f"depth.{0 if spec.tied else L}.{name}"] for name in "Rb")
            m, h = transform([(cut(R, k, 4), cut(b, k, 4)) for k in range(4)], m, h)
        ys.append(h)
    return np.array(ys), {}


ORACLES = {
    "gru_after": gru_after,
    "mut1": mut1,
    "mut2": mut2,
    "mut3": mut3,
    "min_gru": min_gru,
    "min_lstm": min_lstm,
    "grid": grid,
    "grid_depth": grid_depth,
}
