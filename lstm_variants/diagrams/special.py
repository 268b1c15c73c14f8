"""What is not of vectors of units alone: the Clockwork RNN by its modules, the Transformer block, attention.

    Clockwork   h_i' = ĥ_i where t mod T_i = 0, else h_i        a circle "t mod T_i" chooses between the two
    Transformer K', V' = the window less its oldest, and k, v   a circle "push"
                s = Σ softmax(q · K') V', head by head          a circle "attend"
    Attention   Y' = the earlier outputs Y, and y               a circle "append"
                e = q · y_s for every y_s in Y'                 a circle "score"
                c = Σ α_s y_s                                   a circle "Σ α y"

`functions` says what these signs compute, so that these drawings are tested as the others are.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from lstm_variants.conformance.language import Equations, normalised
from lstm_variants.diagrams.from_equations import graph_of
from lstm_variants.diagrams.graph import Graph, Node, Wire

Array = np.ndarray


def clockwork(periods: tuple[int, ...]) -> Graph:
    """One band a module, the slowest at the bottom; k is the candidate ĥ, a module hears itself and the slower ones."""
    g = len(periods)
    lines = list[str]()
    for i in range(1, g + 1):
        heard = " + ".join(f"R_{i}{j} h{j}" for j in range(i, g + 1))
        lines += [f"k{i} = tanh(W_{i} x + {heard} + b_{i})", f"h{i}' = every{i}(k{i}, h{i})"]
    state = tuple(f"h{i}" for i in range(1, g + 1))
    title = f"Clockwork RNN, periods {', '.join(map(str, periods))}"
    equations = Equations("clockwork", title, tuple(lines), state, f"h{g}'")
    bands = {name: g - i for i in range(1, g + 1) for name in (f"k{i}", f"h{i}_new")}
    graph = graph_of(equations, bands)
    nodes = {name: signed(node, periods) for name, node in graph.nodes.items()}
    (now,) = graph.into("out")
    wires, read = [w for w in graph.wires if w.target != "out"], now.source
    for i in range(g - 1, 0, -1):  # all modules are read
        (new,) = graph.into(f"h{i}'")
        name = f"read{i}"
        nodes[name] = Node(name=name, kind="join", sign="up", band=g - i)
        wires += [Wire(source=read, target=name), Wire(source=new.source, target=name, slot=1)]
        read = name
    nodes["out"] = replace(nodes["out"], letter="h'")
    return replace(graph, nodes=nodes, wires=(*wires, Wire(source=read, target="out")))


def signed(node: Node, periods: tuple[int, ...]) -> Node:
    """A node with the period in place of the module's number."""
    found = re.fullmatch(r"every(\d+)", node.sign)
    return replace(node, sign=f"t mod {periods[int(found[1]) - 1]}") if found else node


LINES = (
    ("u = W_x x + b_x", 0),
    ("a = g_a ⊙ norm(u) + b_a", 0),
    ("k = W_k a", 1),
    ("K' = push(K, k)", 1),
    ("v = W_v a", 1),
    ("V' = push(V, v)", 1),
    ("q = W_q a", 1),
    ("s = attend(q, K', V')", 2),
    ("m = u + W_o s", 2),
    ("e = g_f ⊙ norm(m) + b_f", 3),
    ("r = relu(W_1 e + b_1)", 3),
    ("y = m + W_2 r + b_2", 3),
)
BLOCK = Equations(
    "transformer",
    "causal pre-norm Transformer block",
    tuple(line for line, _ in LINES),
    ("K", "V"),
    "y",
)


def transformer() -> Graph:
    """From below: projection and norm; queries, keys and values; attention; the feed-forward layer."""
    bands = {line.split("=")[0].strip().replace("'", "_new"): band for line, band in LINES}
    return graph_of(BLOCK, bands)


LOOK = Equations(
    "attention",
    "attention over the states: the read-out hears a in place of y",
    (
        "Y' = append(Y, x)",
        "q = W_a x",
        "e = score(q, Y')",
        "α = softmax(e)",
        "c = mixed(α, Y')",
        "a = tanh(W_c c + W_y x)",
    ),
    ("Y",),
    "a",
)


def attention() -> Graph:
    """Of `attention.py`; [W_c W_y] is its W_c. The input is the output y of the cell below."""
    graph = graph_of(LOOK, {"Y_new": 0, "q": 1, "e": 1, "α": 1, "c": 1, "a": 2})
    signs = {"x": "y", "mixed": "Σ α y"}
    nodes = {name: replace(node, sign=signs.get(node.sign, node.sign)) for name, node in graph.nodes.items()}
    return replace(graph, nodes=nodes)


def functions(values: Mapping[str, Any]) -> dict[str, Callable[..., Any]]:
    """What the signs of these three stand for. values: the clock t; of attention heads, context, and t, the number of
    steps in the window before this one."""

    def attend(q: Array, keys: Array, window: Array) -> Array:
        heads, c, seen = values["heads"], values["context"], min(values["t"] + 1, values["context"])
        h, points = q.shape
        d = h // heads
        speed = 10_000.0 ** (-2 * np.arange(d // 2) / d)

        def pairs(a: Array) -> Array:  # (..., heads, d, points) as complex numbers
            return a[..., : d // 2, :] + 1j * a[..., d // 2 :, :]

        cut = pairs(q.reshape(heads, d, points))
        k, v = (a.reshape(c, heads, d, points)[c - seen :] for a in (keys, window))
        ages = np.arange(seen)[::-1]
        turned = np.exp(1j * ages[:, None, None, None] * speed[None, None, :, None]) * cut[None]
        s = (turned * pairs(k).conj()).real.sum(2) / np.sqrt(d)
        e = np.exp(s - s.max(0))
        return ((e / e.sum(0))[:, :, None] * v).sum(0).reshape(h, points)

    def steps_of(window: Array, units: int) -> Array:
        return window.reshape(-1, units, window.shape[-1])  # (steps, k, points)

    def softmax(e: Array) -> Array:
        exponentials = np.exp(e - e.max(0))
        return exponentials / exponentials.sum(0)

    def mixed(weights: Array, window: Array) -> Array:
        return (weights[:, None] * steps_of(window, len(window) // len(weights))).sum(0)

    found: dict[str, Callable[..., Any]] = {
        "append": lambda window, new: np.concatenate([window, new]),
        "score": lambda q, window: (q * steps_of(window, len(q))).sum(1),
        "softmax": softmax,
        "Σ α y": mixed,
        "norm": lambda a: normalised(a),
        "push": lambda window, new: np.concatenate([window[len(new) :], new]),
        "attend": attend,
    }
    for period in range(1, 1000):
        found[f"t mod {period}"] = lambda new, old, T=period: new if values["t"] % T == 0 else old
    return found
