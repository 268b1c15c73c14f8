"""Do the variants of the LSTM reach different scores on the adding problem? A minute on two cores.

Question: with a learning rate chosen for each, do gated cells reach different final scores on the adding
problem, over 30 steps and over 60, and how much do a cell without a forget gate and the plain RNN lose?
Expectation (Greff et al. 2017; Chung et al. 2014; Hochreiter & Schmidhuber 1997): coupling the gates, peepholes or a
GRU change nothing, and adding needs no forget gate; the plain RNN fails.
Cost: 288 trials, about a minute on two cores, plus a third of a minute for start and report.
"""

from experiments import Adam, Adding
from lstm_variants import GRU, LSTM, NFG, CoupledLSTM, DepthGatedLSTM, PeepholeLSTM, VanillaRNN
from sweeps.spaces import log_uniform, sampled
from sweeps.study import Controls, Study

STUDY = Study(
    cells={
        "lstm": LSTM(hidden=16),
        "peephole": PeepholeLSTM(hidden=16),
        "coupled": CoupledLSTM(hidden=16),
        "gru": GRU(hidden=16),
        "depth_gated": DepthGatedLSTM(hidden=16, layers=2),
        "nfg": NFG(hidden=16),
        "rnn": VanillaRNN(hidden=16),
    },
    tasks={"adding_30": Adding(length=30), "adding_60": Adding(length=60)},
    optimizer=Adam(learning_rate=0.01, clip=1.0, cooldown=0.3),
    search=sampled({"optimizer.learning_rate": log_uniform(4e-3, 9e-3)}, trials=2),
    confirm=16,
    margin=0.05,
    controls=Controls(same="lstm", task="adding_60"),
    steps={"adding_30": 700, "adding_60": 1000},
)
