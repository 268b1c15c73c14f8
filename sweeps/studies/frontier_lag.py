"""How far back can a cell look? Three tasks at five lags each, and the lag at which half of the seeds still solve them.

Question: over which lag do half of all seeds solve adding, copy memory and early mention (T50, by logistic regression
over the lag), with a setting chosen for each lag?
Expectation (Hochreiter & Schmidhuber 1997; Bengio, Simard & Frasconi 1994): the plain RNN's T50 is below a third of the
LSTM's; the GRU's and that of the cell without a forget gate are like the LSTM's; the Clockwork RNN lies between, where
its slow units hear what matters; attention sees all lags alike, up to its context.
Cost: at most 7,000 trials; see `lstm-variants plan frontier_lag`. What came out is in docs/frontier_lag.md.

The lags double. Each cell tries twelve settings at every lag, of which one in three goes on after two fifths of its
training; the best races against the LSTM's. A task is solved when fewer than 1 % of fresh sequences are wrong.

Pilots of the LSTM with three seeds at learning rates of 0.003 and 0.01 and 16 units, to see that the lags reach from
what is easy to what is not: early mention is solved over 20 words by all, over 80 by none; copying two symbols over 10
steps by the three at 0.01, over 40 by none within 1,500 updates (three symbols over 10 steps not within 1,000); adding
over 20 steps by three of the six, over 80 by two.
"""

from typing import Any

from experiments import Adam, Adding, CopyMemory, EarlyMention
from lstm_variants import GRU, LSTM, NFG, ClockworkRNN, Layers, TransformerBlock, VanillaRNN
from sweeps.rules.race import race
from sweeps.spaces import log_uniform, uniform
from sweeps.strategies.halving import halving
from sweeps.study import Controls, Study

HIDDEN = 16
CELLS: dict[str, Any] = {
    "lstm": LSTM(hidden=HIDDEN),
    "gru": GRU(hidden=HIDDEN),
    "nfg": NFG(hidden=HIDDEN),
    "clockwork": ClockworkRNN(hidden=HIDDEN),
    "rnn": VanillaRNN(hidden=HIDDEN),
    "transformer": TransformerBlock(hidden=HIDDEN, context=256),
}
LAGS = (10, 20, 40, 80, 160)
TASKS: dict[str, Any] = {
    **{f"adding_{lag}": Adding(length=lag) for lag in LAGS},
    **{f"copy_{lag}": CopyMemory(delay=lag, recall=2, alphabet=4) for lag in LAGS},
    **{f"mention_{lag}": EarlyMention(distance=lag, distractors=0, vary=1, countries=4) for lag in LAGS},
}
STEPS = {"adding": 1500, "copy": 2000, "mention": 800}


def steps(label: str) -> int:
    return STEPS[label.partition("_")[0]]


STUDY = Study(
    cells={label: Layers(cell=cell) for label, cell in CELLS.items()},
    tasks=TASKS,
    optimizer=Adam(learning_rate=0.01, clip=1.0, cooldown=0.3),
    search=halving(
        {"optimizer.learning_rate": log_uniform(1e-3, 3e-2), "optimizer.b1": uniform(0.5, 0.98)},
        trials=12,
        eta=3,
        rungs=(0.4,),
    ),
    confirm=race(most=64, look=16),
    margin=0.1,
    controls=Controls(same="lstm", on=("adding_40",), task="adding_80"),
    steps={label: steps(label) for label in TASKS},
    evaluate_every={label: steps(label) // 20 for label in TASKS},
    batch=16,
    validation_batches=16,
    test_batches=64,
)
