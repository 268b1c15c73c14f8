"""Does it hold on recorded data? LSTM, GRU, plain RNN and an LSTM without a forget gate on images, speech and motion.

Question: generated tasks ask for memory and nothing else. Are the differences between cells the same on sequences that
were recorded: digits pixel by pixel, nine speakers of Japanese vowels, four activities on a smart watch?
Expectation (Greff et al. 2017; Chung et al. 2014; Bai et al. 2018): the GRU is as good as the LSTM; the plain RNN is
worse on digits, whose first pixel is 65 steps away; on vowels no cell is, since the last frame alone tells the speaker
of 95 in 100 utterances; sequences this short leave nothing to forget, so that the forget gate is not missed.
Cost: 804 trials, four core minutes. The vowels and the motions ship inside the package aeon: `pip install
'lstm-variants[data]'`, or `make data` in a clone.

Each cell tries six learning rates on each data set; the best on the validation part races against the LSTM's, and what
is compared is the score on the published test part, of which 2,048 sequences are drawn with replacement.
"""

from experiments import Adam, BasicMotions, Digits, JapaneseVowels
from lstm_variants import GRU, LSTM, NFG, VanillaRNN
from sweeps.rules.race import race
from sweeps.spaces import log_uniform, sampled
from sweeps.study import Controls, Study

STEPS = {"digits": 1500, "vowels": 300, "motions": 300}

STUDY = Study(
    cells={
        "lstm": LSTM(hidden=16),
        "gru": GRU(hidden=16),
        "rnn": VanillaRNN(hidden=16),
        "nfg": NFG(hidden=16),
    },
    tasks={"digits": Digits(), "vowels": JapaneseVowels(), "motions": BasicMotions()},
    optimizer=Adam(learning_rate=0.01, clip=1.0, cooldown=0.3),
    search=sampled({"optimizer.learning_rate": log_uniform(2e-3, 3e-2)}, trials=6),
    confirm=race(most=64, look=8),
    margin=0.1,
    controls=Controls(same="lstm", on=("digits", "vowels"), task="digits"),
    steps=STEPS,
    evaluate_every={task: steps // 10 for task, steps in STEPS.items()},
)
