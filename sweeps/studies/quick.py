"""Do the variants of the LSTM reach different scores on two tasks with long lags? Minutes on two cores.

Question: with a learning rate chosen for each, do gated cells reach different final scores on the adding
problem and on temporal order, and what do the two ablations and the plain recurrent network lose?
Expectation (Greff et al. 2017; Chung et al. 2014): coupling the gates, peepholes or a GRU cost and gain
nothing; without a forget gate training is less reliable; the plain recurrent network fails.
Cost: 162 trials, about five minutes on two cores.
"""

from experiments import Adam, Adding, TemporalOrder
from lstm_variants import (
    GRU,
    LSTM,
    NFG,
    NOAF,
    CoupledLSTM,
    DepthGatedLSTM,
    PeepholeLSTM,
    VanillaRNN,
)
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
        "noaf": NOAF(hidden=16),
        "rnn": VanillaRNN(hidden=16),
    },
    tasks={"adding": Adding(length=60), "temporal_order": TemporalOrder(length=50)},
    optimizer=Adam(learning_rate=0.01, clip=1.0, cooldown=0.3),
    search=sampled({"optimizer.learning_rate": log_uniform(4e-3, 9e-3)}, trials=3),
    confirm=6,
    margin=0.05,
    controls=Controls(same="lstm", task="adding"),
    steps={"adding": 1000, "temporal_order": 600},
)
