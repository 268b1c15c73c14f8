"""Published claims as small declarations, evaluated on a study: holds, fails, undecided, or not tested.

    Claim(statement="The GRU is equivalent to the LSTM.", source="...", found="...", studies=("comparable",),
          tests=(Pairwise(cells=("gru",), expects="equivalent"),))

    evaluate(Analysed(load("results", "mine")))     one row a claim and task, with the evidence
    over_studies([evaluate(...), ...])              the same over several, each claim where it belongs
    whole(rows)                                     one row a claim

`declared` holds the claims; a test of one is a small value: `Pairwise` (the verdicts), `Share`, `Less` and
`Interactions` (functional ANOVA), `Protocol` (Greff et al.'s), `Checked` (any check of `analysis.claims.fact`).
"""

from analysis.claims.claim import Claim
from analysis.claims.evaluation import evaluate, over_studies, whole
from analysis.claims.literature import CLAIMS
from analysis.claims.outcome import FAILS, HOLDS, OPEN, UNTESTED

__all__ = ["CLAIMS", "FAILS", "HOLDS", "OPEN", "UNTESTED", "Claim", "evaluate", "over_studies", "whole"]
