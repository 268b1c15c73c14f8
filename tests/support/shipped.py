"""The studies whose results are shipped in docs/, each read and analysed once."""

from functools import cache
from pathlib import Path

from analysis.study.results import load
from analysis.study.tables import Analysed

DOCS = Path(__file__).parents[2] / "docs"


@cache
def of_docs(study: str) -> Analysed:
    return Analysed(load(DOCS / study / "results", study))
