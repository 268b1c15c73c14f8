"""Drawings of cells in the notation of Olah 2015, "Understanding LSTM Networks", made from equations.

    graph_of(equations)  ->  drawn(graph)  ->  single(drawing)  ->  svg(sheet)
    boxes and wires          places, ways      shapes               a document

and `read_back(document)` is the graph that the picture shows, which `computed` runs. `of_catalogue` has the cells of
the catalogue; of a cell without known equations `dataflow` draws the program that JAX traces.
"""

from lstm_variants.conformance.known import KNOWN, grid, grid_depth
from lstm_variants.conformance.language import Equations
from lstm_variants.diagrams.drawing import Drawing, drawn
from lstm_variants.diagrams.from_equations import CanNotDraw, graph_of
from lstm_variants.diagrams.graph import Graph, computed
from lstm_variants.diagrams.read_back import read_back
from lstm_variants.diagrams.sheet import chain, compared, single
from lstm_variants.diagrams.special import attention, clockwork, transformer
from lstm_variants.diagrams.svg import svg

PERIODS, LAYERS = (1, 2, 4, 8), 2  # as in the specs
ATTENTION = "attention"  # what `attend=True` adds to any cell's read-out


def of_catalogue(name: str) -> Graph:
    """The graph of a cell of the catalogue, with the structure that its spec has by default, or of `ATTENTION`. Raises
    KeyError."""
    if name == ATTENTION:
        return attention()
    if name == "clockwork":
        return clockwork(PERIODS)
    if name == "transformer":
        return transformer()
    return graph_of(equations_of(name))


def equations_of(name: str) -> Equations:
    """The equations that the conformance kit holds a cell of the catalogue against. Raises KeyError."""
    layered = {"grid": grid, "grid_depth": grid_depth}
    if name in layered:
        return layered[name](LAYERS)
    found = {e.name: e for e in reversed(KNOWN)}
    return found[name]


__all__ = [
    "ATTENTION",
    "CanNotDraw",
    "Drawing",
    "Graph",
    "chain",
    "compared",
    "computed",
    "drawn",
    "equations_of",
    "graph_of",
    "of_catalogue",
    "read_back",
    "single",
    "svg",
]
