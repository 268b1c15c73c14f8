"""What a diagram shows is what the cell computes: pictures are read back, and the graph that they show is run."""

import dataclasses
import itertools
import re

import drawn as cells
import numpy as np
import pytest

from lstm_variants import CELLS
from lstm_variants.conformance.language import Equations
from lstm_variants.conformance.written import written
from lstm_variants.diagrams import ATTENTION, CanNotDraw, computed, drawn, graph_of, read_back, single, svg
from lstm_variants.diagrams.graph import Graph, Node, Wire, function_of
from lstm_variants.diagrams.place import half
from lstm_variants.diagrams.sheet import chain, compared, differing
from lstm_variants.diagrams.special import functions

pytestmark = pytest.mark.slow
OWN = {"clockwork": cells.clockwork, "transformer": cells.transformer, ATTENTION: cells.attention}
EVERY = [*CELLS, ATTENTION]
TOLERANCE = 5e-5  # float32 of the cell against float64 of the drawing, values of order 1 to 10


def agrees(graph, values, results):
    """Whether a graph computes these results; a graph that can not be run does not."""
    more = functions(values)
    try:
        with np.errstate(all="ignore"):
            made = computed(graph, values, more)
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    made = {
        name: np.concatenate([v[part] for part in sorted(v)]) if isinstance(v, dict) else v
        for name, v in made.items()
    }
    if made.keys() != results.keys():
        return False
    try:
        return all(
            np.abs(np.broadcast_to(made[name], np.shape(wanted)) - wanted).max() < TOLERANCE
            for name, wanted in results.items()
        )
    except (ValueError, TypeError):
        return False


# What a picture shows is what the cell computes.


@pytest.mark.parametrize("name", [name for name in CELLS if name not in OWN])
def test_the_drawing_of_a_cell_computes_what_the_cell_computes(name):
    values, results = cells.known(name)
    assert agrees(read_back(cells.document(name)), values, results)


@pytest.mark.parametrize(
    ("name", "t"),
    [
        *itertools.product(["clockwork"], range(9)),
        *itertools.product(["transformer"], [0, 2, 3, 7]),
        *itertools.product([ATTENTION], [1, 5]),
    ],
)
def test_the_drawing_of_a_cell_with_a_clock_or_a_window_computes_what_the_cell_computes(name, t):
    values, results = OWN[name](t)
    assert agrees(read_back(cells.document(name)), values, results)


def mutants(graph):
    """The graph with one mistake: another sign, a wire less, a wire from elsewhere."""
    others = {"×": "+", "+": "×", "−": "+", "1−": "tanh", "tanh": "σ", "σ": "tanh", "lin": "σ"}
    for name, node in graph.nodes.items():
        if node.sign in others and node.kind in ("op", "layer"):
            changed = dataclasses.replace(node, sign=others[node.sign])
            yield f"sign of {name}", dataclasses.replace(graph, nodes={**graph.nodes, name: changed})
        if node.biases:
            changed = dataclasses.replace(node, biases=node.biases[1:])
            yield f"no bias in {name}", dataclasses.replace(graph, nodes={**graph.nodes, name: changed})
    for k, wire in enumerate(graph.wires):
        rest = graph.wires[:k] + graph.wires[k + 1 :]
        yield f"no wire {wire.source} to {wire.target}", dataclasses.replace(graph, wires=rest)
        for source, node in graph.nodes.items():
            if source != wire.source and node.kind not in ("output", "join"):
                moved = dataclasses.replace(wire, source=source)
                label = f"{wire.target} hears {source}, not {wire.source}"
                yield label, dataclasses.replace(graph, wires=(*rest, moved))


@pytest.mark.parametrize("name", ["rnn", "lstm", "peephole", "coupled", "gru", "min_lstm", "depth_gated"])
def test_a_drawing_with_one_mistake_does_not_compute_what_the_cell_computes(name):
    values, results = cells.known(name)
    graph = read_back(cells.document(name))
    made = list(mutants(graph))
    assert len(made) > 10
    assert [label for label, mutant in made if agrees(mutant, values, results)] == []


def test_a_line_that_ends_nowhere_is_noticed():
    text = cells.document("lstm")
    (first, *_) = re.findall(r'<path d="M([^L]+)L', text)
    with pytest.raises(ValueError, match="where there is nothing"):
        read_back(text.replace(f'd="M{first}L', 'd="M1 1 L'))


# It can be read.


@pytest.mark.parametrize("name", EVERY)
def test_no_line_runs_through_a_node_or_a_word(name):
    drawing = cells.picture(name)
    for number, wire in enumerate(drawing.graph.wires):
        points = drawing.paths[number]
        for (ax, ay), (bx, by) in itertools.pairwise(points):
            assert ax == bx or ay == by, "lines are upright or level"
            for other, (x, y) in drawing.layout.centres.items():
                w, h = half(drawing.graph.nodes[other])
                if other in (wire.source, wire.target):
                    w, h = w - 0.01, h - 0.01
                inside = max(min(ax, bx), x - w) < min(max(ax, bx), x + w) and max(min(ay, by), y - h) < min(
                    max(ay, by), y + h
                )
                level = ay == by and y - h < ay < y + h and max(min(ax, bx), x - w) < min(max(ax, bx), x + w)
                upright = (
                    ax == bx and x - w < ax < x + w and max(min(ay, by), y - h) < min(max(ay, by), y + h)
                )
                hit = inside or level or upright
                assert not hit, f"{wire.source} to {wire.target} through {other}"


