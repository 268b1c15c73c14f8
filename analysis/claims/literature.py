"""The claims: what the literature says of recurrent cells and of the search for their settings.

Cells are the labels that a study gives them; tasks are told by the class of their spec, whatever a study calls them.
The baseline of Greff et al. (2017), V, has peepholes, and so have their ablations: here they are held against
`peephole`, and `lstm` is what they call NP. Their tasks were TIMIT, IAM Online and JSB Chorales, their scores the best
tenth of 200 random trials. So a claim that fails on a synthetic task does not refute its source; it says that the
finding does not carry over to that task. What a source calls significant is asked without a margin; what it calls the
same, or far apart, with the study's. To add a claim, add it here.
"""

from analysis.claims.ahead import Ahead, NotAhead
from analysis.claims.claim import Claim
from analysis.claims.classic_facts import FORGET_BIAS
from analysis.claims.pairwise import PARAMETERS, Pairwise
from analysis.claims.protocol import Protocol
from analysis.claims.reach import ShorterReach
from analysis.claims.shares import NINE, Less, Share
from analysis.claims.solving import Can
from analysis.statistics.search.importance import REST

GREFF = "Greff et al. 2017"
KOUTNIK = "Koutník et al. 2014"
GERS = "Gers, Schraudolph & Schmidhuber 2002"
V = NINE[0]
ABLATIONS = NINE[1:]
ADDING = ("Adding", "Adding1997")
NUMBERS = (*ADDING, "Multiplication", "TwoSequence", "Digits")
RECALL = ("CopyMemory", "AssociativeRecall", "Mqar", "SelectiveCopying", "InductionHeads")
REGULAR = ("EvenPairs", "Parity", "CycleNavigation", "ModularArithmetic")
STATES = ("TemporalOrder", "EmbeddedReber", "ContinualReber", "AnBn", "Dyck", *REGULAR)
SYMBOLS = (
    *(*RECALL, *STATES, "Memorisation", "RandomPermutation", "NoiseFreeLag", "Arithmetic", "Xml"),
    *("EarlyMention", "StringTransduction"),
)
LAGS = (*ADDING, "TemporalOrder", "NoiseFreeLag", "Digits")
BOTH, SEARCH = ("comparable", "quick"), ("comparable",)

CELLS = (
    Claim(
        statement="The variants of the LSTM are all about the same.",
        source="Olah 2015, of Greff et al.",
        found="stronger than what Greff et al. found: five of eight changes were worse on two data sets or more",
        studies=BOTH,
        checks=(Pairwise(cells=(*ABLATIONS, "gru", "depth_gated"), reference=V, expects="equivalent"),),
    ),
    Claim(
        statement="No ablation beats the LSTM with peepholes.",
        source=GREFF,
        found="none of eight significantly better on TIMIT, IAM Online or JSB Chorales",
        studies=BOTH,
        checks=(Pairwise(cells=ABLATIONS, reference=V, expects="not better"),),
    ),
    Claim(
        statement="Coupling the input and forget gates costs nothing.",
        source=f"{GREFF}, CIFG",
        found="no significant change on any of three data sets, which excludes large effects only",
        studies=BOTH,
        checks=(
            Pairwise(cells=("cifg",), reference=V, expects="equivalent"),
            Pairwise(cells=("coupled",), expects="equivalent"),
        ),
    ),
    Claim(
        statement="Dropping the peepholes costs nothing.",
        source=f"{GREFF}, NP",
        found="no significant change on any of three data sets, which excludes large effects only",
        studies=BOTH,
        checks=(Pairwise(cells=("lstm",), reference=V, expects="equivalent"),),
    ),
    Claim(
        statement="Dropping the forget gate hurts.",
        source=f"{GREFF}, NFG",
        found="significantly worse on all three data sets; one of the two parts that matter most",
        studies=BOTH,
        checks=(Pairwise(cells=("nfg",), reference=V, expects="worse", not_on=ADDING),),
    ),
    Claim(
        statement="The adding problem needs no forget gate.",
        source="Hochreiter & Schmidhuber 1997",
        found="solved over 100 steps and more by cells that had none yet",
        studies=BOTH,
        checks=(Pairwise(cells=("nfg",), reference=V, expects="equivalent", on=ADDING),),
    ),
    Claim(
        statement="Dropping the output activation hurts.",
        source=f"{GREFF}, NOAF",
        found="significantly worse on all three data sets; one of the two parts that matter most",
        studies=BOTH,
        checks=(Pairwise(cells=("noaf",), reference=V, expects="worse"),),
    ),
    Claim(
        statement="On real-valued input, dropping the input gate, the output gate or the input activation hurts.",
        source=f"{GREFF}, NIG, NOG, NIAF",
        found="significantly worse on TIMIT and IAM Online, whose inputs are continuous",
        studies=SEARCH,
        checks=(Pairwise(cells=("nig", "nog", "niaf"), reference=V, expects="worse", on=NUMBERS),),
    ),
    Claim(
        statement="On symbols, dropping the input gate, the output gate or the input activation costs nothing.",
        source=f"{GREFF}, NIG, NOG, NIAF",
        found="no significant change on JSB Chorales, their one symbolic data set",
        studies=SEARCH,
        checks=(Pairwise(cells=("nig", "nog", "niaf"), reference=V, expects="equivalent", on=SYMBOLS),),
    ),
    Claim(
        statement="Recurrence among the gates gains nothing.",
        source=f"{GREFF}, FGR",
        found="no significant change on TIMIT and IAM Online, worse on JSB Chorales",
        studies=SEARCH,
        checks=(Pairwise(cells=("fgr",), reference=V, expects="not better"),),
    ),
    Claim(
        statement="Greff et al.'s own protocol finds the same losers: no forget gate, no output activation.",
        source=f"{GREFF}, NFG, NOAF",
        found="both significantly worse on all three data sets: Welch's test, Bonferroni over eight variants",
        studies=SEARCH,
        checks=(Protocol(losers=("nfg", "noaf")),),
    ),
    Claim(
        statement="Between the GRU and the LSTM it is mixed: neither is ahead throughout.",
        source="Chung et al. 2014",
        found="the GRU ahead on three of four sets of music, the LSTM on one of two of speech (second-hand)",
        studies=(*BOTH, "classics"),
        checks=(
            Pairwise(cells=("gru",), expects="not better", least=1),
            Pairwise(cells=("gru",), expects="not worse", least=1),
        ),
    ),
    Claim(
        statement="The Depth-Gated LSTM is equivalent to the stacked LSTM.",
        source="Olah 2015 names it among variants that are about the same",
        found="not measured there; Yao et al. 2015 report gains in translation and language modelling",
        studies=SEARCH,
        checks=(Pairwise(cells=("depth_gated",), reference="stacked", expects="equivalent"),),
    ),
    Claim(
        statement="The plain RNN is worse over long lags.",
        source="Hochreiter & Schmidhuber 1997",
        found="back-propagation through time solved none of their tasks with lags of 100 steps",
        studies=(*BOTH, "classics"),
        checks=(
            Pairwise(
                cells=("rnn",),
                expects="far worse",
                on=LAGS,
            ),
        ),
    ),
)

