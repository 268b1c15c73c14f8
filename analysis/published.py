"""The published facts that the shipped studies hold themselves against, by study. `analysis.facts` evaluates them.

What is called "published" here was taken from the papers' tables; where only their text or a reader's notes were
at hand, it is named without numbers.
"""

from analysis.facts import Ahead, Fact, Generalises, NotAhead, Solves, Sooner, TimesAsLong, Within

HS = "Hochreiter & Schmidhuber 1997"
GERS02 = "Gers, Schraudolph & Schmidhuber 2002"
ADAM = "Adam in batches with full back-propagation; there single sequences and truncated gradients."
ONE_CELL = "One cell, 17 weights with peepholes, as there; but Adam, and gradients that are not truncated."

CLASSICS = (
    Fact(
        statement="Adding over 100 steps: the LSTM of 1997 solves it, every time.",
        source=f"{HS}, experiment 4",
        published="10 of 10, after 74,000 sequences; 1 of 2,560 test sequences off by more than 0.04",
        checks=(Solves("adding_1997", "lstm1997"),),
        conditions=f"{ADAM} Solved here: fewer than 1 % off by more than 0.04.",
    ),
    Fact(
        statement="Adding: the LSTM solves 100 and 400 steps, the tanh RNN does not leave the baseline at 100.",
        source="Arjovsky, Shah & Bengio 2016",
        published="LSTM solves up to T = 400; the RNN stays near the mean squared error 1/6 = 0.167",
        checks=(
            Solves("adding_100", "lstm"),
            Solves("adding_400", "lstm"),
            Solves("adding_100", "rnn", never=True),
        ),
        conditions="16 units; there 128.",
    ),
    Fact(
        statement="Temporal order of two and of three symbols: the LSTM of 1997 solves both.",
        source=f"{HS}, experiments 6a, 6b",
        published="20 of 20 after 31,390 sequences; 10 of 10 after 571,100",
        checks=(Solves("order_2", "lstm1997"), Solves("order_3", "lstm1997")),
        conditions=ADAM,
    ),
    Fact(
        statement="Three symbols take some 18 times as many sequences as two.",
        source=f"{HS}, experiments 6a, 6b",
        published="571,100 / 31,390 = 18.2",
        checks=(TimesAsLong("order_3", "order_2", "lstm1997", 18.2),),
        conditions=ADAM,
        reason=(
            "The published ratio mixes the task with its learning rate (0.5 for two symbols, 0.1 for three) and its "
            "net (2 and 3 blocks); here cell, size and range of rates are the same for both."
        ),
    ),
    Fact(
        statement="Temporal order: the plain RNN does not solve three symbols over 100 steps.",
        source="Bengio, Simard & Frasconi 1994; Pascanu et al. 2013 (without clipping and regulariser)",
        published="plain back-propagation fails at such lags",
        checks=(Solves("order_3", "rnn", never=True),),
    ),
    Fact(
        statement="Embedded Reber grammar: the LSTM of 1997 always learns it, in some ten thousand sequences.",
        source=f"{HS}, experiment 1",
        published="148 of 150, after 8,440 to 39,740 sequences, by size and rate",
        checks=(Solves("reber", "lstm1997"),),
        conditions="All strings fresh; there 256 in training and 256 others in the test, all of them right at once.",
    ),
    Fact(
        statement="Embedded Reber grammar: a plain RNN does not learn it.",
        source=f"{HS}, Table 1 (Elman nets; RTRL sometimes)",
        published="0 % of Elman nets within 200,000 sequences",
        checks=(Solves("reber", "rnn", never=True),),
        conditions="The RNN is trained by full back-propagation through time, which the Elman nets were not.",
        reason=(
            "The lag is a dozen steps, which full back-propagation, an orthogonal start and Adam bridge; an Elman net "
            "of the time got its gradient through one step alone. The fact is about training, not about the cell."
        ),
    ),
    Fact(
        statement="Two sequences, a lag of 100, all symbols predicted: the LSTM of 1997 always, the plain RNN never.",
        source=f"{HS}, experiment 2a",
        published="LSTM 18 of 18 after 5,040 sequences; RTRL and BPTT 0 % after 5 million",
        checks=(Solves("lag_two_sequences", "lstm1997"), Solves("lag_two_sequences", "rnn", never=True)),
        conditions=f"{ADAM} The loss is the mean over 100 predicted symbols, of which only the last needs memory.",
        reason=(
            "The last symbol is one hundredth of the loss, and its gradient is as large only when all others are "
            "learnt; in pilot runs four times as many updates did not change that. Where the end alone is asked for "
            "(next row) the LSTM has it at once."
        ),
    ),
    Fact(
        statement="A lag of 100 steps full of random distractors: the LSTM of 1997 always, the plain RNN never.",
        source=f"{HS}, experiment 2c (q = p = 100)",
        published="LSTM 20 of 20 after 31,000 sequences; no other method of the time",
        checks=(Solves("lag_noise", "lstm1997"), Solves("lag_noise", "rnn", never=True)),
        conditions=ADAM,
    ),
    Fact(
        statement="A forget bias of 1 helps where lags are long.",
        source="Jozefowicz, Zaremba & Sutskever 2015; Gers et al. 2000",
        published="LSTM with bias 1 ahead of the LSTM without on all their tasks",
        checks=(Sooner("adding_100", "lstm", "lstm_bias0"), Sooner("lag_noise", "lstm", "lstm_bias0")),
        conditions="Here the lag is 50 and more steps; their tasks were arithmetic, XML, language and music.",
        reason=(
            "A bias of 1 keeps 0.73 of the memory a step, 2e-14 over 100 steps: too small for this lag, as its own "
            "count of solved seeds shows. See the next row."
        ),
    ),
    Fact(
        statement="Chrono initialisation bridges long lags sooner than a forget bias of 1.",
        source="Tallec & Ollivier 2018",
        published="solves copy and adding at lags where the standard start stays at the baseline",
        checks=(Sooner("lag_noise", "lstm_chrono", "lstm"),),
        conditions="Lag of 100 to 140 steps; theirs up to 1,000.",
    ),
    Fact(
        statement="Copy memory over 100 steps: LSTM and GRU stay at the naive baseline for long.",
        source="Arjovsky, Shah & Bengio 2016",
        published="cross-entropy stays near 10 ln 8 / 120 = 0.1733",
        checks=(
            Within("copy_100", "lstm", "test_loss", 0.95 * 0.17329, 1.05 * 0.17329),
            Within("copy_100", "gru", "test_loss", 0.95 * 0.17329, 1.05 * 0.17329),
        ),
        conditions="64,000 sequences; within 5 % of the baseline counts as staying there.",
    ),
    Fact(
        statement="Copy memory over 1,000 steps: LSTM and GRU end at the naive baseline.",
        source="Bai, Kolter & Koltun 2018, Table 1",
        published="LSTM 0.0204, GRU 0.0197; the formula gives 0.02039",
        checks=(
            Within("copy_1000", "lstm", "test_loss", 0.95 * 0.020387, 1.05 * 0.020387),
            Within("copy_1000", "gru", "test_loss", 0.95 * 0.020387, 1.05 * 0.020387),
        ),
        conditions="16,000 sequences, 16 units; theirs had 10,000 to 16,000 parameters.",
    ),
    Fact(
        statement="aⁿbⁿ learnt up to n = 10 carries over to n = 11 to 20.",
        source="Gers & Schmidhuber 2001 (LSTM with peepholes)",
        published="all nets learnt the training set; the best went on to n = 1,000",
        checks=(
            Solves("an_bn", "peephole"),
            Generalises("an_bn", "peephole", 2),
            Generalises("an_bn", "lstm", 2),
        ),
        conditions="Every seed counts here; the paper names its best nets. Nothing selects for generalisation.",
        reason=(
            "All seeds learn the words they see, and training then has no reason to make the counter exact beyond "
            "them; the paper reports the best of its nets, and picking by length would be a selection on the test."
        ),
    ),
    Fact(
        statement="The LSTM counts, the GRU and the plain RNN do so less well: aⁿbⁿ for n = 11 to 20.",
        source="Weiss, Goldberg & Yahav 2018",
        published="LSTM finds a counter, the GRU does not",
        checks=(
            Ahead("an_bn", "lstm", "gru", "test_score_x2"),
            Ahead("an_bn", "lstm", "rnn", "test_score_x2"),
        ),
        conditions="Score: Brier skill of the sets of legal next symbols, below 0 counted as 0.",
    ),
    Fact(
        statement="Continual Reber grammar: with a forget gate solved, without one not.",
        source="Gers, Schmidhuber & Cummins 2000",
        published="10⁶ symbols without an error: forget gates 18 % (62 % with decaying rate), without 0 %",
        checks=(
            Generalises("continual_reber", "lstm", 100),
            Generalises("continual_reber", "lstm1997", 100, never=True),
        ),
        conditions="Trained on streams of 100 symbols, all gradients; tested on 10,000 without reset.",
    ),
    Fact(
        statement="Generating: the LSTM with peepholes can make timed spikes, the one without can not.",
        source=f"{GERS02}, GTS",
        published="only nets with peepholes are reported; without them it can not be done",
        checks=(
            Ahead("timed_spikes", "peephole_1", "lstm_1"),
            Solves("timed_spikes", "lstm", never=True),
        ),
        conditions=f"{ONE_CELL} `lstm` has 16 units.",
        reason=(
            "With 16 units and full gradients the plain LSTM solves the task within some thousand sequences: a second "
            "cell whose gate is open does the work of the peephole. The claim is about one cell."
        ),
    ),
    Fact(
        statement="A cosine and a square wave of period 10: one cell with peepholes is ahead of one without.",
        source=f"{GERS02}, PFG",
        published="with peepholes all; without only the cosine of period 10, slowly",
        checks=(Ahead("cosine", "peephole_1", "lstm_1"), Ahead("square", "peephole_1", "lstm_1")),
        conditions=ONE_CELL,
    ),
    Fact(
        statement="Measuring spike delays: peepholes are not clearly ahead.",
        source=f"{GERS02}, MSD",
        published="not necessary for measuring; mixed",
        checks=(NotAhead("spike_delays", "peephole_1", "lstm_1"),),
        conditions=ONE_CELL,
    ),
    Fact(
        statement="Waveform of 320 samples at equal parameters: Clockwork RNN ahead of LSTM ahead of plain RNN.",
        source="Koutník, Greff, Gomez & Schmidhuber 2014",
        published="normalised squared error 0.007 (CW-RNN), 0.04 (LSTM), 0.46 (RNN): from a reader's notes",
        checks=(
            Ahead("waveform", "clockwork_500", "lstm_500"),
            Ahead("waveform", "lstm_500", "rnn_500"),
        ),
        conditions="One sum of four sines; there five clips of music. Adam instead of Nesterov's momentum.",
    ),
    Fact(
        statement="Images pixel by pixel: GRU ahead of LSTM, both far ahead of the tanh RNN.",
        source="Bai, Kolter & Koltun 2018, sequential MNIST",
        published="accuracy 96.2 (GRU), 87.2 (LSTM), 21.5 (RNN) %",
        checks=(Ahead("digits", "gru", "lstm"), Ahead("digits", "lstm", "rnn")),
        conditions="scikit-learn's digits, 64 pixels and 1,097 training images; there 784 pixels and 60,000.",
        reason="64 steps are few: a plain RNN can still bridge them.",
    ),
)

FACTS: dict[str, tuple[Fact, ...]] = {"classics": CLASSICS}
