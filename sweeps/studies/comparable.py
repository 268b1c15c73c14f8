"""Do variants of the LSTM perform comparably? Fifteen cells on four tasks, each with its own search.

Question: which cells are equivalent to the LSTM, which differ, and what explains the differences: the cell, or the
learning rate, the size, the noise, the momentum? Each cell tries 48 random configurations on each task (Greff et al.
2017 had 200), of which one in three goes on after two fifths of its training; the best three by validation are trained
with eight fresh seeds each; and the best of these races against the LSTM with further seeds until that is decided.
Expectation (Greff et al. 2017; Chung et al. 2014; Jozefowicz et al. 2015): no variant beats the LSTM with peepholes;
coupling the gates and dropping the peepholes cost nothing; dropping the forget gate or the output activation hurts;
the GRU is equivalent; the plain RNN fails over long lags; the learning rate explains most of the variance.
Cost: 8,752 trials, 76 core minutes: some forty minutes on two cores.

`peephole` is Greff et al.'s V and `lstm` their NP. `stacked` is the counterpart of `depth_gated`, which has two layers;
`transformer` is not recurrent. A difference below a tenth of the distance from the naive baseline to perfect is
declared not to matter.

Pilots with six seeds of one setting looked for floors and ceilings before the study ran. The score of a Reber stream
over all of its symbols is left out: who forgets the outer letter has 0.936 of it, so that a margin of 0.1 sees no
memory. The outer letters alone are at the ceiling for all gated cells from 300 updates on (0.99; the cell without a
forget gate 0.84), and the LSTM fails with some seeds after 120 (0.8); after 200 the cells lie between 0.0 (clockwork),
0.3 (no forget gate), 0.5 (transformer) and 0.99. A first run with 240 updates failed its control: few of the 48
settings learn so fast, and the alias, which draws its own, found better ones than the LSTM (0.99 and 0.78). Hence 400.
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
from sweeps.choosing import Choose
from sweeps.rules.race import race
from sweeps.spaces import choice, log_uniform, uniform
from sweeps.strategies.halving import halving
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
    "stream": 400,
    "dyck": 800,
}  # so few that cells are still apart

STUDY = Study(
    cells={label: cell if isinstance(cell, Layers) else Layers(cell=cell) for label, cell in CELLS.items()},
    tasks={
        "adding": Adding(length=50),
        "copy": CopyMemory(delay=10, recall=3, alphabet=4),
        "stream": ContinualReber(length=50, outer=True),
        "dyck": Dyck(pairs=2, depth=6, shortest=20, length=40),
    },
    optimizer=Adam(learning_rate=0.01, clip=1.0, cooldown=0.3),
    search=halving(
        {
            "optimizer.learning_rate": log_uniform(1e-3, 3e-2),
            "optimizer.b1": uniform(0.5, 0.98),
            "cell.noise": uniform(0.0, 0.3),
            "cell.cell.hidden": choice(8, 16, 32),
        },
        trials=48,
        eta=3,
        rungs=(0.4,),
    ),
    choose=Choose(best=3, seeds=8),
    confirm=race(most=128, look=8),
    margin=0.1,
    controls=Controls(same="lstm", on=("adding", "stream"), task="adding"),
    steps=STEPS,
    evaluate_every={task: steps // 20 for task, steps in STEPS.items()},
    batch=16,
    validation_batches=16,
    test_batches=128,
)
