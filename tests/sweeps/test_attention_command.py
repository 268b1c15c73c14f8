"""`lstm-variants train --attend --attention FILE`: where a network looks."""

import csv
from collections import defaultdict

import jax
import numpy as np
import pytest

from experiments import Adam, Adding, AssociativeRecall, ModularArithmetic, SpecError, Trial
from experiments.attending import Looked, looked_at
from experiments.streams import stream
from lstm_variants import GRU, Layers
from sweeps import cli
from sweeps.commands.attention_figure import figure, lines

pytestmark = pytest.mark.slow


def run(capsys, *arguments):
    code = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def looked(task, count=3):
    """As if all steps had looked at all steps alike."""
    batch = jax.tree.map(np.asarray, jax.jit(lambda key: task.sample(key, count))(stream(0, "test")))
    T = task.steps
    there = np.ones((T, count), bool) if batch.mask is None else batch.mask
    allowed = np.tril(there.T[:, None, :] & there.T[:, :, None])
    return Looked(allowed / np.maximum(allowed.sum(-1, keepdims=True), 1), batch, 0.5)


def test_a_network_that_attends_is_trained_and_drawn_and_again_alike(capsys, tmp_path):
    asked = ["--cell", "rnn", "--task", "parity", "--length", 6, "--hidden", 3, "--steps", 4]
    small = ["--set", "validation_batches=1", "--set", "test_batches=1", "--results", tmp_path]
    code, out = run(capsys, "train", *asked, *small, "--attend", "--attention", tmp_path / "look.png")
    assert code == 0
    assert '"attend":true' in out
    assert (tmp_path / "look.png").read_bytes().startswith(b"\x89PNG")
    with open(tmp_path / "look.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    sums = defaultdict(float)
    for row in rows:
        assert int(row["at"]) <= int(row["step"])
        sums[row["sequence"], row["step"]] += float(row["weight"])
    assert {name for name, _ in sums} == set("01")
    np.testing.assert_allclose(list(sums.values()), 1, atol=1e-4)  # six digits each

    (path,) = (tmp_path / "single" / "figures").glob("rnn-parity-*.png")
    again = [
        "--again",
        path.stem.rpartition("-")[2],
        "--attention",
        tmp_path / "again.svg",
        "--results",
        tmp_path,
    ]
    code, out = run(capsys, "train", *again)
    assert (code, "Identical to" in out) == (0, True), out
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "look.csv").read_bytes()
    assert "<svg" in (tmp_path / "again.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--attention", "look.png"], "this one has no attention. Train one with --attend"),
        (["--attend", "--attention", "look.pdf"], "ends in .png or .svg; got 'look.pdf'"),
        (["--attend", "--attention", "nowhere/look.png"], "There is no folder"),
        (["--attend", "--layers", "0"], "layers >= 1"),
    ],
)
def test_what_can_not_be_drawn_is_refused_before_anything_runs(
    capsys, tmp_path, monkeypatch, arguments, message
):
    monkeypatch.chdir(tmp_path)
    code, out = run(capsys, "train", "--cell", "gru", "--task", "adding", *arguments)
    assert (code, message in out) == (2, True), out
    assert list(tmp_path.rglob("*.*")) == []


def test_a_network_without_attention_is_not_looked_at():
    trial = Trial(cell=Layers(cell=GRU()), task=Adding(), optimizer=Adam(learning_rate=0.01), seed=0)
    with pytest.raises(SpecError, match=r"its cell is Layers\(cell=..., attend=True\); got Layers"):
        looked_at(trial, np.zeros(3))


def panels_of(task, count=3):
    made = figure(looked(task, count), task, "title")
    return [axes for axes in made.axes if axes.images]


def test_the_picture_names_the_steps_and_marks_what_is_judged():
    task = AssociativeRecall(pairs=2)
    first = panels_of(task)[0]
    names = [label.get_text() for label in first.get_xticklabels()]
    assert len(names) == task.steps
    assert names[0] in task.symbols[:26]
    assert names[-3:-1] == ["?", "?"]
    assert names[-1] in names[:4:2]
    (answer,) = (text.get_text() for text in first.texts)
    assert answer == names[names.index(names[-1]) + 1]  # the digit behind the letter that is asked for
    shown = first.images[0].get_array()
    assert np.array_equal(shown.mask, np.triu(np.ones(shown.shape, bool), 1))


def test_padding_is_left_out_and_numbers_stand_for_steps_without_symbols():
    task = ModularArithmetic(length=9)
    made = looked(task, 3)
    sizes = [axes.images[0].get_array().shape[0] for axes in panels_of(task)]
    assert sizes == made.batch.mask.sum(0).tolist()
    assert min(sizes) < task.steps
    assert len(lines(made)) == sum(size * (size + 1) // 2 for size in sizes)
    (panel,) = panels_of(Adding(length=9), 1)
    assert all(label.get_text().replace("\N{MINUS SIGN}", "").isdigit() for label in panel.get_xticklabels())
