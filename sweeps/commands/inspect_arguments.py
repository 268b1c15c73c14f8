"""What `lstm-variants inspect` takes."""

import argparse
from pathlib import Path

from sweeps.terminal.arguments import results_option


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes to its parser."""
    parser.add_argument(
        "trial", metavar="TRIAL_ID", help="a trial in the results, or the first characters of its id"
    )
    results_option(parser)
    parser.add_argument(
        "--study",
        metavar="STUDY",
        help="look in this study alone; the path of its file, if its cells or tasks are your own",
    )
    parser.add_argument(
        "--sequences",
        type=int,
        default=200,
        metavar="N",
        help="test sequences that are measured, half of them to fit probes on (default: 200)",
    )
    parser.add_argument(
        "--sequence", type=int, default=0, metavar="I", help="which of them is drawn, from 0 (default: 0)"
    )
    parser.add_argument(
        "--ablate",
        action="append",
        default=[],
        metavar="GATE=VALUE",
        help="hold this gate at 0, 1, another number or mean (its own, unit by unit); repeatable: all at once "
        "(default: each gate in turn at 0, 1 and mean)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("inspect"),
        metavar="DIR",
        help="folder for index.html, run.png, memory.png, memory.csv, gates.csv and, of a network that attends, "
        "attention.png and attention.csv (default: inspect)",
    )
