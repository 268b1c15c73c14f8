"""The built cells have as many weights as the papers print: the connections are those of the papers.

Papers count the read-out too, whose rule the tables below state. Left out: the 10504 of Hochreiter & Schmidhuber,
Tasks 2a and 2b, whose cell has no output gate and whose gate and cell hear nothing but the inputs.
"""

import math

import pytest
from oracles.modules import abstract

from lstm_variants import LSTM, LSTM1997, LSTM2000, PeepholeLSTM, VanillaRNN, parameter_count

# Hochreiter & Schmidhuber 1997, Table 10: blocks, size, inputs, outputs, biases, weights. Biases in their words:
# "ga" gates alone, "b1" all hidden units, "all" all units but inputs, so that the read-out has some too.
TABLE_10 = {
    "1 embedded Reber, 4 blocks": (4, 1, 7, 7, "ga", 264),
    "1 embedded Reber, 3 blocks of 2": (3, 2, 7, 7, "ga", 276),
    "2c p=50": (2, 1, 54, 2, "none", 364),
    "2c p=100": (2, 1, 104, 2, "none", 664),
    "2c p=200": (2, 1, 204, 2, "none", 1264),
    "2c p=500": (2, 1, 504, 2, "none", 3064),
    "2c p=1000": (2, 1, 1004, 2, "none", 6064),
    "3 two-sequence": (3, 1, 1, 1, "b1", 102),
    "4 adding, 5 multiplication": (2, 2, 2, 1, "all", 93),
    "6a temporal order": (2, 2, 8, 4, "all", 156),
    "6b temporal order of three": (3, 2, 8, 8, "all", 308),
}
BIASES = {"ga": "gates", "b1": "hidden", "all": "hidden", "none": "none"}


@pytest.mark.parametrize("experiment", TABLE_10)
def test_weights_of_hochreiter_and_schmidhuber_1997(experiment):
    """Their outputs hear the memory cells, not the gates."""
    blocks, size, inputs, outputs, biases, weights = TABLE_10[experiment]
    spec = LSTM1997(hidden=blocks * size, size=size, biases=BIASES[biases])
    read_out = outputs * (spec.hidden + (biases == "all"))
    assert parameter_count(abstract(spec, inputs)) + read_out == weights


@pytest.mark.parametrize(("delay", "weights"), [(4, 36), (10, 144), (100, 10404)])
def test_weights_of_the_rtrl_and_bptt_networks_of_1997(delay, weights):
    """Their Table 2: one recurrent unit, outputs that hear it and the p + 1 inputs too, no biases."""
    symbols = delay + 1
    cell = abstract(VanillaRNN(hidden=1), symbols)
    assert math.prod(cell.W.shape) + math.prod(cell.R.shape) + symbols * (symbols + 1) == weights


def test_weights_of_gers_schmidhuber_and_cummins_2000():
    """Continual embedded Reber: 4 blocks of 2; outputs hear cells and inputs and have biases."""
    cell = abstract(LSTM2000(hidden=8, size=2), 7)
    assert parameter_count(cell) + 7 * (8 + 7 + 1) == 424


@pytest.mark.parametrize(("spec", "weights"), [(PeepholeLSTM, 17), (LSTM, 14)])
def test_weights_of_gers_schraudolph_and_schmidhuber_2002(spec, weights):
    """Timing tasks: one input, one cell, one output that hears the cell and has a bias."""
    assert parameter_count(abstract(spec(hidden=1), 1)) + 1 * (1 + 1) == weights