PARTS = (
    FORGET_BIAS,
    Claim(
        statement="Peepholes help to produce timed spikes and periodic waves.",
        source=GERS,
        found="spikes with peepholes alone; of the waves a cell without them made the slowest cosine only",
        studies=("classics",),
        checks=(
            Ahead("timed_spikes", "peephole_1", "lstm_1"),
            Ahead("cosine", "peephole_1", "lstm_1"),
            Ahead("square", "peephole_1", "lstm_1"),
        ),
    ),
    Claim(
        statement="A single cell with peepholes can produce timed spikes, one without can not.",
        source=GERS,
        found="with peepholes reported, without them not possible",
        studies=("classics",),
        checks=(Can("timed_spikes", "peephole_1"), Can("timed_spikes", "lstm_1", never=True)),
    ),
    Claim(
        statement="Peepholes are not needed to measure time.",
        source=GERS,
        found="not necessary for measuring spike delays; mixed",
        studies=("classics",),
        checks=(NotAhead("spike_delays", "peephole_1", "lstm_1"),),
    ),
    Claim(
        statement="The Clockwork RNN is ahead on generating waveforms.",
        source=KOUTNIK,
        found="normalised squared error 0.007, LSTM 0.04, plain RNN 0.46, at equal parameters (second-hand)",
        studies=("classics",),
        checks=(
            Ahead("waveform", "clockwork_500", "lstm_500"),
            Ahead("waveform", "clockwork_500", "rnn_500"),
            Pairwise(cells=("clockwork",), expects="better", on=("Waveform",)),
        ),
    ),
    Claim(
        statement="The Clockwork RNN is behind the LSTM on the adding problem.",
        source="an expectation of this project: its slow units hear a step only when their clock ticks",
        found="not measured; in handwriting the LSTM was ahead of it (Koutník et al. 2014)",
        studies=SEARCH,
        checks=(Pairwise(cells=("clockwork",), expects="worse", on=ADDING),),
    ),
    Claim(
        statement="At equal parameters, attention is ahead of the LSTM where symbols must be recalled.",
        source="Arora et al. 2023",
        found="attention recalls with small widths, recurrences need widths that grow with what is kept (second-hand)",
        studies=SEARCH,
        checks=(Pairwise(cells=("transformer",), expects="better", on=RECALL, measure=PARAMETERS),),
    ),
    Claim(
        statement="At equal parameters, attention is behind the LSTM where a state must be tracked.",
        source="Tran, Bisazza & Monz 2018; Delétang et al. 2023",
        found="recurrence ahead on nested structure, and on regular and counter languages beyond the trained length",
        studies=SEARCH,
        checks=(Pairwise(cells=("transformer",), expects="worse", on=STATES, measure=PARAMETERS),),
    ),
)

