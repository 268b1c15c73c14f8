"""What is compared where a trial is made again, and when it is the same."""

import math

from sweeps.same import differing, given
from sweeps.store import schema


def test_what_a_trial_gave_is_compared_and_not_what_it_is_nor_how_long_it_took():
    names = given([*schema.TRIAL_COLUMNS, *schema.CURVE_COLUMNS, "test_score_x2", "optimizer.clip"])
    assert {"status", "steps_done", "solved", "train_loss", "gradient_norm", "test_score_x2"} < set(names)
    assert not {"seed", "test_sequences", "optimizer.clip", *schema.INCIDENTAL} & set(names)
    assert len(names) == len(set(names))


def test_nan_is_nan_and_a_column_that_is_not_there_is_null():
    then = {"test_loss": math.nan, "test_score": None, "valid_loss": 1.0, "valid_error": math.nan, "x": 1}
    now = {"test_loss": math.nan, "valid_loss": 1.5, "valid_error": 0.0, "x": 2}
    found = differing(then, now, given(then))
    assert list(found) == ["valid_loss", "valid_error"]
    assert found["valid_loss"] == (1.0, 1.5)
