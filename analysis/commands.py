"""The commands of this package."""

import argparse
from pathlib import Path

from analysis.report.content import published
from analysis.report.terminal import fact_table, flow_table, trust_line, verdict_table
from analysis.report.write import ready, written
from analysis.study.results import load
from analysis.study.tables import Analysed
from sweeps.terminal.screen import console


def report(arguments: argparse.Namespace) -> int:
    """Print verdicts, published facts and the stamp of `arguments.study`, write its report, print where it is.

    arguments: study (a name, or the path of a study file), results, out (None: beside the results). Raises
    InputError. Returns 0 also when the controls failed: the report was made, and says so.
    """
    study = Path(arguments.study).stem if str(arguments.study).endswith(".py") else arguments.study
    loaded = load(arguments.results, study)
    ready(arguments.results, loaded.declaration.study, arguments.out)  # before anything is computed
    analysed = Analysed(loaded)
    screen = console()
    if loaded.declaration.overridden:
        screen.print(loaded.declaration.overridden, soft_wrap=True)
    screen.print(verdict_table(analysed.verdicts, loaded.declaration))
    told = published(analysed)
    if len(told):
        screen.print(fact_table(told))
    if len(analysed.flow):
        screen.print(flow_table(analysed.flow))
    screen.print(trust_line(analysed.trust))
    paths = written(analysed, arguments.results, arguments.out)
    for label, path in [("report", paths.report), ("verdicts", paths.verdicts), *paths.figures.items()]:
        screen.print(f"{label:<16} {path}", soft_wrap=True)
    return 0
