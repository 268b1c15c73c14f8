"""The equations that the kit knows: our catalogue's, and relatives that are met in libraries.

Where a paper and a library differ by the sign of a gate alone (σ(-a) = 1 - σ(a)), both forms carry one name.
"""

from dataclasses import replace

from lstm_variants.conformance.language import Equations

RNN = Equations("rnn", "vanilla RNN (tanh)", ("y' = tanh(W x + R y + b)",), ("y",), "y'")
RELU = Equations("rnn", "vanilla RNN (relu)", ("y' = relu(W x + R y + b)",), ("y",), "y'")

V = Equations(
    "peephole",
    "LSTM with peepholes (V)",
    (
        "z = tanh(W_z x + R_z y + b_z)",
        "i = σ(W_i x + R_i y + p_i ⊙ c + b_i)",
        "f = σ(W_f x + R_f y + p_f ⊙ c + b_f)",
        "c' = z ⊙ i + c ⊙ f",
        "o = σ(W_o x + R_o y + p_o ⊙ c' + b_o)",
        "y' = tanh(c') ⊙ o",
    ),
    ("c", "y"),
    "y'",
)

NIG = V.but("nig", "LSTM without input gate (NIG)", "i = 1")
NFG = V.but("nfg", "LSTM without forget gate (NFG)", "f = 1")
NOG = V.but("nog", "LSTM without output gate (NOG)", "o = 1")
NIAF = V.but("niaf", "LSTM without input activation (NIAF)", "z = W_z x + R_z y + b_z")
NOAF = V.but("noaf", "LSTM without output activation (NOAF)", "y' = c' ⊙ o")
CIFG = V.but("cifg", "LSTM with coupled gates (CIFG)", "f = 1 - i")
CIFG_F = replace(
    V.but(
        "cifg",
        "LSTM with coupled gates (CIFG), learnt on the forget side",
        "f = σ(W_f x + R_f y + p_f ⊙ c + b_f)",
    ),
    lines=(V.lines[0], V.lines[2], "i = 1 - f", *V.lines[3:]),
)
FGR = V.but(
    "fgr",
    "LSTM with full gate recurrence (FGR)",
    "i = σ(W_i x + R_i y + p_i ⊙ c + R_ii i + R_fi f + R_oi o + b_i)",
    "f = σ(W_f x + R_f y + p_f ⊙ c + R_if i + R_ff f + R_of o + b_f)",
    "o = σ(W_o x + R_o y + p_o ⊙ c' + R_io i + R_fo f + R_oo o + b_o)",
)
# The gates are carried here, so that their new values need names of their own.
FGR = replace(
    FGR,
    lines=tuple(
        (line.replace("=", "' =", 1).replace(" '", "'") if line[0] in "ifo" else line)
        .replace("z ⊙ i", "z ⊙ i'")
        .replace("c ⊙ f", "c ⊙ f'")
        .replace("tanh(c') ⊙ o", "tanh(c') ⊙ o'")
        for line in FGR.lines
    ),
    state=("c", "y", "i", "f", "o"),
)
FULL_PEEPHOLE = V.but(
    "full_peephole",
    "LSTM with full peephole matrices (Olah)",
    "i = σ(W_i x + R_i y + P_i c + b_i)",
    "f = σ(W_f x + R_f y + P_f c + b_f)",
    "o = σ(W_o x + R_o y + P_o c' + b_o)",
)


def without_peepholes(e: Equations, name: str, title: str) -> Equations:
    """The same with no cell in any gate."""
    lines = tuple(
        line.replace(" + p_i ⊙ c", "").replace(" + p_f ⊙ c", "").replace(" + p_o ⊙ c'", "")
        for line in e.lines
    )
    return replace(e, name=name, title=title, lines=lines)


LSTM = without_peepholes(V, "lstm", "LSTM (no peepholes: NP)")
COUPLED = without_peepholes(CIFG_F, "coupled", "LSTM with coupled gates (Olah), learnt on the forget side")
COUPLED_I = without_peepholes(
    CIFG, "coupled", "LSTM with coupled gates (no peepholes), learnt on the input side"
)
BARE = [
    without_peepholes(e, f"{e.name}_np", e.title.replace(")", ", no peepholes)"))
    for e in (NIG, NFG, NOG, NIAF, NOAF)
]

