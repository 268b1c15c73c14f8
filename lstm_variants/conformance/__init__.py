"""Is this cell the cell it is named after?

    from lstm_variants.conformance import conform

    conform(nnx.LSTMCell, "lstm").conforms        # True
    conform(nnx.GRUCell).title                    # "GRU, reset after the product, ..., without c_h"

and on the command line `lstm-variants conform flax.nnx:GRUCell --as gru_after`. The cell is a black box: given
random weights, a step is compared with published equations, under every assignment of its parameters to their
letters. Cells of other frameworks go through an `Adapter`.
"""

from lstm_variants.conformance.adapter import Adapter, CanNotCheck, adapt
from lstm_variants.conformance.known import KNOWN
from lstm_variants.conformance.language import Equations
from lstm_variants.conformance.promises import Promise
from lstm_variants.conformance.verdict import Deviation, Verdict, conform, known_names
from lstm_variants.conformance.written import Unreadable, read_equations, written

__all__ = [
    "KNOWN",
    "Adapter",
    "CanNotCheck",
    "Deviation",
    "Equations",
    "Promise",
    "Unreadable",
    "Verdict",
    "adapt",
    "conform",
    "known_names",
    "read_equations",
    "written",
]
