"""Do published findings about recurrent cells replicate, each on its own task?

Question: which cells solve the classic long-dependency tasks, after how many sequences, and where do they fail,
compared with what the papers report? The report shows both side by side (`analysis/claims/classic_facts.py`).
Expectation: directions replicate where the architecture decides (memory despite noise), numbers do not, since training
differs: Adam, batches and full back-propagation here, single sequences with truncated gradients there.
Cost: 516 trials, about 75 core minutes: forty minutes on two cores.

Cells have 16 units, or the paper's size where size matters: one cell for timing, about 500 parameters for the
waveform. Every setting is the best of four learning rates on validation, run again with eight fresh seeds.
"""

from typing import Any

from experiments import (
    Adam,
    Adding,
    Adding1997,
    AnBn,
    ContinualReber,
    CopyMemory,
    Digits,
    EmbeddedReber,
    NoiseFreeLag,
    Periodic,
    SpikeDelays,
    TemporalOrder,
    TimedSpikes,
    Waveform,
)
from lstm_variants import GRU, LSTM, LSTM1997, ClockworkRNN, Initial, PeepholeLSTM, VanillaRNN
from sweeps.spaces import log_uniform, sampled
from sweeps.study import Controls, Study

LAG = ["lstm1997", "lstm", "lstm_bias0", "lstm_chrono", "rnn"]
# label: (task, updates, batch, factors of longer test sequences, cells)
TASKS: dict[str, tuple[Any, int, int, tuple[int, ...], list[str]]] = {
    "adding_100": (Adding(length=100), 2500, 32, (), ["lstm", "lstm_bias0", "rnn"]),
    "adding_400": (Adding(length=400), 3000, 32, (), ["lstm"]),
    "adding_1997": (Adding1997(length=100), 2500, 32, (), ["lstm1997"]),
    "order_2": (TemporalOrder(length=100, vary=10, informative=2), 2000, 32, (), ["lstm1997"]),
    "order_3": (TemporalOrder(length=100, vary=10), 2000, 32, (), ["lstm1997", "rnn"]),
    "reber": (EmbeddedReber(), 2000, 32, (), ["lstm1997", "rnn"]),
    "continual_reber": (ContinualReber(length=100), 2000, 32, (10, 100), ["lstm", "lstm1997"]),
    "lag_two_sequences": (NoiseFreeLag(variant="a"), 3000, 8, (), ["lstm1997", "rnn"]),
    "lag_noise": (NoiseFreeLag(variant="c"), 1000, 32, (), LAG),
    "copy_100": (CopyMemory(delay=100), 2000, 32, (), ["lstm", "gru"]),
    "copy_1000": (CopyMemory(delay=1000, held=True), 500, 32, (), ["lstm", "gru"]),
    "an_bn": (AnBn(largest=10), 2000, 32, (2, 10), ["lstm", "peephole", "gru", "rnn"]),
    "spike_delays": (SpikeDelays(), 3000, 32, (), ["lstm_1", "peephole_1"]),
    "timed_spikes": (TimedSpikes(), 3000, 32, (), ["lstm_1", "peephole_1", "lstm"]),
    "cosine": (Periodic(shape="cos", period=10), 20_000, 1, (), ["lstm_1", "peephole_1"]),
    "square": (Periodic(shape="square", period=10), 20_000, 1, (), ["lstm_1", "peephole_1"]),
    "waveform": (Waveform(), 2000, 1, (), ["clockwork_500", "lstm_500", "rnn_500"]),
    "digits": (Digits(), 1500, 32, (), ["lstm", "gru", "rnn"]),
}
# As Koutník et al. start all of theirs. (From an orthogonal matrix the LSTM's gradient over 320 steps overflows.)
SMALL = Initial(inputs="normal", recurrent="normal", input_scale=0.1, recurrent_scale=0.1)
CLOCKS = tuple(2**k for k in range(9))

STUDY = Study(
    cells={
        "lstm": LSTM(hidden=16),
        "lstm_bias0": LSTM(hidden=16, forget_bias=0.0),
        "lstm_chrono": LSTM(hidden=16, initial=Initial(chrono=150)),
        "lstm1997": LSTM1997(hidden=16),
        "peephole": PeepholeLSTM(hidden=16),
        "gru": GRU(hidden=16),
        "rnn": VanillaRNN(hidden=16),
        "lstm_1": LSTM(hidden=1),
        "peephole_1": PeepholeLSTM(hidden=1),
        "lstm_500": LSTM(hidden=10, forget_bias=5.0, initial=SMALL),
        "clockwork_500": ClockworkRNN(hidden=27, periods=CLOCKS, initial=SMALL),
        "rnn_500": VanillaRNN(hidden=21, initial=SMALL),
    },
    tasks={label: task for label, (task, *_) in TASKS.items()},
    steps={label: steps for label, (_, steps, *_) in TASKS.items()},
    batch={label: batch for label, (_, _, batch, *_) in TASKS.items()},
    longer={label: factors for label, (*_, factors, _) in TASKS.items()},
    only={label: cells for label, (*_, cells) in TASKS.items()},
    optimizer=Adam(learning_rate=0.01, clip=1.0, cooldown=0.3),
    search=sampled({"optimizer.learning_rate": log_uniform(3e-3, 2e-2)}, trials=4),
    confirm=8,
    margin=0.05,
    controls=Controls(same="lstm", on=("adding_100",), task="adding_100"),
    evaluate_every={label: steps // 20 for label, (_, steps, *_) in TASKS.items()},
    test_batches={label: 1 if batch == 1 else 16 for label, (_, _, batch, *_) in TASKS.items()},
    validation_batches={label: 1 if batch == 1 else 8 for label, (_, _, batch, *_) in TASKS.items()},
)
