"""Exact facts of memorisation, random permutation, exclusive or, parity, arithmetic and XML."""

import math
import re

import numpy as np
import pytest
from task_cases.case import judged, sampled, sure
from task_cases.symbols import spell, texts

from experiments import (
    Arithmetic,
    CopyMemory,
    Memorisation,
    ModularArithmetic,
    Parity,
    RandomPermutation,
    Xml,
    Xor,
)

pytestmark = pytest.mark.slow

N = 20_000


def even(counts, expected=None):
    """Whether counts of independent draws are as expected (all alike) within 5 standard errors each."""
    counts = np.asarray(counts)
    expected = counts.sum() / counts.size if expected is None else np.asarray(expected)
    return (np.abs(counts - expected) < 5 * np.sqrt(expected)).all()


def share(successes):
    """Mean of independent truths, and the tolerance to give it when 1/2 is expected at most."""
    return np.mean(successes), 4.5 * math.sqrt(1 / 4 / np.size(successes))


# Memorisation.


def test_memorisation_with_the_trigger_before_recall_is_copy_memory_with_another_alphabet():
    ours, theirs = Memorisation(length=7, places=4, values=3), CopyMemory(delay=7, recall=4, alphabet=3)
    a, b = sampled(ours, 3), sampled(theirs, 3)
    renamed = [1, 2, 3, 0, 4]  # our values, blank and trigger among their symbols
    np.testing.assert_array_equal(np.take(renamed, a.inputs.argmax(-1)), b.inputs.argmax(-1))
    np.testing.assert_array_equal(np.take(renamed, a.targets), b.targets)
    assert (ours.steps, ours.inputs, ours.outputs) == (theirs.steps, theirs.inputs, theirs.outputs)
    assert ours.baseline == theirs.baseline


@pytest.mark.parametrize(("trigger", "place"), [("before", 9 - 1), ("on", 9)])
def test_memorisation_has_one_trigger_just_before_recall_or_on_its_first_step(trigger, place):
    batch = sampled(Memorisation(length=6, places=3, values=2, trigger=trigger), 0)
    symbols = batch.inputs.argmax(-1)
    assert (symbols[place] == 3).all()
    assert (np.delete(symbols[3:], place - 3, axis=0) == 2).all()
    assert (batch.targets[:9] == 2).all()
    np.testing.assert_array_equal(batch.targets[9:], symbols[:3])


def test_five_bit_memorisation_has_32_sequences_four_inputs_and_three_outputs():
    task = Memorisation(length=2, places=5, values=2)
    assert (task.inputs, task.outputs) == (4, 3)
    numbers = 2 ** np.arange(5) @ sampled(task, 0, size=N).targets[-5:]
    assert even(np.bincount(numbers, minlength=32))
    assert numbers.max() == 31


@pytest.mark.parametrize("length", [50, 100, 200])
def test_memorisation_lasts_as_long_as_published_and_has_the_published_baselines(length):
    five, twenty = Memorisation(length=length, places=5, values=2), Memorisation(length=length)
    assert (five.steps, twenty.steps) == (length + 10, length + 20)
    assert five.baseline == pytest.approx(5 * math.log(2) / (length + 10))
    assert twenty.baseline == pytest.approx(10 * math.log(5) / (length + 20))


def test_twenty_bit_memorisation_draws_its_five_values_evenly_and_counts_every_symbol_kept():
    task = Memorisation(length=1)
    batch = sampled(task, 0)
    assert even(np.bincount(batch.targets[-10:].ravel(), minlength=5))
    said = batch.targets.copy()
    said[-10:-5] = (said[-10:-5] + 1) % 5  # half of the symbols lost
    measures = judged(task, sure(said, 6), batch)
    assert measures.score == pytest.approx((0.5 - 0.2) / 0.8)
    assert measures.error == 1


# Random permutation.


def test_random_permutation_ends_as_it_began_with_1_or_2_and_only_there():
    batch = sampled(RandomPermutation(length=10), 0, size=2000)
    symbols = 1 + batch.inputs.argmax(-1)
    assert symbols.shape == (9, 2000)  # the tenth is the target
    np.testing.assert_array_equal(1 + batch.targets[0], symbols[0])
    first, tolerance = share(symbols[0] == 1)
    assert first == pytest.approx(1 / 2, abs=tolerance)
    assert set(symbols[0]) == {1, 2}
    counts = np.bincount(symbols[1:].ravel(), minlength=101)
    assert (counts[:3] == 0).all()
    assert even(counts[3:])


def test_random_permutation_is_no_permutation():
    symbols = sampled(RandomPermutation(length=50), 0, size=1000).inputs.argmax(-1)
    different = np.mean([len(set(column)) for column in symbols[1:].T])
    assert different == pytest.approx(98 * (1 - (97 / 98) ** 48), abs=0.5)  # of 48; sd 2.6 a sequence


