"""Recurrent cells, each checked against the equations of its paper.

`CELLS` maps the name used on the command line and in rows to the spec class. To add a cell, write one
file like `lstm.py` and add one line here.
"""

from typing import Any

from lstm_variants.cells.cifg import CIFG, CIFGCell, CIFGState
from lstm_variants.cells.clockwork import ClockworkCell, ClockworkRNN, ClockworkState
from lstm_variants.cells.coupled import CoupledCell, CoupledLSTM, CoupledState
from lstm_variants.cells.depth_gated import DepthGatedCell, DepthGatedLSTM, DepthGatedState
from lstm_variants.cells.full_gate_recurrence import FGR, FGRCell, FGRState
from lstm_variants.cells.full_peephole import FullPeepholeCell, FullPeepholeLSTM, FullPeepholeState
from lstm_variants.cells.grid import GridCell, GridLSTM, GridState
from lstm_variants.cells.grid_depth import DepthGridCell, DepthGridLSTM, DepthGridState
from lstm_variants.cells.gru import GRU, GRUCell, GRUState
from lstm_variants.cells.gru_after import GRUAfter, GRUAfterCell, GRUAfterState
from lstm_variants.cells.lstm import LSTM, LSTMCell, LSTMState
from lstm_variants.cells.lstm_1997 import LSTM1997, LSTM1997Cell, LSTM1997State
from lstm_variants.cells.lstm_2000 import LSTM2000, LSTM2000Cell, LSTM2000State
from lstm_variants.cells.min_gru import MinGRU, MinGRUCell, MinGRUState
from lstm_variants.cells.min_lstm import MinLSTM, MinLSTMCell, MinLSTMState
from lstm_variants.cells.mut1 import MUT1, MUT1Cell, MUT1State
from lstm_variants.cells.mut2 import MUT2, MUT2Cell, MUT2State
from lstm_variants.cells.mut3 import MUT3, MUT3Cell, MUT3State
from lstm_variants.cells.no_forget_gate import NFG, NFGCell, NFGState
from lstm_variants.cells.no_input_activation import NIAF, NIAFCell, NIAFState
from lstm_variants.cells.no_input_gate import NIG, NIGCell, NIGState
from lstm_variants.cells.no_output_activation import NOAF, NOAFCell, NOAFState
from lstm_variants.cells.no_output_gate import NOG, NOGCell, NOGState
from lstm_variants.cells.peephole import PeepholeCell, PeepholeLSTM, PeepholeState
from lstm_variants.cells.transformer import TransformerBlock, TransformerCell, TransformerState
from lstm_variants.cells.vanilla import VanillaCell, VanillaRNN, VanillaState
from lstm_variants.contract import CellSpec
from lstm_variants.initial import IRNN, STANDARD, Initial
from lstm_variants.layers import Layers, LayersModel
from lstm_variants.match import Match, match
from lstm_variants.measure import flops, output_size, parameter_count, state_size
from lstm_variants.sequence import lengths_mask, run_sequence
from lstm_variants.stacked import Stacked, StackedCell
from lstm_variants.torch_weights import from_torch, to_torch
from lstm_variants.unroll import unroll

CELLS: dict[str, type[Any]] = {
    "rnn": VanillaRNN,
    "lstm1997": LSTM1997,
    "lstm2000": LSTM2000,
    "lstm": LSTM,
    "peephole": PeepholeLSTM,
    "full_peephole": FullPeepholeLSTM,
    "nig": NIG,
    "nfg": NFG,
    "nog": NOG,
    "niaf": NIAF,
    "noaf": NOAF,
    "cifg": CIFG,
    "coupled": CoupledLSTM,
    "fgr": FGR,
    "gru": GRU,
    "gru_after": GRUAfter,
    "mut1": MUT1,
    "mut2": MUT2,
    "mut3": MUT3,
    "min_gru": MinGRU,
    "min_lstm": MinLSTM,
    "depth_gated": DepthGatedLSTM,
    "clockwork": ClockworkRNN,
    "grid": GridLSTM,
    "grid_depth": DepthGridLSTM,
    "transformer": TransformerBlock,
}

__all__ = [
    "CELLS",
    "CIFG",
    "FGR",
    "GRU",
    "IRNN",
    "LSTM",
    "LSTM1997",
    "LSTM2000",
    "MUT1",
    "MUT2",
    "MUT3",
    "NFG",
    "NIAF",
    "NIG",
    "NOAF",
    "NOG",
    "STANDARD",
    "CIFGCell",
    "CIFGState",
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
    "DepthGridCell",
    "DepthGridLSTM",
    "DepthGridState",
    "FGRCell",
    "FGRState",
    "FullPeepholeCell",
    "FullPeepholeLSTM",
    "FullPeepholeState",
    "GRUAfter",
    "GRUAfterCell",
    "GRUAfterState",
    "GRUCell",
    "GRUState",
    "GridCell",
    "GridLSTM",
    "GridState",
    "Initial",
    "LSTM1997Cell",
    "LSTM1997State",
    "LSTM2000Cell",
    "LSTM2000State",
    "LSTMCell",
    "LSTMState",
    "Layers",
    "LayersModel",
    "MUT1Cell",
    "MUT1State",
    "MUT2Cell",
    "MUT2State",
    "MUT3Cell",
    "MUT3State",
    "Match",
    "MinGRU",
    "MinGRUCell",
    "MinGRUState",
    "MinLSTM",
    "MinLSTMCell",
    "MinLSTMState",
    "NFGCell",
    "NFGState",
    "NIAFCell",
    "NIAFState",
    "NIGCell",
    "NIGState",
    "NOAFCell",
    "NOAFState",
    "NOGCell",
    "NOGState",
    "PeepholeCell",
    "PeepholeLSTM",
    "PeepholeState",
    "Stacked",
    "StackedCell",
    "TransformerBlock",
    "TransformerCell",
    "TransformerState",
    "VanillaCell",
    "VanillaRNN",
    "VanillaState",
    "flops",
    "from_torch",
    "lengths_mask",
    "match",
    "output_size",
    "parameter_count",
    "run_sequence",
    "state_size",
    "to_torch",
    "unroll",
]
