"""The colours, light and dark, by the look of a shape."""

INKS = {  # name: light, dark
    "page": ("#ffffff", "#14181d"),
    "ink": ("#1f2933", "#e6eaee"),
    "line": ("#3d4a57", "#b9c3cd"),
    "muted": ("#55606c", "#a9b3bd"),
    "layer": ("#ffe08a", "#6b5200"),
    "layer-edge": ("#b58900", "#d9b23c"),
    "op": ("#f7b7c5", "#73293c"),
    "op-edge": ("#b03a5b", "#e58aa2"),
    "in": ("#b7dcf5", "#1d4a68"),
    "in-edge": ("#2f7fb0", "#74b8e0"),
    "out": ("#c3e6c0", "#24512a"),
    "out-edge": ("#3b8a43", "#86cf8c"),
    "new": ("#c0341d", "#ff8a70"),
}
# look: (fill, stroke, width of the stroke)
LOOKS = {
    "wire": (None, "line", 1.7),
    "bridge": (None, "line", 1.7),
    "gap": (None, "page", 6.0),
    "head": ("line", None, 0.0),
    "dot": ("line", None, 0.0),
    "join": ("line", None, 0.0),
    "layer": ("layer", "layer-edge", 1.3),
    "op": ("op", "op-edge", 1.3),
    "in": ("in", "in-edge", 1.3),
    "out": ("out", "out-edge", 1.3),
    "sign": ("ink", None, 0.0),
    "letter": ("ink", None, 0.0),
    "title": ("ink", None, 0.0),
    "word": ("muted", None, 0.0),
}


def look(name: str) -> tuple[str | None, str | None, float, bool]:
    """Names of the inks of fill and stroke, the stroke's width, and whether it is dashed."""
    first, *more = name.split()
    fill, stroke, width = LOOKS[first]
    if "new" in more:
        fill, stroke = ("new" if first in ("head", "dot") else fill), ("new" if stroke else None)
        width = 2.6 if stroke else width
    return fill, stroke, width, "dashed" in more
