"""What does each part of the LSTM do? The eight ablations of Greff et al. on adding. Half a minute on two cores.

Question: which of the eight single changes of Greff et al. 2017 to the LSTM with peepholes (NIG, NFG, NOG: without
input, forget or output gate; NIAF, NOAF: without input or output activation; NP: without peepholes; CIFG: coupled
gates; FGR: full gate recurrence) changes how well 12 units add two numbers over 50 steps in 1,500 updates?
Expectation: without an output activation or a forget gate it learns less reliably; coupling, peepholes and gate
recurrence change little. With three seeds most pairs must stay undecided: a sketch, not a finding.
Cost: 30 trials, 25 seconds on two cores.
"""

from experiments import Adam, Adding
from lstm_variants import CIFG, FGR, LSTM, NFG, NIAF, NIG, NOAF, NOG
from sweeps.study import Controls, Study

STUDY = Study(
    cells={
        "np": LSTM(hidden=12),
        "nig": NIG(hidden=12),
        "nfg": NFG(hidden=12),
        "nog": NOG(hidden=12),
        "niaf": NIAF(hidden=12),
        "noaf": NOAF(hidden=12),
        "cifg": CIFG(hidden=12),
        "fgr": FGR(hidden=12),
    },
    tasks={"adding": Adding(length=50)},
    optimizer=Adam(learning_rate=0.01),
    confirm=3,
    margin=0.05,
    controls=Controls(),
    steps=1500,
)