@pytest.mark.parametrize("name", EVERY)
def test_no_two_lines_share_their_way(name):
    drawing = cells.picture(name)
    squares = {}
    for number, wire in enumerate(drawing.graph.wires):
        for a, b in itertools.pairwise(drawing.paths[number]):
            length = int(2 * (abs(a[0] - b[0]) + abs(a[1] - b[1])))
            for k in range(length):
                middle = tuple(p + (q - p) * (k + 0.5) / length for p, q in zip(a, b, strict=True))
                squares.setdefault(middle, set()).add(wire.source)
    assert [place for place, sources in squares.items() if len(sources) > 1] == []


@pytest.mark.parametrize("name", EVERY)
def test_every_node_is_on_the_sheet_and_clear_of_the_others(name):
    drawing = cells.picture(name)
    for a, b in itertools.combinations(drawing.layout.centres, 2):
        (ax, ay), (bx, by) = drawing.layout.centres[a], drawing.layout.centres[b]
        (aw, ah), (bw, bh) = half(drawing.graph.nodes[a]), half(drawing.graph.nodes[b])
        assert abs(ax - bx) >= aw + bw or abs(ay - by) >= ah + bh, (a, b)
    for x, y in drawing.layout.centres.values():
        assert 1 <= x <= drawing.layout.width - 1
        assert 1 <= y <= drawing.layout.height - 1


def test_the_same_cell_is_drawn_the_same_way():
    equations = written("f = σ(W_f x + R_f h + b_f)\nh' = f ⊙ h + (1 - f) ⊙ tanh(W x)")
    assert svg(single(drawn(graph_of(equations))), "a") == svg(single(drawn(graph_of(equations))), "a")


# What equations become.


def signs(graph, kind):
    return sorted(node.sign for node in graph.nodes.values() if node.kind == kind)


def test_weighted_sums_are_boxes_and_all_else_is_circles():
    graph = graph_of(written("z = σ(W_z x + R_z h + b_z)\nh' = (1 - z) ⊙ h + z ⊙ tanh(W x + P (z ⊙ h))"))
    assert signs(graph, "layer") == ["tanh", "σ"]
    assert signs(graph, "op") == ["+", "1−", "×", "×", "×"]


def test_what_is_used_twice_is_drawn_once():
    graph = graph_of(written("f = σ(W_f x)\ni = σ(W_i x)\nh' = f / (f + i) ⊙ h + i / (f + i) ⊙ (W x)"))
    assert signs(graph, "op").count("+") == 2


def test_a_gate_that_is_one_is_not_drawn():
    graph = graph_of(written("i = 1\nz = tanh(W x + R c)\nc' = z ⊙ i + c"))
    assert signs(graph, "op") == ["+"]


def test_what_is_added_without_weights_is_no_part_of_a_layer():
    graph = graph_of(written("h' = tanh(W x + b + h)"))
    assert (signs(graph, "layer"), signs(graph, "op")) == (["lin"], ["+", "tanh"])


def test_what_the_notation_has_no_sign_for_is_refused():
    with pytest.raises(CanNotDraw, match="layer norm"):
        graph_of(written("h' = tanh(LN(W x + R h))"))


def test_wires_that_go_round_in_a_circle_are_refused():
    nodes = {n: Node(name=n, kind="op", sign="+") for n in "ab"}
    graph = Graph(title="", nodes=nodes, wires=(Wire(source="a", target="b"), Wire(source="b", target="a")))
    with pytest.raises(ValueError, match="round in a circle"):
        computed(graph, {})


@pytest.mark.parametrize(
    ("sign", "wanted"), [("2σ−1", np.tanh(0.35)), ("σ(+1)", 1 / (1 + np.exp(-1.7))), ("·2", 1.4), ("3−", 2.3)]
)
def test_signs_with_numbers_stand_for_what_they_say(sign, wanted):
    assert function_of(sign)(0.7) == pytest.approx(wanted)


def test_a_sign_that_stands_for_nothing_is_refused():
    with pytest.raises(ValueError, match="stands for no function"):
        function_of("?")


# Chains and comparisons.


def test_a_comparison_points_out_peepholes_and_nothing_else():
    graph = cells.picture("peephole").graph
    found = differing(graph, cells.picture("lstm").graph)
    letters = {graph.nodes[name.partition(">")[2]].letter for name in found}
    assert letters == {"i", "f", "o"}
    assert all(">" in name for name in found)
    assert differing(cells.picture("lstm").graph, graph) == set()


def test_a_comparison_of_a_cell_with_itself_points_out_nothing():
    text = svg(compared(cells.picture("gru"), cells.picture("gru")), "")
    assert 'stroke="var(--new)"' in text  # in the legend
    assert text.count('stroke="var(--new)"') == 1


def test_a_chain_shows_every_step_and_carries_the_state_on():
    sheet = chain(cells.picture("lstm"), 3)
    names = [shape.means["name"] for shape in sheet.shapes if "name" in shape.means]
    assert names.count("x") == names.count("out") == 3
    assert names.count("c") == names.count("c'") == 1


def test_equations_of_ones_own_are_drawn():
    own = Equations("mine", "mine", ("h' = tanh(W x + R h + b)",), ("h",), "h'")
    graph = read_back(svg(single(drawn(graph_of(own))), ""))
    generator = np.random.default_rng(0)
    values = {"W": generator.normal(size=(5, 3)), "R": generator.normal(size=(5, 5)), "b": np.ones((5, 1))}
    values |= {"x": generator.normal(size=(3, 2)), "h": generator.normal(size=(5, 2))}
    wanted = np.tanh(values["W"] @ values["x"] + values["R"] @ values["h"] + values["b"])
    np.testing.assert_allclose(computed(graph, values)["out"], wanted, rtol=1e-12)
