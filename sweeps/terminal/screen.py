"""The console that every command writes to: text is shown as it is.

Rich takes `[bold]` and `:cat:` inside text for orders. What we print holds the user's words (labels such as
`lstm[relu]`, docstrings, paths, error texts), so that orders are never read from text, here or in a table's cells;
styles are given beside it.
"""

import os

from rich.console import Console

WIDTH = 200  # where it is no terminal: one line each, whatever a pipe's width is taken to be


def console() -> Console:
    made = Console(markup=False, emoji=False, highlight=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = WIDTH
    return made