def test_random_permutation_has_the_published_default_and_a_baseline_that_knows_the_pair():
    task = RandomPermutation()
    assert (task.inputs, task.outputs, task.steps) == (100, 100, 49)
    assert task.baseline == pytest.approx(math.log(2))
    untrained = judged(task, np.zeros((1, 400, 100)), sampled(task, 0))
    assert untrained.loss == pytest.approx(math.log(100), rel=1e-5)


# Exclusive or.


def marks(batch):
    """Length of every sequence, the places of its two marks, from 1, and the bits there."""
    padding = (~batch.mask).sum(0)
    assert (batch.inputs[..., 1].sum(0) == 2).all()
    places = np.argwhere(batch.inputs[..., 1].T == 1)[:, 1].reshape(-1, 2)
    bits = np.take_along_axis(batch.inputs[..., 0].T, places, 1)
    return len(batch.mask) - padding, 1 + places - padding[:, None], bits.astype(int)


def test_xor_marks_one_bit_in_the_first_tenth_and_one_between_there_and_the_middle():
    lengths, places, _ = marks(sampled(Xor(length=50), 0, size=N))
    assert set(lengths) == set(range(50, 56))
    assert even(np.bincount(lengths)[50:])
    for length in set(lengths):
        I, J = places[lengths == length].T
        assert set(I) == set(range(1, length // 10 + 1))
        assert set(J) == set(range(length // 10 + 1, length // 2 + 1))
        assert even(np.bincount(I)[1:])
        assert even(np.bincount(J)[length // 10 + 1 :])


def test_xor_of_one_bit_is_unknown_even_when_the_other_is_known():
    batch = sampled(Xor(length=20), 0, size=N)
    _, _, bits = marks(batch)
    np.testing.assert_array_equal(batch.targets[0], bits[:, 0] != bits[:, 1])
    for known in (bits[:, 0], bits[:, 1], batch.inputs[-1, :, 0], batch.inputs[:, :, 0].sum(0) > 11):
        for value in (0, 1):
            one, tolerance = share(batch.targets[0][known == value])
            assert one == pytest.approx(1 / 2, abs=tolerance)


# Parity.


def test_parity_has_fair_bits_and_even_lengths_that_end_at_the_last_step():
    batch = sampled(Parity(), 0, size=N)
    lengths = batch.mask.sum(0)
    assert batch.mask[-1].all()
    assert even(np.bincount(lengths, minlength=21)[2:])
    assert lengths.min() == 2
    bits = batch.inputs[..., 0]
    assert set(np.unique(bits)) == {-1, 1}
    np.testing.assert_array_equal(batch.targets[0], ((bits == 1) & batch.mask).sum(0) % 2)


def test_parity_says_nothing_to_those_who_miss_a_bit():
    batch = sampled(Parity(length=5, shortest=3), 1, size=N)
    bits = (batch.inputs[..., 0] == 1) & batch.mask
    for missed in range(2, 5):
        known = (batch.targets[0] + bits[missed]) % 2  # parity of the others
        for value in (0, 1):
            odd, tolerance = share(batch.targets[0][known == value])
            assert odd == pytest.approx(1 / 2, abs=tolerance)


@pytest.mark.parametrize("factor", [2, 3, 10])
def test_parity_is_tested_on_lengths_that_were_never_trained_on(factor):
    longer = Parity(length=20, shortest=5).longer(factor)
    assert (longer.shortest, longer.length) == (20 * (factor - 1) + 1, 20 * factor)


# Modular arithmetic.


def test_modular_arithmetic_of_two_digits_has_the_baseline_found_by_hand():
    """x + 0 and x - 0 are uniform and x * 0 is 0; x + y, x - y and x * y are uniform for other y."""
    task = ModularArithmetic(length=3)
    of_zero = 7 / 15 * math.log(15 / 7) + 4 * 2 / 15 * math.log(15 / 2)
    assert task.baseline == pytest.approx((of_zero + 4 * math.log(5)) / 5)
    assert task.naive_accuracy == pytest.approx(19 / 75)


def test_modular_arithmetic_is_worth_less_than_guessing_and_ever_closer_to_it_as_it_gets_longer():
    losses = [ModularArithmetic(length=n, shortest=n).baseline for n in (3, 5, 9, 19, 39)]
    assert losses == sorted(losses)
    assert losses[-1] == pytest.approx(math.log(5), abs=1e-6)
    assert losses[0] < math.log(5) - 0.03


def test_modular_arithmetic_alternates_even_digits_and_operators_over_even_odd_lengths():
    task = ModularArithmetic(length=10, shortest=4)  # 5, 7, 9
    batch = sampled(task, 0, size=6000)
    lengths, symbols = batch.mask.sum(0), batch.inputs.argmax(-1)
    assert task.steps == 9
    assert even(np.bincount(lengths, minlength=10)[5::2])
    assert set(lengths) == {5, 7, 9}
    assert even(np.bincount(symbols[::2][batch.mask[::2]], minlength=5))
    assert even(np.bincount(symbols[1::2][batch.mask[1::2]], minlength=8)[5:])
    assert symbols[::2].max() == 4
    assert symbols[1::2].min() == 5


def test_modular_arithmetic_multiplies_before_it_adds_and_knows_negative_numbers():
    task = ModularArithmetic(length=5, shortest=5)
    batch = sampled(task, 0, size=N)
    answers: dict[str, set] = {}
    for text, answer in zip(texts(task, batch.inputs), batch.targets[0], strict=True):
        answers.setdefault(text, set()).add(int(answer))
    known = {"1+2*3": 2, "1-1-1": 4, "4*3-2": 0, "0-2*3": 4, "2*3+4": 0, "3-4*4": 2}
    assert all(answers[text] == {answer} for text, answer in known.items())


# Arithmetic.


def test_arithmetic_asks_with_letters_anywhere_before_the_equals_sign_and_blanks_after_it():
    task = Arithmetic(digits=2, noise=3)
    batch = sampled(task, 0, size=4000)
    questions = texts(task, batch.inputs)
    assert all(re.fullmatch("[0-9abcd+-]{8}=____", text) for text in questions)
    bare = [re.sub("[a-d]", "", text) for text in questions]
    assert all(re.fullmatch("[0-9]{2}[+-][0-9]{2}=____", text) for text in bare)
    letters = np.array([[c in "abcd" for c in text[:8]] for text in questions])
    assert (letters.sum(1) == 3).all()
    assert letters.mean(0) == pytest.approx(3 / 8, abs=share(letters[:, 0])[1])
    assert even([sum(text.count(c) for text in questions) for c in "abcd"])
    assert even([sum(text.count(c) for text in bare) for c in "0123456789"])
    plus, tolerance = share(["+" in text for text in questions])
    assert plus == pytest.approx(1 / 2, abs=tolerance)


@pytest.mark.parametrize("digits", [1, 3, 6])
def test_arithmetic_is_right_at_every_size(digits):
    task = Arithmetic(digits=digits, noise=2)
    batch = sampled(task, 0)
    said = ["".join(np.array(task.answers)[column]) for column in batch.targets.T]
    for text, answer in zip(texts(task, batch.inputs), said, strict=True):
        a, operator, b = re.fullmatch("([0-9]+)([+-])([0-9]+)=_+", re.sub("[a-d]", "", text)).groups()
        assert len(a) == len(b) == digits
        assert len(answer) == digits + 2
        assert int(answer) == int(a) + int(operator + b)
        assert answer[0] == "-" or int(answer) >= 0


@pytest.mark.parametrize("digits", [1, 2, 4])
def test_arithmetic_is_negative_in_almost_a_quarter_of_cases(digits):
    task = Arithmetic(digits=digits, noise=0)
    negative, tolerance = share(sampled(task, 0, size=N).targets[0] == 11)
    assert negative == pytest.approx((1 - 10.0**-digits) / 4, abs=tolerance)


def test_arithmetic_on_single_digits_has_the_baseline_counted_by_hand():
    """Of 200 questions: 45 are negative; 45 reach ten; the last digit is d in 10 sums, and in 10 - d + d = 10
    differences with borrow, but without: 0 in 10 differences, d in 2 (10 - d)."""
    last = np.array([10 + (10 if d == 0 else 2 * (10 - d)) for d in range(10)]) / 200
    rows = [np.array([45, 155]) / 200, np.array([45, 155]) / 200, last]
    task = Arithmetic(digits=1)
    assert task.baseline == pytest.approx(np.mean([-(p * np.log(p)).sum() for p in rows]))
    assert task.naive_accuracy == pytest.approx(np.mean([155 / 200, 155 / 200, 28 / 200]))


def test_arithmetic_grows_longer_by_letters_alone():
    task = Arithmetic(digits=2, noise=3)
    longer = task.longer(3)
    assert longer.steps == 3 * task.steps
    assert (longer.digits, longer.scored, longer.baseline) == (2, 4, task.baseline)


# XML.


def streams(task, batch):
    return [
        text + task.answers[last]
        for text, last in zip(texts(task, batch.inputs), batch.targets[-1], strict=True)
    ]


def test_xml_is_a_row_of_tags_that_close_the_innermost_and_never_lie_too_deep():
    task = Xml(tags=9, depth=3, name=2, letters=3)
    batch = sampled(task, 0, size=3000)
    depths = np.zeros((10, 3000), int)
    np.testing.assert_array_equal(batch.targets[:-1], batch.inputs[1:].argmax(-1))
    for b, text in enumerate(streams(task, batch)):
        tags = [text[k : k + 5] for k in range(0, 45, 5)]
        stack: list[str] = []
        for k, tag in enumerate(tags):
            if tag[1] == "/":
                assert tag == f"</{stack.pop()}>"
            else:
                assert re.fullmatch("<[abc]{2}>[abc]", tag)
                stack.append(tag[1:3])
            depths[k + 1, b] = len(stack)
    assert depths.max() == 3
    for k, chances in ((2, [1 / 2, 0, 1 / 2, 0]), (3, [0, 3 / 4, 0, 1 / 4]), (4, [3 / 8, 0, 5 / 8, 0])):
        shares = np.bincount(depths[k], minlength=4) / 3000
        assert shares == pytest.approx(chances, abs=4.5 * math.sqrt(1 / 4 / 3000))


def test_xml_has_uniform_letters_in_names_and_text():
    task = Xml(tags=2, depth=2, name=2, letters=5)
    texts_ = [text[:5] for text in streams(task, sampled(task, 0, size=4000))]
    for place in (1, 2, 4):
        assert even([sum(text[place] == letter for text in texts_) for letter in "abcde"])
    assert len({text[1:3] for text in texts_}) == 25


def test_xml_costs_as_much_as_its_free_letters_and_choices():
    """The first tag: two letters. The second: a choice, and letters if it opens. The third opens after a closing
    one, and else must close: 2 + (1 + 2 / 2) + 2 / 2 = 5 bits, over 11 characters."""
    assert Xml(tags=3, depth=2, name=1, letters=2).best == pytest.approx(5 * math.log(2) / 11)


def test_xml_has_the_baseline_counted_by_hand():
    """<x>y</x>: of seven pairs two begin with <, three with a letter (twice > follows, once <), one with > and one
    with a slash."""
    after_open, after_letter = 3 * math.log(2), 2 * math.log(3 / 2) + math.log(3)
    expected = (after_open + after_letter + math.log(2) + math.log(2)) / 7
    assert Xml(tags=2, depth=1, name=1, letters=2).baseline == pytest.approx(expected)


def test_xml_judges_the_letters_of_closing_tags_and_nothing_else():
    task = Xml(tags=5, depth=2, name=2, letters=3)
    batch = sampled(task, 0)
    text = np.array(streams(task, batch))
    closing = np.zeros(batch.targets.shape, bool)
    for b, stream in enumerate(text):
        for match in re.finditer("/([abc]+)", stream):
            closing[match.start(1) - 1 : match.end(1) - 1, b] = True  # the step before says what comes
    right = spell(task, batch.inputs, None)
    elsewhere = np.where(closing[..., None], right, -right)
    assert judged(task, elsewhere, batch)[1:] == pytest.approx((0, 1))
    hidden = right + 90 * (np.arange(6) == 1)  # the end of the tag likelier still than any letter
    assert judged(task, hidden, batch)[1:] == pytest.approx((0, 1))
    b = int(closing.any(0).argmax())
    one = right.copy()
    one[closing[:, b].argmax(), b] *= -1
    measures = judged(task, one, batch)
    assert measures.error == pytest.approx(1 / 400)
    assert 0.99 < measures.score < 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Memorisation(values=1), "values >= 2"),
        (lambda: Memorisation(trigger="after"), "'before' or 'on'; got .*trigger='after'"),
        (lambda: RandomPermutation(length=2), "length >= 3"),
        (lambda: RandomPermutation(alphabet=2), "alphabet >= 3"),
        (lambda: Xor(length=9), "length >= 10 .* got length=9"),
        (lambda: Parity(length=1), r"^Parity needs length >= 2 to need memory; got length=1\.$"),
        (lambda: Parity(shortest=1), "shortest in 2 to length .* got shortest=1, length=20"),
        (lambda: Parity(shortest=21), "shortest in 2 to length"),
        (lambda: ModularArithmetic(length=4, shortest=4), "an odd length in shortest to length"),
        (lambda: ModularArithmetic(shortest=1), "shortest >= 3"),
        (lambda: ModularArithmetic(modulus=1), "modulus >= 2"),
        (lambda: Arithmetic(digits=7), "digits in 1 to 6"),
        (lambda: Arithmetic(noise=-1), "noise >= 0"),
        (lambda: Xml(depth=0), "depth >= 1"),
        (lambda: Xml(letters=27), "letters in 2 to 26"),
    ],
)
def test_a_task_that_can_not_exist_says_what_it_needs(make, message):
    with pytest.raises(ValueError, match=message):
        make()
