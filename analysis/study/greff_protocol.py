"""Greff et al.'s own protocol on a study's search stage: see `analysis.statistics.search.greff`."""

import pandas as pd

from analysis.statistics.search.greff import greff
from analysis.study.results import Results
from analysis.study.verdicts import reference_cell
from sweeps.errors import InputError

BASELINE = "peephole"  # their vanilla LSTM, V


def protocol(results: Results, reference: str = "") -> pd.DataFrame:
    """`search.greff` of the search stage; no rows where nothing was searched at random. An alias is no
    variant, and is left out.

    reference: by default `peephole` where the study has it, else the cell that the report tells others against.
    Raises InputError for a cell that the study does not have.
    """
    declaration = results.declaration
    if reference and reference not in declaration.cells:
        raise InputError(f"The study has no cell '{reference}'; name one of: {', '.join(declaration.cells)}.")
    aliases = {alias for _, alias in declaration.same} - {reference}
    search = results.random_search
    search = search[~search["cell"].isin(aliases)]
    if not reference:
        reference = BASELINE if BASELINE in set(search["cell"]) else reference_cell(declaration)
    if reference not in set(search["cell"]):
        search = search.iloc[:0]
    return greff(results.in_order(search, "trial_id"), reference=reference, measure=declaration.score)