LSTM1997 = Equations(
    "lstm1997",
    "LSTM of 1997 (no forget gate, gates recur)",
    (
        "i' = σ(W_i x + R_i y + R_ii i + R_oi o + b_i)",
        "o' = σ(W_o x + R_o y + R_io i + R_oo o + b_o)",
        "z = 4 * σ(W_z x + R_z y + R_iz i + R_oz o + b_z) - 2",
        "c' = c + i' ⊙ z",
        "y' = o' ⊙ (2 * σ(c') - 1)",
    ),
    ("c", "y", "i", "o"),
    "y'",
)
LSTM1997_GATES = LSTM1997.but(
    "lstm1997",
    "LSTM of 1997 (no forget gate, gates recur; biases on gates only)",
    "z = 4 * σ(W_z x + R_z y + R_iz i + R_oz o) - 2",
)
LSTM2000 = Equations(
    "lstm2000",
    "LSTM of 2000 (forget gate, centred squashing)",
    (
        "i = σ(W_i x + R_i y + b_i)",
        "f = σ(W_f x + R_f y + b_f)",
        "o = σ(W_o x + R_o y + b_o)",
        "z = 4 * σ(W_z x + R_z y) - 2",
        "c' = f ⊙ c + i ⊙ z",
        "y' = o ⊙ (2 * σ(c') - 1)",
    ),
    ("c", "y"),
    "y'",
)

GRU = Equations(
    "gru",
    "GRU, reset before the product, z on the candidate",
    (
        "z = σ(W_z x + R_z h + b_z)",
        "r = σ(W_r x + R_r h + b_r)",
        "h̃ = tanh(W_h x + R_h (r ⊙ h) + b_h)",
        "h' = (1 - z) ⊙ h + z ⊙ h̃",
    ),
    ("h",),
    "h'",
)
OLD = "h' = z ⊙ h + (1 - z) ⊙ h̃"
GRU_OLD = GRU.but("gru", "GRU, reset before the product, z on the old state", OLD)
GRU_AFTER = GRU.but(
    "gru_after",
    "GRU, reset after the product, z on the candidate",
    "h̃ = tanh(W_h x + b_h + r ⊙ (R_h h + c_h))",
)
GRU_AFTER_OLD = GRU_AFTER.but("gru_after", "GRU, reset after the product, z on the old state", OLD)

MGU = Equations(
    "mgu",
    "minimal gated unit (Zhou et al. 2016), f resets and updates",
    (
        "f = σ(W_f x + R_f h + b_f)",
        "h̃ = tanh(W_h x + R_h (f ⊙ h) + b_h)",
        "h' = (1 - f) ⊙ h + f ⊙ h̃",
    ),
    ("h",),
    "h'",
)
MGU_AFTER = MGU.but(
    "mgu_after", "minimal gated unit, reset after the product", "h̃ = tanh(W_h x + b_h + f ⊙ (R_h h + c_h))"
)
MGU_AFTER_OLD = MGU_AFTER.but(
    "mgu_after", "minimal gated unit, reset after the product, f on the old state", "h' = f ⊙ h + (1 - f) ⊙ h̃"
)


def hard(e: Equations, slope: str, function: str) -> Equations:
    """The same with a hard sigmoid in each gate."""
    lines = tuple(line.replace("σ", function) for line in e.lines)
    return replace(e, name=f"{e.name}_hard", title=f"{e.title}, hard sigmoid ({slope} + 1/2)", lines=lines)


HARD = [
    hard(e, slope, function)
    for e in (LSTM, V, GRU, GRU_OLD, GRU_AFTER, GRU_AFTER_OLD)
    for slope, function in (("a/6", "hardσ"), ("a/5", "hardσ5"), ("a/2", "hardσ2"))
]


