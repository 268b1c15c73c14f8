"""Recurrent cells, each checked against the equations of its paper.

`CELLS`, the catalogue, maps the name used on the command line and in rows to the spec class. To add a cell, write one
file like `cells/lstm.py`, import its spec here and give it a line in the catalogue. What is imported here is what the
package offers.
"""

import sys
from types import ModuleType
from typing import Any

from lstm_variants.cells.cifg import CIFG
from lstm_variants.cells.clockwork import ClockworkRNN
from lstm_variants.cells.coupled import CoupledLSTM
from lstm_variants.cells.depth_gated import DepthGatedLSTM
from lstm_variants.cells.full_gate_recurrence import FGR
from lstm_variants.cells.full_peephole import FullPeepholeLSTM
from lstm_variants.cells.grid import GridLSTM
from lstm_variants.cells.grid_depth import DepthGridLSTM
from lstm_variants.cells.gru import GRU
from lstm_variants.cells.gru_after import GRUAfter
from lstm_variants.cells.lstm import LSTM
from lstm_variants.cells.lstm_1997 import LSTM1997
from lstm_variants.cells.lstm_2000 import LSTM2000
from lstm_variants.cells.min_gru import MinGRU
from lstm_variants.cells.min_lstm import MinLSTM
from lstm_variants.cells.mut1 import MUT1
from lstm_variants.cells.mut2 import MUT2
from lstm_variants.cells.mut3 import MUT3
from lstm_variants.cells.no_forget_gate import NFG
from lstm_variants.cells.no_input_activation import NIAF
from lstm_variants.cells.no_input_gate import NIG
from lstm_variants.cells.no_output_activation import NOAF
from lstm_variants.cells.no_output_gate import NOG
from lstm_variants.cells.peephole import PeepholeLSTM
from lstm_variants.cells.transformer import TransformerBlock
from lstm_variants.cells.vanilla import VanillaRNN
from lstm_variants.contract import CellSpec
from lstm_variants.initial import IRNN, STANDARD, Initial
from lstm_variants.layers import Layers, LayersModel, attention_weights
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

# The module and the state of each cell, such as LSTMCell and LSTMState, stand beside its spec in its file.
BESIDE = {
    name: kind
    for spec in CELLS.values()
    for name, kind in vars(sys.modules[spec.__module__]).items()
    if isinstance(kind, type) and kind.__module__ == spec.__module__
}
globals().update(BESIDE)

__all__ = sorted(
    name
    for name, value in globals().items()
    if name[0].isalpha() and not isinstance(value, ModuleType) and name not in ("Any", "ModuleType", "BESIDE")
)
