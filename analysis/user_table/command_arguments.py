"""What `lstm-variants verdicts` takes."""

import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "table",
        metavar="TABLE",
        help=".csv or .parquet with the columns cell, task, seed, the measure, and perhaps status",
    )
    parser.add_argument("--measure", required=True, metavar="COLUMN", help="what cells are compared by")
    parser.add_argument(
        "--margin", required=True, type=float, metavar="X", help="smallest difference of it that matters"
    )
    parser.add_argument(
        "--alpha", type=float, default=0.05, metavar="X", help="level of every test (default: 0.05)"
    )
    parser.add_argument(
        "--bounds",
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="what the measure can be, none for no bound (default: 0 1 where all values lie there)",
    )
    parser.add_argument(
        "--method",
        default="cautious",
        metavar="cautious|welch|betting",
        help="cautious: tests that hold for skewed and tied values (default); welch: textbook Welch and TOST; betting: "
        "what is proven for any distribution",
    )
    parser.add_argument("--lower-is-better", action="store_true", help="for errors, losses and times")
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the tables")
    parser.add_argument("--csv", metavar="OUT", help="write the rows of all tasks to this file as well")
