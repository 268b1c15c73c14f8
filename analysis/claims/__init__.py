"""Published claims as small declarations, evaluated on a study: holds, fails, undecided, or not tested.

    Claim(statement="The GRU is equivalent to the LSTM.", source="...", found="...", studies=("comparable",),
          checks=(Pairwise(cells=("gru",), expects="equivalent"),))

    evaluate(Analysed(load("results", "mine")))     one row per claim, check and task, with the evidence
    over_studies([evaluate(...), ...])              the same over several, each claim where it belongs
    whole(rows)                                     one row per claim
    facts(study, CLASSICS)                          one row per claim, what was published beside what is measured

`literature` holds the claims about cells and settings, `classic_facts` those of single papers about the tasks of one
study. A check is a small value: `Pairwise` (cells against a reference, by one of the kinds of `statement`), `Share` and
`Less` (functional ANOVA), `Protocol` (Greff et al.'s), and those of `solving`, `ahead` and `published`, about the runs
of named cells on named tasks. `weight` has the rules by which p-values and e-values decide.
"""

from analysis.claims.claim import Claim
from analysis.claims.evaluation import evaluate, facts, over_studies, whole
from analysis.claims.literature import CLAIMS
from analysis.claims.outcome import FAILS, HOLDS, OPEN, UNTESTED

__all__ = [
    "CLAIMS",
    "FAILS",
    "HOLDS",
    "OPEN",
    "UNTESTED",
    "Claim",
    "evaluate",
    "facts",
    "over_studies",
    "whole",
]