SETTINGS = (
    Claim(
        statement="The learning rate explains most of the variance, whatever the variant of the LSTM.",
        source=GREFF,
        found="more than two thirds on every data set (functional ANOVA of each variant's 200 trials; second-hand)",
        studies=SEARCH,
        checks=(Share(factor="learning rate", above=0.5),),
    ),
    Claim(
        statement="The choice among the LSTM's variants explains less of the variance than the learning rate.",
        source=f"implied by {GREFF}",
        found="not measured: their analysis was made variant by variant",
        studies=SEARCH,
        checks=(Less(factor="cell", other="learning rate"),),
    ),
    Claim(
        statement="Hyperparameters interact little: all interactions together explain less than a fifth.",
        source=GREFF,
        found="small; learning rate and size nearly independent (the fifth is ours)",
        studies=SEARCH,
        checks=(Share(factor=REST, below=0.2),),
    ),
    Claim(
        statement="Momentum explains less than a twentieth of the variance.",
        source=GREFF,
        found="less than 1 % on every data set, for Nesterov momentum (here Adam's b1; the twentieth is ours)",
        studies=SEARCH,
        checks=(Share(factor="momentum (b1)", below=0.05, separately=False, wide=False),),
    ),
)

REACH = (
    Claim(
        statement="The lag that half of all plain RNNs bridge is below a third of what LSTMs bridge.",
        source="an expectation of this project, after Bengio, Simard & Frasconi 1994",
        found="gradients of the plain RNN vanish with the lag; a factor was not measured",
        studies=("frontier_lag",),
        checks=(ShorterReach("rnn", "lstm", below=1 / 3),),
    ),
)

DELETANG = "Delétang et al. 2023"
REGULAR_TASKS = ("even_pairs", "parity", "cycle", "modular")
BEYOND = (
    Claim(
        statement=(
            "On regular languages recurrent networks can be right on strings twelve times as long as in training, a "
            "transformer block cannot."
        ),
        source=DELETANG,
        found=(
            "LSTM and RNN 100 % on each of four, on average over 41 to 500 symbols; transformer 96.4, 52.0, 61.9 and "
            "24.2 % (the best of 30 runs; second-hand)"
        ),
        studies=("languages",),
        checks=(
            *(Can(task, cell, 12) for cell in ("lstm", "rnn") for task in REGULAR_TASKS),
            *(Can(task, "transformer", 12, never=True) for task in REGULAR_TASKS),
        ),
    ),
    Claim(
        statement="Of longer strings in other languages the LSTM can do nothing but sort them.",
        source=DELETANG,
        found=(
            "sorting 99.3 % of symbols right; reverse, duplicate and odds first 60.9, 57.6 and 55.6 %, where guessing "
            "has 50 (the best of 30 runs; second-hand)"
        ),
        studies=("languages",),
        checks=(
            Can("sort", "lstm", 12),
            *(Can(task, "lstm", 2, never=True) for task in ("reverse", "duplicate", "odds_first")),
        ),
    ),
    Claim(
        statement="Where several keys are asked for, an LSTM that attends is ahead of one that does not.",
        source="Arora et al. 2023",
        found="attention answers at every width, gated convolutions need widths that grow with the length",
        studies=("languages",),
        checks=(
            Ahead("mqar_64", "lstm_attend", "lstm"),
            Ahead("mqar_128", "lstm_attend", "lstm"),
        ),
    ),
)

HURT = ("nfg", "noaf", "nig", "nog", "niaf")
MORE = (
    Claim(
        statement="The GRU is ahead of the LSTM, except in language modelling.",
        source="Jozefowicz, Zaremba & Sutskever 2015",
        found=(
            "accuracy of GRU, LSTM and LSTM with a forget bias of 1 (as here): arithmetic 0.896, 0.892, 0.902; XML "
            "0.460, 0.425, 0.444; behind in language modelling (second-hand)"
        ),
        studies=(*BOTH, "classics"),
        checks=(Pairwise(cells=("gru",), expects="better"),),
    ),
    Claim(
        statement="Without a gate (input, forget, output) or an activation the LSTM is worse on several data sets.",
        source=GREFF,
        found="five of eight changes significantly worse on two of three data sets or more",
        studies=SEARCH,
        checks=tuple(Pairwise(cells=(cell,), reference=V, expects="worse", least=2) for cell in HURT),
        complete=True,
    ),
)

CLAIMS = (*CELLS, *PARTS, *SETTINGS, *MORE, *REACH, *BEYOND)
