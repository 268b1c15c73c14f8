"""Recurrent cells, each checked against the equations of its paper.

`CELLS` maps the name used on the command line and in rows to the spec class. To add a cell, write one
file like `lstm.py` and add one line here.
"""

from typing import Any

from lstm_variants.clockwork import ClockworkCell, ClockworkRNN, ClockworkState
from lstm_variants.contract import CellSpec
from lstm_variants.coupled import CoupledCell, CoupledLSTM, CoupledState
from lstm_variants.depth_gated import DepthGatedCell, DepthGatedLSTM, DepthGatedState
from lstm_variants.gru import GRU, GRUCell, GRUState
from lstm_variants.lstm import LSTM, LSTMCell, LSTMState
from lstm_variants.measure import output_size, parameter_count, state_size
from lstm_variants.no_forget import NoForgetCell, NoForgetLSTM, NoForgetState
from lstm_variants.no_output_activation import (
    NoOutputActivationCell,
    NoOutputActivationLSTM,
    NoOutputActivationState,
)
from lstm_variants.peephole import PeepholeCell, PeepholeLSTM, PeepholeState
from lstm_variants.stacked import Stacked, StackedCell
from lstm_variants.unroll import unroll
from lstm_variants.vanilla import VanillaCell, VanillaRNN, VanillaState

CELLS: dict[str, type[Any]] = {
    "rnn": VanillaRNN,
    "lstm": LSTM,
    "peephole": PeepholeLSTM,
    "coupled": CoupledLSTM,
    "gru": GRU,
    "depth_gated": DepthGatedLSTM,
    "clockwork": ClockworkRNN,
    "no_forget": NoForgetLSTM,
    "no_output_activation": NoOutputActivationLSTM,
}

__all__ = [
    "CELLS",
    "GRU",
    "LSTM",
    "CellSpec",
    "ClockworkCell",
    "ClockworkRNN",
    "ClockworkState",
    "CoupledCell",
    "CoupledLSTM",
    "CoupledState",
    "DepthGatedCell",
    "DepthGatedLSTM",
    "DepthGatedState",
    "GRUCell",
    "GRUState",
    "LSTMCell",
    "LSTMState",
    "NoForgetCell",
    "NoForgetLSTM",
    "NoForgetState",
    "NoOutputActivationCell",
    "NoOutputActivationLSTM",
    "NoOutputActivationState",
    "PeepholeCell",
    "PeepholeLSTM",
    "PeepholeState",
    "Stacked",
    "StackedCell",
    "VanillaCell",
    "VanillaRNN",
    "VanillaState",
    "output_size",
    "parameter_count",
    "state_size",
    "unroll",
]