def layer_normed(title: str, joint: bool, apart: bool, carried: bool) -> Equations:
    """Ba, Kiros & Hinton 2016. joint: mean and variance over the four gates, not of each. apart: those of W x and R y,
    not of their sum. carried: the cell is carried normalised, not only read so."""

    def norm(gate: str, term: str) -> str:
        gates = [gate, *(g for g in "zifo" if g != gate)] if joint else [gate]
        return f"LN({', '.join(term.replace('_', f'_{g}') for g in gates)})"

    lines = []
    for gate in "zifo":
        terms = [("x_", "W_ x"), ("y_", "R_ y")] if apart else [("", "W_ x + R_ y")]
        sums = " + ".join(f"g_{letter}{gate} ⊙ {norm(gate, term)}" for letter, term in terms)
        lines.append(f"{gate} = {'tanh' if gate == 'z' else 'σ'}({sums} + b_{gate})")
    if carried:
        lines += ["c' = g_c ⊙ LN(z ⊙ i + c ⊙ f) + b_c", "y' = tanh(c') ⊙ o"]
    else:
        lines += ["c' = z ⊙ i + c ⊙ f", "y' = tanh(g_c ⊙ LN(c') + b_c) ⊙ o"]
    return Equations("lstm_ln", f"LSTM with layer norm ({title})", tuple(lines), ("c", "y"), "y'")


LAYER_NORM = [
    layer_normed("Ba et al. 2016", True, True, False),
    layer_normed("of all gates together, cell carried normalised", True, True, True),
    layer_normed("gate by gate", False, True, False),
    layer_normed("gate by gate, cell carried normalised", False, True, True),
    layer_normed("of the sum", True, False, False),
    layer_normed("of the sum, cell carried normalised", True, False, True),
    layer_normed("of the sum, gate by gate", False, False, False),
    layer_normed("of the sum, gate by gate, cell carried normalised", False, False, True),
]

MIN_GRU = Equations(
    "min_gru",
    "minGRU, z on the candidate",
    ("z = σ(W_z x + b_z)", "h̃ = W_h x + b_h", "h' = (1 - z) ⊙ h + z ⊙ h̃"),
    ("h",),
    "h'",
)
MIN_GRU_OLD = MIN_GRU.but("min_gru", "minGRU, z on the old state", OLD)
MIN_LSTM = Equations(
    "min_lstm",
    "minLSTM",
    (
        "f = σ(W_f x + b_f)",
        "i = σ(W_i x + b_i)",
        "h̃ = W_h x + b_h",
        "h' = f / (f + i) ⊙ h + i / (f + i) ⊙ h̃",
    ),
    ("h",),
    "h'",
)

MUT1 = Equations(
    "mut1",
    "MUT1, inputs projected",
    (
        "u = P x",
        "z = σ(W_z u + b_z)",
        "r = σ(W_r u + R_r h + b_r)",
        "h̃ = tanh(R_h (r ⊙ h) + tanh(u) + b_h)",
        "h' = z ⊙ h̃ + (1 - z) ⊙ h",
    ),
    ("h",),
    "h'",
)
MUT2 = Equations(
    "mut2",
    "MUT2, inputs projected",
    (
        "u = P x",
        "z = σ(W_z u + R_z h + b_z)",
        "r = σ(u + R_r h + b_r)",
        "h̃ = tanh(R_h (r ⊙ h) + W_h u + b_h)",
        "h' = z ⊙ h̃ + (1 - z) ⊙ h",
    ),
    ("h",),
    "h'",
)
MUT3 = Equations(
    "mut3",
    "MUT3",
    (
        "z = σ(W_z x + R_z tanh(h) + b_z)",
        "r = σ(W_r x + R_r h + b_r)",
        "h̃ = tanh(R_h (r ⊙ h) + W_h x + b_h)",
        "h' = z ⊙ h̃ + (1 - z) ⊙ h",
    ),
    ("h",),
    "h'",
)


