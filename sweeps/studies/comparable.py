"""Do variants of the LSTM perform comparably? Fifteen cells on four tasks, each with its own search.

Question: with 48 random configurations for each cell and task (Greff et al. 2017 had 200), the best of which by
validation is run again with 24 fresh seeds: which cells are equivalent to the LSTM, which differ, and what explains
the differences: the cell, or the learning rate, the size, the noise, the momentum?
Expectation (Greff et al. 2017; Chung et al. 2014; Jozefowicz et al. 2015): no variant beats the LSTM with peepholes;
coupling the gates and dropping the peepholes cost nothing; dropping the forget gate or the output activation hurts;
the GRU is equivalent; the plain RNN fails over long lags; the learning rate explains most of the variance.
Cost: 4,464 trials, three core hours: an hour and a half on two cores.

`peephole` is Greff et al.'s V and `lstm` their NP. `stacked` is the counterpart of `depth_gated`, which has two layers;
`transformer` is not recurrent. A difference below a tenth of the distance from the naive baseline to perfect is
declared not to matter.
"""

from typing import Any

from experiments import Adam, Adding, ContinualReber, CopyMemory, Dyck
from lstm_variants import (
    CIFG,
    FGR,
    GRU,
    LSTM,
    NFG,
    NIAF,
    NIG,
    NOAF,
    NOG,
    ClockworkRNN,
    DepthGatedLSTM,
    Layers,
    PeepholeLSTM,
    TransformerBlock,
    VanillaRNN,
)
from sweeps.spaces import choice, log_uniform, sampled, uniform
from sweeps.study import Controls, Study

HIDDEN = 16  # the search decides
CELLS: dict[str, Any] = {
    "lstm": LSTM(hidden=HIDDEN),
    "peephole": PeepholeLSTM(hidden=HIDDEN),
    "cifg": CIFG(hidden=HIDDEN),
    "nig": NIG(hidden=HIDDEN),
    "nfg": NFG(hidden=HIDDEN),
    "nog": NOG(hidden=HIDDEN),
    "niaf": NIAF(hidden=HIDDEN),
    "noaf": NOAF(hidden=HIDDEN),
    "fgr": FGR(hidden=HIDDEN),
    "gru": GRU(hidden=HIDDEN),
    "depth_gated": DepthGatedLSTM(hidden=HIDDEN, layers=2),
    "stacked": Layers(cell=LSTM(hidden=HIDDEN), layers=2),
    "clockwork": ClockworkRNN(hidden=HIDDEN),
    "rnn": VanillaRNN(hidden=HIDDEN),
    "transformer": TransformerBlock(hidden=HIDDEN, context=64),
}
STEPS = {
    "adding": 1000,
    "copy": 1000,
    "reber": 800,
    "dyck": 800,
}  # so few that cells are still apart

STUDY = Study(
    cells={label: cell if isinstance(cell, Layers) else Layers(cell=cell) for label, cell in CELLS.items()},
    tasks={
        "adding": Adding(length=50),
        "copy": CopyMemory(delay=10, recall=3, alphabet=4),
        "reber": ContinualReber(length=50),
        "dyck": Dyck(pairs=2, depth=6, shortest=20, length=40),
    },
    optimizer=Adam(learning_rate=0.01, clip=1.0, cooldown=0.3),
    search=sampled(
        {
            "optimizer.learning_rate": log_uniform(1e-3, 3e-2),
            "optimizer.b1": uniform(0.5, 0.98),
            "cell.noise": uniform(0.0, 0.3),
            "cell.cell.hidden": choice(8, 16, 32),
        },
        trials=48,
    ),
    confirm=24,
    margin=0.1,
    controls=Controls(same="lstm", on=("adding", "reber"), task="adding"),
    steps=STEPS,
    evaluate_every={task: steps // 20 for task, steps in STEPS.items()},
    batch=16,
    validation_batches=16,
    test_batches=128,
)
