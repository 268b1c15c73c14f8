"""What `lstm-variants notebook` takes."""

import argparse

from analysis.notebook_tools.sources import ALL, sources
from sweeps.terminal.arguments import results_option, study_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help=f"{', '.join(sources())}, or {ALL}")
    study_argument(parser)
    results_option(parser)
    parser.add_argument("--out", metavar="DIR", help="output directory (default: RESULTS/STUDY/notebooks)")
    parser.add_argument(
        "--execute", action="store_true", help="run the notebooks, and write them as HTML too"
    )