def grid(layers: int) -> Equations:
    """Time and depth; u f o c are the gates along time, v e q k those along depth (update, forget, output,
    candidate)."""
    lines = ["md0 = W_m x", "hd0 = W_h x"]
    for l in range(1, layers + 1):
        for gate, squash in zip("ufoc", ("σ", "σ", "σ", "tanh"), strict=True):
            lines.append(f"{gate}{l} = {squash}(W_{gate}{l} hd{l - 1} + R_{gate}{l} h{l} + b_{gate}{l})")
        lines += [f"m{l}' = f{l} ⊙ m{l} + u{l} ⊙ c{l}", f"h{l}' = o{l} ⊙ tanh(m{l}')"]
        for gate, squash in zip("veqk", ("σ", "σ", "σ", "tanh"), strict=True):
            lines.append(f"{gate}{l} = {squash}(W_{gate}{l} h{l}' + R_{gate}{l} hd{l - 1} + b_{gate}{l})")
        lines += [f"md{l} = e{l} ⊙ md{l - 1} + v{l} ⊙ k{l}", f"hd{l} = q{l} ⊙ tanh(md{l})"]
    state = tuple(f"{letter}{l}" for letter in "mh" for l in range(1, layers + 1))
    return Equations(
        "grid", f"Grid LSTM over time and depth, layers: {layers}", tuple(lines), state, f"hd{layers}"
    )


def grid_depth(layers: int) -> Equations:
    """Depth alone: nothing is carried."""
    lines = ["m0 = W_m x", "h0 = W_h x"]
    for l in range(1, layers + 1):
        for gate, squash in zip("ufoc", ("σ", "σ", "σ", "tanh"), strict=True):
            lines.append(f"{gate}{l} = {squash}(R_{gate}{l} h{l - 1} + b_{gate}{l})")
        lines += [f"m{l} = f{l} ⊙ m{l - 1} + u{l} ⊙ c{l}", f"h{l} = o{l} ⊙ tanh(m{l})"]
    return Equations(
        "grid_depth", f"Grid LSTM over depth alone, layers: {layers}", tuple(lines), (), f"h{layers}"
    )


DEPTH_GATED = Equations(
    "depth_gated",
    "Depth-Gated LSTM, two layers",
    (
        "k_1 = W_k x",
        "z_1 = tanh(W_z1 x + R_z1 y1 + b_z1)",
        "i_1 = σ(W_i1 x + R_i1 y1 + b_i1)",
        "f_1 = σ(W_f1 x + R_f1 y1 + b_f1)",
        "d_1 = σ(W_d1 x + w_c1 ⊙ c1 + b_d1)",
        "c1' = z_1 ⊙ i_1 + c1 ⊙ f_1 + k_1 ⊙ d_1",
        "o_1 = σ(W_o1 x + R_o1 y1 + b_o1)",
        "y1' = tanh(c1') ⊙ o_1",
        "z_2 = tanh(W_z2 y1' + R_z2 y2 + b_z2)",
        "i_2 = σ(W_i2 y1' + R_i2 y2 + b_i2)",
        "f_2 = σ(W_f2 y1' + R_f2 y2 + b_f2)",
        "d_2 = σ(W_d2 y1' + w_c2 ⊙ c2 + w_l2 ⊙ c1' + b_d2)",
        "c2' = z_2 ⊙ i_2 + c2 ⊙ f_2 + c1' ⊙ d_2",
        "o_2 = σ(W_o2 y1' + R_o2 y2 + b_o2)",
        "y2' = tanh(c2') ⊙ o_2",
    ),
    ("c1", "c2", "y1", "y2"),
    "y2'",
)

VARIANTS = (
    *HARD,
    *LAYER_NORM,
)  # of what is known beside them: nothing is looked for one change away from these

KNOWN: tuple[Equations, ...] = (
    RNN, RELU, LSTM, V, FULL_PEEPHOLE, NIG, NFG, NOG, NIAF, NOAF, CIFG, CIFG_F, COUPLED, COUPLED_I, FGR, *BARE,
    LSTM1997, LSTM1997_GATES, LSTM2000, GRU, GRU_OLD, GRU_AFTER, GRU_AFTER_OLD, MGU, MGU_AFTER, MGU_AFTER_OLD,
    MIN_GRU, MIN_GRU_OLD, MIN_LSTM, MUT1, MUT2, MUT3, DEPTH_GATED, grid(1), grid(2), grid_depth(1), grid_depth(2),
    *VARIANTS,
)  # fmt: skip
