"""What `lstm-variants generate` takes."""

import argparse
from pathlib import Path

from sweeps.terminal.arguments import results_option


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes to its parser."""
    parser.add_argument(
        "trials",
        nargs="*",
        metavar="TRIAL_ID",
        help="trials in the results, or the first characters of their ids",
    )
    results_option(parser)
    parser.add_argument(
        "--study",
        metavar="STUDY",
        help="instead of ids: the confirmed trials of this study on --task, compared by cell; the path of its file, if "
        "its cells or tasks are your own",
    )
    parser.add_argument("--task", metavar="LABEL", help="the task, as the study calls it")
    parser.add_argument(
        "--seeds",
        type=int,
        default=6,
        metavar="N",
        help="with --study: trials per cell, at most (default: 6)",
    )
    parser.add_argument(
        "--length",
        type=int,
        metavar="N",
        help="symbols of each text, or samples of the signal (default: twice what was trained on)",
    )
    parser.add_argument(
        "--temperature",
        type=float,
        default=1.0,
        metavar="X",
        help="below 1 likelier symbols are drawn more often; 0 takes the likeliest (default: 1)",
    )
    parser.add_argument("--prompt", metavar="TEXT", help="begin every text with this")
    parser.add_argument(
        "--texts", type=int, default=64, metavar="N", help="texts per network (default: 64; signals: one)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the draws (default: 0)")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("generated"),
        metavar="DIR",
        help="folder for generated.csv, generated.png and texts.txt or signals.csv (default: generated)",
    )
