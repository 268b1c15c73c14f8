"""The order of selection: that of the sweep, whatever ties or is missing."""

import numpy as np
import pandas as pd
import pytest

from analysis.statistics.search.at_parameters import scores_at_parameters
from analysis.statistics.search.order import KEYS, best_first, keys
from sweeps.plan import rank


@pytest.fixture
def trials():
    """Rows that tie on score, loss or both, that lack them, and that did not finish."""
    generator = np.random.default_rng(4)
    n = 300
    frame = pd.DataFrame(
        {
            "trial_id": [f"{i:03x}" for i in generator.permutation(n)],
            "status": generator.choice(["finished", "diverged", "failed"], n, p=[0.7, 0.2, 0.1]),
            "valid_score": generator.choice([0.1, 0.5, 0.9, np.nan], n),
            "valid_loss": generator.choice([0.2, 0.3, np.nan], n),
        },
        index=generator.permutation(n),
    )
    assert frame.duplicated(["status", "valid_score", "valid_loss"]).any()
    return frame


def test_analysis_orders_the_trials_of_a_search_as_the_sweep_does(trials):
    rows = trials.to_dict("records")
    assert list(best_first(trials)["trial_id"]) == [row["trial_id"] for row in sorted(rows, key=rank)]


def test_trials_are_ordered_by_their_keys_alone_but_for_ties(trials):
    ordered = keys(best_first(trials))
    pd.testing.assert_frame_equal(ordered, ordered.sort_values(KEYS, ascending=False, kind="stable"))
    assert list(ordered.index) == list(best_first(trials).index)


def test_small_searches_break_ties_on_validation_by_the_loss():
    """Of two trials of equal score the one of lower loss is selected, and its test score counts."""
    rows = [
        {
            **{
                "trial_id": f"{cell}{i}",
                "task": "t",
                "cell": cell,
                "seed": i,
                "status": "finished",
                "solved": False,
            },
            **{"valid_score": 0.9, "valid_loss": loss, "test_score": test, "test_sequences": 512},
            "parameters": size,
        }
        for cell, size in (("a", 100), ("b", 100))
        for i, (loss, test) in enumerate([(0.3, 0.1), (0.2, 0.8)] * 8)
    ]
    search = pd.DataFrame(rows)
    found = scores_at_parameters(search, search.iloc[:0])
    assert found["trials_per_value"].eq(2).all()
    assert found["score"].eq(0.8).all()
