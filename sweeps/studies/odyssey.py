"""Where do the variants of the LSTM differ? Greff's nine and the GRU on five tasks that ask for what was taken away.

Question: Greff et al. 2017 saw five of eight changes to the LSTM significantly worse on two data sets or more;
Jozefowicz et al. 2015 saw arithmetic collapse without a forget gate. Are these differences there with small networks
on generated data, by Greff et al.'s own protocol (Welch's tests on the best tenth of a random search) and by a race of
the chosen settings to a margin of 0.05? And how much of the variance do learning rate, size, noise and momentum
explain, over two decades of learning rates?
Expectation (Greff et al. 2017; Jozefowicz et al. 2015): without a forget gate or an output activation networks are
worse, on the stream first of all; without an input gate, an output gate or an input activation they are worse on real
numbers; coupled gates, no peepholes and full gate recurrence change nothing; the GRU is as good as the LSTM but cannot
count as far; the learning rate explains more than two thirds of the variance.
Cost: about 10,000 trials, two core hours; see `lstm-variants plan odyssey`.

`peephole` is Greff et al.'s V, the reference here as there; `lstm` is their NP. Each cell tries the same 100 random
settings on each task (Greff et al.: 200), all trained to their end, so that their protocol and their shares of the
variance apply as published; the best three are trained again with eight seeds each, and the best of these races.

    arithmetic  Jozefowicz et al. 2015: compute, and say the result character by character
    xml         Jozefowicz et al. 2015: names kept on a stack
    stream      one thousand symbols of Gers et al. 2000 without a reset: remember a letter, then forget it
    lead        a state that grows: count votes, for cells whose output activation keeps it small, or does not
    frames      noisy real-valued frames, as speech is: integrate, and do not listen to static

Pilots with two seeds at learning rates of 0.003, 0.01 and 0.03 and 16 units looked for floors and ceilings. Arithmetic
with one digit: at the floor with 375 updates (0.5: the sign), near the ceiling with 1,500 (0.995; without a forget
gate 0.98, the plain RNN 0.6). The stream after 120 updates: V 0.83, without a forget gate below 0 even at its best
rate, so that a task of its own for forgetting is not needed; but V's alias had 0.90 in its best tenth of a hundred
settings where V had 0.65, since few settings learn so fast, so that such a search tells of draws: hence 400. The
lead after 400: V 1.0 or 0.92, the GRU 0.86 or 0.49. Frames after 400: V 0.97, without a forget gate 0.89. Hence
trainings of these lengths, where the cells are apart.
"""

from typing import Any

from experiments import Adam, Arithmetic, ContinualReber, Lead, NoisyFrames, Xml
from lstm_variants import CIFG, FGR, GRU, LSTM, NFG, NIAF, NIG, NOAF, NOG, Layers, PeepholeLSTM
from sweeps.choosing import Choose
from sweeps.rules.race import race
from sweeps.spaces import choice, log_uniform, sampled, uniform
from sweeps.study import Controls, Study

HIDDEN = 16  # the search decides
CELLS: dict[str, Any] = {
    "peephole": PeepholeLSTM(hidden=HIDDEN),
    "lstm": LSTM(hidden=HIDDEN),
    "cifg": CIFG(hidden=HIDDEN),
    "nig": NIG(hidden=HIDDEN),
    "nfg": NFG(hidden=HIDDEN),
    "nog": NOG(hidden=HIDDEN),
    "niaf": NIAF(hidden=HIDDEN),
    "noaf": NOAF(hidden=HIDDEN),
    "fgr": FGR(hidden=HIDDEN),
    "gru": GRU(hidden=HIDDEN),
}
STEPS = {"arithmetic": 1000, "xml": 600, "stream": 400, "lead": 300, "frames": 300}
EVALUATIONS = 10

STUDY = Study(
    cells={label: Layers(cell=cell) for label, cell in CELLS.items()},
    tasks={
        "arithmetic": Arithmetic(digits=1, noise=2),
        "xml": Xml(tags=8, depth=3, name=2, letters=3),
        "stream": ContinualReber(length=1000, outer=True),
        "lead": Lead(length=100, run=8),
        "frames": NoisyFrames(length=100, durations=(8, 32, 128)),
    },
    optimizer=Adam(learning_rate=0.01, clip=1.0, cooldown=0.3),
    search=sampled(
        {
            "optimizer.learning_rate": log_uniform(1e-3, 1e-1),
            "optimizer.b1": uniform(0.5, 0.98),
            "cell.noise": uniform(0.0, 0.3),
            "cell.cell.hidden": choice(8, 16),
        },
        trials=100,
    ),
    choose=Choose(best=3, seeds=8),
    confirm=race(most=128, look=16),
    margin=0.05,
    controls=Controls(same="peephole", on=("stream", "frames"), task="arithmetic"),
    steps=STEPS,
    evaluate_every={task: steps // EVALUATIONS for task, steps in STEPS.items()},
    batch={"arithmetic": 16, "xml": 16, "stream": 2, "lead": 16, "frames": 16},
    validation_batches={"arithmetic": 16, "xml": 8, "stream": 4, "lead": 8, "frames": 4},
    test_batches={"arithmetic": 64, "xml": 32, "stream": 32, "lead": 32, "frames": 16},
)
