"""Exact facts of the lead and of noisy frames."""

import math

import numpy as np
import pytest
from task_cases.case import judged, sampled, sure
from task_cases.framewise import filter_forwards

from experiments import Lead, NoisyFrames
from experiments.tasks.noisy_frames import best_loss

pytestmark = pytest.mark.slow

N = 10_000


def test_the_first_vote_is_fair_and_runs_have_the_declared_length():
    votes = sampled(Lead(length=30, run=5), 0, size=N).inputs.argmax(-1)
    assert votes[0].mean() == pytest.approx(0.5, abs=5 * math.sqrt(0.25 / N))
    changes = np.diff(votes, axis=0) != 0
    assert changes.mean() == pytest.approx(1 / 5, abs=5 * math.sqrt(0.2 * 0.8 / changes.size))


def test_the_difference_of_votes_grows_as_the_docstring_says():
    batch = sampled(Lead(), 1, size=N)
    difference = batch.inputs.sum(0) @ [1, -1]
    assert math.sqrt((difference**2.0).mean()) == pytest.approx(math.sqrt(100 * 7), rel=0.05)


def test_a_counter_that_ends_at_ten_is_right_at_most_steps_and_at_half_of_the_close_ones():
    task = Lead()
    batch = sampled(task, 2, size=N)
    count, said = np.zeros(N), []
    for vote in batch.inputs @ [1, -1]:
        count = np.clip(count + vote, -10, 10)
        said.append(1 - np.sign(count).astype(int))
    said = np.array(said)
    assert (said == batch.targets).mean() > 0.8
    assert 0.45 < judged(task, sure(said, 3), batch).score < 0.65


def test_votes_that_are_independent_lead_as_often_as_a_fair_coin_does():
    """After two votes: ahead or behind with chance 1/4 each."""
    batch = sampled(Lead(length=2, run=2), 3, size=N)
    shares = np.bincount(batch.targets[1], minlength=3) / N
    np.testing.assert_allclose(shares, [0.25, 0.5, 0.25], atol=5 * math.sqrt(0.25 / N))
    assert Lead(length=2, run=2).close == pytest.approx(1.5)


@pytest.mark.parametrize("fields", [{"length": 1}, {"run": 1}])
def test_a_lead_without_anything_to_count_is_refused(fields):
    with pytest.raises(ValueError, match="Lead needs length >= 2 and run >= 2"):
        Lead(**fields)


def test_features_change_at_their_own_rates_and_frames_carry_the_declared_noise():
    task = NoisyFrames(length=20, durations=(2, 5, 40))
    batch = sampled(task, 4, size=N)
    changes = (np.diff(batch.targets, axis=0) != 0).mean((0, 1))
    for rate, d in zip(changes, task.durations, strict=True):
        assert rate == pytest.approx(1 / d, abs=5 * math.sqrt((1 - 1 / d) / d / (19 * N)))
    static = batch.inputs[..., -1] == 1
    assert static.mean() == pytest.approx(0.5, abs=5 * math.sqrt(0.25 / static.size))
    noise = batch.inputs[..., :-1] - (2 * batch.targets - 1)
    assert noise[~static].std() == pytest.approx(1.0, rel=0.01)
    assert noise[static].std() == pytest.approx(4.0, rel=0.01)
    assert abs(noise.mean()) < 0.02


def test_where_a_feature_is_drawn_afresh_every_frame_the_past_is_worth_nothing():
    naive, best = best_loss(30, 2)
    assert best == pytest.approx(naive, abs=1e-9)


def test_two_frames_of_a_feature_that_never_changes_are_worth_their_sum():
    """The log odds are Gaussian with mean and half the variance 2 / noise², added up over the frames."""
    z = np.linspace(-12, 12, 20_001)
    weights = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()

    def cost(mean):
        return float(np.logaddexp(0, -(mean + math.sqrt(2 * mean) * z)) @ weights)

    one = [cost(m) for m in (2.0, 0.125)]
    two = [cost(m) for m in (4.0, 2.125, 2.125, 0.25)]
    naive, best = best_loss(2, 10**9)
    assert naive == pytest.approx(np.mean(one), abs=1e-7)
    assert best == pytest.approx((np.mean(one) + np.mean(two)) / 2, abs=1e-7)


def test_who_trusts_static_frames_as_much_as_others_does_worse_than_the_naive_predictor():
    task = NoisyFrames()
    batch = sampled(task, 5)
    deaf = np.array(batch.inputs)
    deaf[..., -1] = 0
    assert judged(task, filter_forwards(task, deaf, None), batch).score < 0


@pytest.mark.parametrize("fields", [{"length": 1}, {"durations": ()}, {"durations": (4, 1)}])
def test_frames_without_a_past_are_refused(fields):
    with pytest.raises(ValueError, match="NoisyFrames needs length >= 2"):
        NoisyFrames(**fields)
