"""Exact facts of associative recall, MQAR, selective copying, induction heads, early mention and digits."""

import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits
from task_cases.case import SIZE, judged, sampled, sure

from experiments import AssociativeRecall, Digits, EarlyMention, InductionHeads, Mqar, SelectiveCopying
from experiments.tasks.contract import part
from experiments.tasks.digits import ORDER, images

pytestmark = pytest.mark.slow

N = 10_000


def near(shares, p, n):
    """Whether observed shares are within 4.5 standard errors of probabilities, over n draws."""
    p = np.asarray(p)
    return (np.abs(shares - p) <= 4.5 * np.sqrt(p * (1 - p) / n) + 1e-9).all()


def shares(values, count):
    return np.bincount(np.asarray(values).ravel(), minlength=count) / np.size(values)


# Associative recall.


def test_associative_recall_draws_different_letters_and_independent_digits_and_asks_for_any():
    task = AssociativeRecall()
    batch = sampled(task, 0, size=N)
    text = batch.inputs.argmax(-1)
    assert text.shape == (11, N)  # as in "c9k8j3f1??c"
    keys, values = text[:8:2], text[1:8:2] - 26
    assert (text[8:10] == 36).all()
    assert all((keys[i] != keys[j]).all() for i in range(4) for j in range(i))
    assert all(near(shares(keys[i], 26), np.full(26, 1 / 26), N) for i in range(4))
    pairs_of_values = shares(10 * values[0] + values[1], 100)
    assert near(pairs_of_values, np.full(100, 0.01), N)
    asked = (keys == text[-1]).argmax(0)
    assert near(shares(asked, 4), np.full(4, 0.25), N)
    np.testing.assert_array_equal(values[asked, np.arange(N)], batch.targets[0])


def test_any_value_of_the_text_scores_one_in_pairs_in_associative_recall():
    batch = sampled(AssociativeRecall(), 1, size=N)
    values = batch.inputs.argmax(-1)[1:8:2] - 26
    # By luck in 1 of 10 otherwise: a score of (0.325 - 0.1) / 0.9 = 1/4.
    assert near((values[2] == batch.targets[0]).mean(), 0.325, N)
    loss = -np.log((values == batch.targets[0]).mean(0))
    assert loss.mean() == pytest.approx(1.187, abs=0.0005 + 4.5 * loss.std() / math.sqrt(N))


# MQAR.


