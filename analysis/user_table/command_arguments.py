"""What `lstm-variants verdicts` takes."""

import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "table",
        metavar="TABLE",
        help=".csv or .parquet with columns cell, task, seed, the measure and, optionally, status",
    )
    parser.add_argument("--measure", required=True, metavar="COLUMN", help="measure to compare the cells by")
    parser.add_argument(
        "--margin", required=True, type=float, metavar="X", help="smallest difference in it that matters"
    )
    parser.add_argument(
        "--alpha", type=float, default=0.05, metavar="X", help="significance level (default: 0.05)"
    )
    parser.add_argument(
        "--bounds",
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="range of the measure; none for no bound (default: 0 1 if all values lie within)",
    )
    parser.add_argument(
        "--method",
        default="cautious",
        metavar="cautious|welch|betting",
        help="cautious: valid for skewed and tied values (default); welch: textbook Welch and TOST; betting: "
        "valid for any distribution",
    )
    parser.add_argument("--lower-is-better", action="store_true", help="for errors, losses and times")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the tables")
    parser.add_argument("--csv", metavar="OUT", help="also write the rows of all tasks to this file")
