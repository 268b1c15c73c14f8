"""Every claim can be seen: it holds where it is true, fails where it is false, and two seeds leave it open."""

import functools

import pytest
from worlds import FALSE, OPEN, TRUE, world

from analysis.claims import CLAIMS, evaluate, whole
from analysis.claims.pairwise import Pairwise
from analysis.claims.protocol import Protocol
from analysis.claims.shares import Less, Share
from analysis.study import shares
from experiments.tasks import TASKS


@pytest.fixture(autouse=True)
def small_forests(monkeypatch):
    """Rough, but cheap."""
    monkeypatch.setattr(shares, "RESAMPLES", 8)
    monkeypatch.setattr(shares, "explain", functools.partial(shares.explain, trees=8))


def of_the_search(claim):
    return isinstance(claim.checks[0], Share | Less | Protocol)


def status(claim, truth, raced=False):
    return whole(evaluate(world(claim, truth, raced=raced), [claim]))["status"].item()


CASES = [(c, raced) for c in CLAIMS for raced in (False, True) if not (raced and of_the_search(c))]
IDS = [f"{'race' if raced else 'fixed'}: {claim.statement}" for claim, raced in CASES]


@pytest.mark.parametrize(("claim", "raced"), CASES, ids=IDS)
def test_a_claim_holds_where_it_is_true(claim, raced):
    assert status(claim, TRUE, raced) == "holds"


@pytest.mark.parametrize(("claim", "raced"), CASES, ids=IDS)
def test_a_claim_fails_where_it_is_false(claim, raced):
    assert status(claim, FALSE, raced) == "fails"


@pytest.mark.parametrize(("claim", "raced"), CASES, ids=IDS)
def test_a_claim_is_open_where_there_are_two_seeds(claim, raced):
    expected = {"undecided", "not tested"} if of_the_search(claim) else {"undecided"}
    assert status(claim, OPEN, raced) in expected


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.statement)
def test_tasks_are_told_by_types_that_there_are(claim):
    known = {kind.__name__ for kind in TASKS.values()}
    for check in claim.checks:
        if isinstance(check, Pairwise):
            assert {*check.on, *check.not_on} <= known


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.statement)
def test_evidence_and_seeds_are_told_with_every_outcome(claim):
    row = whole(evaluate(world(claim, TRUE), [claim])).iloc[0]
    assert "p < 0.001" in row["evidence"] or "p = 0.0" in row["evidence"]
    assert ", n = " in row["evidence"]
    assert row["grade"] in ("likely", "proven")
    assert row["says"]
