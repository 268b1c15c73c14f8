"""Recurrent cells, each checked against the equations of its paper.

`CELLS` maps the name used on the command line and in rows to the spec class.
"""

from lstm_variants.contract import CellSpec
from lstm_variants.lstm import LSTM, LSTMCell, LSTMState

CELLS: dict[str, type] = {
    "lstm": LSTM,
}

__all__ = ["CELLS", "CellSpec", "LSTM", "LSTMCell", "LSTMState"]
