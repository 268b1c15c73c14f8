"""What `lstm-variants report` takes."""

import argparse

from sweeps.terminal.arguments import results_option, study_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    study_argument(parser)
    results_option(parser)
    parser.add_argument("--out", metavar="DIR", help="output directory (default: RESULTS/STUDY/report)")