@pytest.mark.parametrize("random_filler", [False, True])
def test_mqar_is_built_as_in_zoology(random_filler):
    N, D, V = 64, 4, 64
    task = Mqar(length=N, pairs=D, vocabulary=V, random_filler=random_filler)
    batch = sampled(task, 0, size=2000)
    text, counts = batch.inputs.argmax(-1), batch.counts
    keys, values = text[: 2 * D : 2], text[1 : 2 * D : 2]
    assert set(keys.ravel()) == set(range(1, V // 2))
    assert set(values.ravel()) == set(range(V // 2, V))
    assert all((np.diff(np.sort(a, 0), axis=0) > 0).all() for a in (keys, values))  # all different
    assert near(shares(values, V)[V // 2 :], np.full(V // 2, 2 / V), values.size)
    assert (counts.sum(0) == D).all()
    assert not counts[1::2].any()
    rest = text[2 * D :]
    queries = rest.T[counts.T].reshape(-1, D)
    np.testing.assert_array_equal(np.sort(queries, 1), np.sort(keys.T, 1))  # every key, once
    of = (queries[:, :, None] == keys.T[:, None, :]).argmax(-1)
    np.testing.assert_array_equal(
        np.take_along_axis(values.T, of, 1), batch.targets.T[counts.T].reshape(-1, D)
    )
    filler = rest[~counts]
    if random_filler:
        assert near(shares(filler, V), np.full(V, 1 / V), filler.size)
    else:
        assert (filler == 0).all()


def test_a_random_token_that_happens_to_be_a_key_is_no_query_and_not_judged():
    task = Mqar(length=64, pairs=4, vocabulary=16, random_filler=True)
    batch = sampled(task, 0)
    text = batch.inputs.argmax(-1)
    known = (text[8:, None] == text[:8:2]).any(1)
    expected = (56 - 4) * 4 / 16
    spread = math.sqrt((56 - 4) * 0.25 * 0.75 / SIZE)
    assert (known & ~batch.counts).sum(0).mean() == pytest.approx(expected, abs=4.5 * spread)
    outputs = sure(np.where(batch.counts, batch.targets, 0), 16)
    assert judged(task, outputs, batch).error == 0.0


def test_gaps_of_mqar_follow_the_power_law_without_replacement():
    batch = sampled(Mqar(length=24, pairs=2, vocabulary=8), 0, size=N)
    text = batch.inputs.argmax(-1)
    gaps = ((text[4:, None] == text[:4:2]) & batch.counts[:, None]).argmax(0)
    assert (gaps % 2 == 0).all()
    first, second = gaps // 2
    p = np.arange(1, 11) ** (0.01 - 1)
    p /= p.sum()
    assert near(shares(first, 10), p, N)
    both = p[:, None] * p / (1 - p)[:, None]
    np.fill_diagonal(both, 0.0)
    assert both.sum() == pytest.approx(1.0)
    assert near(shares(10 * first + second, 100), both.ravel(), N)


@pytest.mark.parametrize(("length", "pairs"), [(64, 4), (128, 8), (256, 16), (512, 64)])
def test_mqar_exists_in_the_published_sizes(length, pairs):
    task = Mqar(length=length, pairs=pairs, vocabulary=8192)
    assert (task.steps, task.scored) == (length, length - 2 * pairs)
    assert task.baseline == pytest.approx(math.log(4096))


def test_mqar_finds_places_for_all_queries_even_where_there_is_just_enough_room():
    batch = sampled(Mqar(length=16, pairs=4, vocabulary=10), 0)
    assert batch.counts[::2].all()


def test_the_score_of_mqar_is_the_accuracy_per_query_and_one_miss_makes_a_sequence_wrong():
    task = Mqar(length=16, pairs=4, vocabulary=16)
    batch = sampled(task, 0)
    answers = batch.targets.copy()
    answers[0] = 0  # with just enough room the first place is always a query
    error, score = judged(task, sure(answers, 16), batch)[1:]
    assert error == 1.0
    assert score == pytest.approx((3 / 4 - 1 / 8) / (1 - 1 / 8), abs=1e-6)


def test_any_value_of_the_text_is_right_once_in_pairs_in_mqar():
    task = Mqar()
    batch = sampled(task, 2)
    text = batch.inputs.argmax(-1)
    outputs = sure(np.broadcast_to(text[5], batch.targets.shape), 64)
    assert judged(task, outputs, batch).score == pytest.approx(0.226, abs=5e-4)


# Selective copying.


def test_selective_copying_has_its_data_anywhere_in_the_noise_and_in_order_at_the_end():
    task = SelectiveCopying(length=20, tokens=4)
    batch = sampled(task, 0, size=N)
    text = batch.inputs.argmax(-1)
    assert task.inputs == 16
    assert (text[20:] == 15).all()
    data = text[:20] < 14
    assert (text[:20][~data] == 14).all()
    assert (data.sum(0) == 4).all()
    assert near(data.mean(1), np.full(20, 4 / 20), N)
    assert near((data[:-1] & data[1:]).mean(1), np.full(19, 4 / 20 * 3 / 19), N)
    assert near(shares(batch.targets, 14), np.full(14, 1 / 14), 4 * N)
    np.testing.assert_array_equal(text[:20].T[data.T].reshape(N, 4), batch.targets.T)


@pytest.mark.parametrize(("length", "tokens"), [(4096, 16), (256, 16)])  # Mamba; MAD
def test_selective_copying_exists_in_the_published_sizes(length, tokens):
    task = SelectiveCopying(length=length, tokens=tokens)
    assert (task.inputs, task.steps, task.scored) == (16, length + tokens, tokens)
    assert task.baseline == pytest.approx(2.639, abs=5e-4)


def test_one_symbol_of_selective_copying_is_worth_its_share_of_the_score():
    task = SelectiveCopying(length=12, tokens=4)
    batch = sampled(task, 0)
    answers = batch.targets.copy()
    answers[1:] = (answers[1:] + 1) % 14
    error, score = judged(task, sure(answers, 14), batch)[1:]
    assert error == 1.0
    assert score == pytest.approx((1 / 4 - 1 / 14) / (1 - 1 / 14), abs=1e-6)


# Induction heads.


def test_induction_heads_have_the_special_token_once_anywhere_and_at_the_end():
    batch = sampled(InductionHeads(length=12), 0, size=N)
    text = batch.inputs.argmax(-1)
    special = text == 15
    assert (special.sum(0) == 2).all()
    assert special[-1].all()
    assert near(special[:-1].mean(1), [1 / 10] * 10 + [0], N)
    place = special.argmax(0)
    np.testing.assert_array_equal(text[place + 1, np.arange(N)], batch.targets[0])
    ordinary = text[~special]
    assert near(shares(ordinary, 15), np.full(15, 1 / 15), ordinary.size)


def test_a_token_from_anywhere_scores_next_to_nothing_in_induction_heads():
    batch = sampled(InductionHeads(length=12), 0, size=N)
    text = batch.inputs.argmax(-1)
    ordinary = text.T[text.T != 15].reshape(N, 10)
    right = (ordinary == batch.targets[0][:, None]).mean(1)
    expected = 1 / 15 + 14 / 15 / 10  # a score of 1 / (T - 2)
    assert right.mean() == pytest.approx(expected, abs=4.5 * right.std() / math.sqrt(N))


def test_induction_heads_are_tested_far_beyond_the_published_length_of_training():
    task = InductionHeads(length=256)
    assert task.longer(2**12).steps == 2**20
    assert task.baseline == pytest.approx(math.log(15))


# Early mention.

OPENINGS = {"I grew up in", "I was born in", "my parents raised me in"}
OTHERS = {"my friend comes from", "my aunt lives in", "we once travelled to", "our car was from"}


def texts(task, seed, size):
    batch = sampled(task, seed, size=size)
    words = np.array(task.symbols)[batch.inputs.argmax(-1)]
    return [list(words[batch.mask[:, b], b]) for b in range(size)], batch


def parsed(task, text):
    """Beginnings of the sentences that name a country, and the countries."""
    named = [t for t, word in enumerate(text) if word in task.symbols[: task.countries]]
    begins = [max([0, *(s + 1 for s in range(t) if text[s] == ".")]) for t in named]
    return [" ".join(text[b:t]) for b, t in zip(begins, named, strict=True)], named


@pytest.mark.parametrize(
    ("distance", "distractors", "vary"),
    [(30, 2, 2), (10, 1, 0), (11, 0, 1), (12, 1, 0), (13, 1, 0), (20, 1, 1), (33, 4, 0), (4, 0, 0)],
)
def test_early_mention_is_as_early_as_told_less_the_sentences_left_out(distance, distractors, vary):
    task = EarlyMention(distance=distance, distractors=distractors, vary=vary)
    some, batch = texts(task, 0, SIZE)
    openings, others, leads, apart = set(), set(), 0, []
    for text, answer in zip(some, batch.targets[0], strict=True):
        assert text[-3:] == ["I", "speak", "fluent"]
        beginnings, places = parsed(task, text)
        (mention,) = (k for k, b in enumerate(beginnings) if b in OPENINGS)
        assert mention in (0, 1)
        assert len(beginnings) == distractors + 1 + mention
        apart.append(len(text) - 1 - places[mention])
        assert text[places[mention]] == task.symbols[answer]
        openings.add(beginnings[mention])
        others |= set(beginnings) - OPENINGS
        leads += mention
    assert openings == OPENINGS
    left_out = [apart.count(distance - 6 * j) / SIZE for j in range(vary + 1)]
    assert near(np.array(left_out), np.full(vary + 1, 1 / (vary + 1)), SIZE)
    assert sum(left_out) == pytest.approx(1)
    assert others == (OTHERS if distractors else set())
    assert leads == 0 if distractors == 0 else near(leads / SIZE, 0.5, SIZE)


def test_only_the_country_of_the_opening_tells_the_language():
    task = EarlyMention()
    size = 4000
    some, batch = texts(task, 1, size)
    places = [parsed(task, text)[1] for text in some]
    answers = batch.targets[0]
    known = list(zip(some, places, answers, strict=True))
    first, last = (np.mean([text[p[k]] == task.symbols[a] for text, p, a in known]) for k in (0, -1))
    assert near(last, 1 / 8, size)
    assert near(first, 1 / 2 + 1 / 16, size)
    named = [np.mean([text[t] == task.symbols[a] for t in p]) for text, p, a in known]
    expected = 1 / 8 + 7 / 8 * (1 / 3 + 1 / 4) / 2
    assert np.mean(named) == pytest.approx(expected, abs=4.5 * np.std(named) / math.sqrt(size))
    assert near(shares(answers, 8), np.full(8, 1 / 8), size)


def test_distractors_may_stand_anywhere_among_the_sentences():
    task = EarlyMention(distance=4 + 6 * 5, distractors=2, vary=0)
    batch = sampled(task, 0, size=4000)
    named = batch.inputs[..., :8].any(-1)[-34:]  # after the opening
    assert near(named[:30].reshape(5, 6, -1).any(1).mean(1), np.full(5, 2 / 5), 4000)


def test_there_are_twenty_countries_with_different_languages_and_short_names():
    task = EarlyMention(countries=20)
    assert len(set(task.answers)) == len(set(task.symbols[:20])) == 20
    assert dict(zip(task.symbols, task.answers, strict=False))["France"] == "French"
    assert len(set(task.symbols)) == len(task.symbols)
    assert all(" " not in word for word in task.symbols)


# Digits.


def test_every_image_of_scikit_learn_is_in_one_part_with_its_class():
    pixels, classes = load_digits(return_X_y=True)
    known = {tuple(x): c for x, c in zip(pixels, classes, strict=True)}
    found = {}
    for name, size in (("train", 1097), ("validation", 300), ("test", 400)):
        xs, ys = images(name)
        assert xs.shape == (size, 64)
        assert xs.dtype == np.float32
        here = {tuple(16.0 * x): y for x, y in zip(xs.astype(float), ys, strict=True)}
        assert len(here) == size
        assert not here.keys() & found.keys()
        assert np.abs(np.bincount(ys) - size * np.bincount(classes) / 1797).max() <= 1
        found |= here
    assert found == known


def test_the_parts_and_the_order_of_the_pixels_stay_what_they_are():
    np.testing.assert_array_equal(ORDER[:8], [16, 36, 27, 8, 44, 23, 53, 4])
    assert sorted(ORDER) == list(range(64))
    sums = [int(16 * images(name)[0].sum(dtype=float)) for name in ("train", "validation", "test")]
    assert sums == [342654, 94231, 124833]


def test_the_pixels_come_row_by_row_or_in_one_other_order():
    plain, permuted = sampled(Digits(), 0), sampled(Digits(permuted=True, blank=4), 0)
    np.testing.assert_array_equal(plain.targets, permuted.targets)
    np.testing.assert_array_equal(plain.inputs[:64][ORDER], permuted.inputs[:64])
    assert (plain.inputs[64:] == 0).all()
    assert (permuted.inputs[64:] == 0).all()
    assert permuted.inputs.shape == (68, SIZE, 1)
    assert plain.inputs.min() == 0.0
    assert plain.inputs.max() == 1.0
    ((first,),) = (np.flatnonzero((images("train")[0] == plain.inputs[:64, 0, 0]).all(1)),)
    assert images("train")[1][first] == plain.targets[0, 0]


@pytest.mark.parametrize("name", ["train", "validation", "test"])
def test_a_batch_of_digits_holds_images_of_its_part_alone_and_all_as_often(name):
    task = part(Digits(), name)
    assert task == Digits(part=name)
    pixels, classes = images(name)
    row = {tuple(x): i for i, x in enumerate(pixels)}
    batch = sampled(task, 0, size=N)
    chosen = [row[tuple(x)] for x in batch.inputs[:64, :, 0].T]
    assert near(shares(chosen, len(pixels)), np.full(len(pixels), 1 / len(pixels)), N)
    np.testing.assert_array_equal(classes[chosen], batch.targets[0])


@pytest.mark.parametrize("name", ["train", "validation", "test"])
def test_the_baseline_of_digits_is_the_entropy_of_the_classes_of_its_part(name):
    task = Digits(part=name)
    p = np.bincount(images(name)[1]) / len(images(name)[1])
    assert task.baseline == pytest.approx(float((p * np.log(1 / p)).sum()))
    assert task.baseline == pytest.approx(2.302, abs=1e-3)
    batch = sampled(task, 0)
    right = (batch.targets == p.argmax()).mean()
    score = judged(task, np.broadcast_to(p, (1, SIZE, 10)), batch).score
    assert score == pytest.approx((right - p.max()) / (1 - p.max()), abs=1e-6)


def test_longer_digits_are_longer_by_blank_steps_to_the_step():
    assert Digits().longer(3).steps == 3 * 65
    assert Digits(blank=36).longer(2).steps == 200


def test_the_images_are_not_read_before_they_are_needed():
    code = "import sys, experiments; sys.exit(any(m.startswith('sklearn') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0


# What cannot exist.


@pytest.mark.parametrize(
    ("task", "bad", "message"),
    [
        (AssociativeRecall(), {"pairs": 27}, "pairs <= keys"),
        (AssociativeRecall(), {"pairs": 0}, "1 <= pairs"),
        (AssociativeRecall(), {"keys": 27}, "keys <= 26"),
        (AssociativeRecall(), {"values": 11}, "values <= 10"),
        (AssociativeRecall(), {"marks": 0}, "marks >= 1"),
        (Mqar(), {"pairs": 17}, "length >= 4D"),
        (Mqar(), {"pairs": 0}, "pairs D >= 1"),
        (Mqar(), {"vocabulary": 63}, "even vocabulary"),
        (Mqar(), {"vocabulary": 8}, "2D \\+ 2"),
        (SelectiveCopying(), {"tokens": 65}, "tokens <= length"),
        (SelectiveCopying(), {"alphabet": 1}, "alphabet >= 2"),
        (InductionHeads(), {"length": 2}, "length >= 3"),
        (InductionHeads(), {"vocabulary": 2}, "vocabulary >= 3"),
        (EarlyMention(), {"countries": 21}, "countries <= 20"),
        (EarlyMention(), {"distance": 15}, "distance >= 4 \\+ 6 \\(distractors \\+ vary\\)"),
        (EarlyMention(), {"distractors": -1}, "distractors >= 0"),
        (Digits(), {"blank": 0}, "blank >= 1"),
        (Digits(), {"part": "training"}, "part='training'"),
    ],
)
def test_a_recall_task_that_can_not_exist_says_what_it_needs(task, bad, message):
    with pytest.raises(ValueError, match=message):
        replace(task, **bad)


def test_longer_texts_lead_to_the_question_with_the_same_words():
    task = EarlyMention(distance=20, distractors=1, vary=1)
    for factor in (2, 3, 5):
        far = task.longer(factor)
        assert far.distance >= factor * 20
        assert (far.distance - 20) % 6 == 0


def test_the_marker_of_selective_copying_stands_once_or_at_every_recalled_symbol():
    held, once = SelectiveCopying(length=12, tokens=4), SelectiveCopying(length=12, tokens=4, held=False)
    a, b = sampled(held, 0), sampled(once, 0)
    np.testing.assert_array_equal(a.targets, b.targets)
    np.testing.assert_array_equal(a.inputs[:13], b.inputs[:13])
    assert (a.inputs[12:].argmax(-1) == 15).all()
    assert (b.inputs[13:].argmax(-1) == 14).all()
    assert SelectiveCopying(length=239, tokens=16, held=False).steps == 256  # of MAD
