"""A drawing: nodes with places, wires with corners."""

from collections.abc import Mapping
from dataclasses import dataclass

from lstm_variants.diagrams.graph import Graph
from lstm_variants.diagrams.place import Layout, placed
from lstm_variants.diagrams.route import Point, routed


@dataclass(frozen=True)
class Drawing:
    """graph: what is drawn. layout: where its nodes are. paths: the corners of each wire, by its number, from edge to
    edge. crossings: of lines from different nodes."""

    graph: Graph
    layout: Layout
    paths: Mapping[int, list[Point]]
    crossings: int


def drawn(graph: Graph) -> Drawing:
    """Lay a graph out."""
    layout = placed(graph)
    paths, crossings = routed(graph, layout)
    return Drawing(graph, layout, paths, crossings)
