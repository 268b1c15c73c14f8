"""The report as one HTML page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from analysis import words
from analysis.figures import palette


def html(told: Mapping[str, Any]) -> str:
    """The page. Everything but our own SVG is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"words": words, "symbols": palette.VERDICTS}
    colours = palette.colours(told["declaration"].cells)
    return environment.get_template("report.html.j2").render(**told, colours=colours)
