"""What is printed is what its name says, with the digits that it needs; where nothing can be said, it says why."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_ind
from stores import study, write_store

from analysis.words import between, digits, further, signed
from sweeps import cli

pytestmark = pytest.mark.slow

# R's data set sleep: extra hours of sleep with two drugs.
FIRST = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def rows(task="t", measure="score", **cells):
    return pd.DataFrame(
        [(cell, task, seed, x) for cell, values in cells.items() for seed, x in enumerate(values)],
        columns=["cell", "task", "seed", measure],
    )


@pytest.fixture
def told(tmp_path, capsys):
    """Runs the command on a frame: what it prints, the notes, and the JSON object."""

    def told(frame, margin, *arguments):
        path = tmp_path / "runs.csv"
        frame.to_csv(path, index=False)
        common = ["verdicts", str(path), "--measure", frame.columns[-1], "--margin", str(margin), *arguments]
        assert cli.main(common) == 0
        shown = capsys.readouterr()
        assert cli.main([*common, "--json"]) == 0
        return shown.out, shown.err, json.loads(capsys.readouterr().out)

    return told


# ------------------------------------------------------------------ Welch's own test


def test_welchs_own_numbers_stand_beside_the_widened_ones_as_r_has_them(told):
    out, _, found = told(rows("sleep", "extra", g1=FIRST, g2=SECOND), 4)
    (row,) = found["verdicts"]
    assert (row["welch_t"], row["welch_df"]) == (
        pytest.approx(-1.8608, abs=5e-5),
        pytest.approx(17.776, abs=5e-4),
    )
    assert row["welch_p"] == pytest.approx(0.07939, abs=5e-6)
    assert (round(row["welch_low"], 2), round(row["welch_high"], 2)) == (-3.05, -0.11)
    assert row["welch_tost_p"] == pytest.approx(0.0054, abs=5e-5)
    assert row["p_difference"] > row["welch_p"]
    assert row["low"] < row["welch_low"] < row["welch_high"] < row["high"]
    (own,) = [line.split() for line in out.splitlines() if "−1.861" in line]
    assert own == [
        "sleep",
        "g1",
        "g2",
        "−1.861",
        "17.8",
        "0.079",
        "−3.05",
        "to",
        "−0.11",
        "0.005",
        "1.789",
        "2.002",
    ]
    assert "90% interval" in out
    assert "widened near the bounds for skewness" in out


@pytest.mark.parametrize("seed", range(4))
def test_welchs_own_numbers_are_those_of_scipy_and_statsmodels(seed, told):
    generator = np.random.default_rng(seed)
    a, b = generator.normal(0, 1, 5 + seed), generator.normal(0.5 * seed, 3, 12 - seed)
    _, _, found = told(rows(a=a, b=b), 1.5, "--alpha", "0.1")
    (row,) = found["verdicts"]
    theirs = stats.ttest_ind(a, b, equal_var=False)
    interval = theirs.confidence_interval(0.8)
    ours = [row[f"welch_{name}"] for name in ("t", "df", "p", "low", "high", "tost_p")]
    tost = ttost_ind(a, b, -1.5, 1.5, usevar="unequal")[0]
    assert ours == pytest.approx([theirs.statistic, theirs.df, theirs.pvalue, *interval, tost], rel=1e-8)
    assert (row["sd_a"], row["sd_b"]) == pytest.approx((a.std(ddof=1), b.std(ddof=1)))


def test_where_nothing_varies_or_there_is_one_seed_welchs_test_says_nothing(told):
    for b in ([0.5, 0.5, 0.5], [0.7]):
        _, _, found = told(rows(a=[0.5, 0.5, 0.5], b=b), 0.1)
        (row,) = found["verdicts"]
        assert {row[name] for name in row if name.startswith("welch_")} == {None}


# ------------------------------------------------------------------ digits


@pytest.mark.parametrize(
    ("margin", "expected"),
    [
        (0.2, 3),
        (0.05, 3),
        (0.01, 3),
        (0.005, 3),
        (0.001, 4),
        (5e-5, 5),
        (1e-6, 7),
        (1, 2),
        (4, 2),
        (20, 1),
        (100, 0),
    ],
)
def test_digits_follow_the_margin(margin, expected):
    assert digits(margin) == expected
    assert float(signed(margin, expected)) == pytest.approx(margin)


def test_small_differences_are_shown_in_their_digits_also_in_the_reason(told):
    frame = rows(measure="mse", a=np.linspace(2e-4, 2.2e-4, 8), b=np.linspace(3.3e-4, 3.5e-4, 8))
    out, _, found = told(frame, 5e-5, "--lower-is-better")
    assert "−0.00013" in out
    assert "−0.00013" not in found["verdicts"][0]["why"]  # which names the winner
    assert "a better by 0.00013 (90% interval 0.000" in found["verdicts"][0]["why"]
    assert "0.000 " not in out


def test_a_report_has_the_digits_of_its_margin_too(tmp_path, capsys):
    made = study(cells=("lstm", "lstm_again", "rnn"), tasks=("adding",), seeds=4)
    made.declaration.__dict__["margin"] = 5e-5
    write_store(tmp_path, made)
    assert cli.main(["report", "synthetic", "--results", str(tmp_path)]) == 0
    rows = capsys.readouterr().out.splitlines()
    (shown,) = [line for line in rows if line.split()[:1] == ["rnn"]]
    assert len(shown.split()[-1].split(".")[1]) == 5
    folder = tmp_path / "synthetic" / "report"
    for text in ((folder / "report.md").read_text(), (folder / "latex" / "verdicts.tex").read_text()):
        assert shown.split()[-1].lstrip("−") in text


# ------------------------------------------------------------------ one seed


def test_one_seed_a_cell_is_said_and_not_that_nothing_foreseeable_decides(told):
    one = pd.concat([rows(task, lstm=[0.95], gru=[0.94], rnn=[0.8]) for task in ("mnist", "speech")])
    out, err, found = told(one, 0.02)
    assert "One seed per cell: no test is possible. Add seeds" in err
    assert any(note.startswith("One seed per cell") for note in found["notes"])
    lines = [line for line in out.splitlines() if line.strip().startswith(("lstm ", "gru "))]
    assert len(lines) == 3 * 3
    assert all(line.rstrip().endswith("one seed") for line in lines)
    assert "foreseeable" not in out
    assert "– to –" not in out
    assert "one seed: no test is possible; add seeds" in out


def test_where_some_cells_have_one_seed_these_are_named(told):
    many = rows("mnist", lstm=[0.95, 0.96, 0.94], gru=[0.95, 0.951, 0.949], rnn=[0.8])
    both = pd.concat(
        [many, rows("speech", lstm=[0.9, 0.91, 0.92], gru=[0.9, 0.91, 0.93], rnn=[0.7, 0.8, 0.75])]
    )
    out, err, found = told(both, 0.02)
    assert "One seed of rnn on mnist: its pairs cannot be tested. Add seeds." in err
    assert out.count("one seed\n") + out.count("one seed \n") == 4  # two on mnist, the same over both tasks
    assert [row["single"] for row in found["overall"]] == [False, True, True]


def test_a_report_says_one_seed_where_there_is_one():
    assert (further(np.nan, 1), further(np.nan, 0), further(np.nan, 2), further(7.0, 3)) == (
        "one seed",
        "no seed",
        "?",
        "7",
    )
    assert between(np.nan, np.nan) == "–"


# ------------------------------------------------------------------ tasks of different scales


def scores(scale):
    return {"a": [scale * x for x in (1.0, 1.1, 1.2)], "b": [scale * x for x in (0.8, 0.9, 1.0)]}


def test_tasks_of_very_different_scales_are_named_and_their_mean_is_called_what_it_is(told):
    frame = pd.concat(
        [rows("pong", **scores(20)), rows("qbert", **scores(15000)), rows("null", a=[0, 0], b=[0, 0])]
    )
    out, err, found = told(frame, 100)
    sentence = "Tasks differ in scale in score, from about 20.2 (pong) to 15,124 (qbert), and share one margin of 100."
    for text in (err, "\n".join(out.splitlines()[-10:]), " ".join(found["notes"])):
        assert sentence in text
    assert "over all tasks (mean of raw differences)" in out


@pytest.mark.parametrize(
    ("scale", "arguments"),
    [
        ((0.9, 0.001), []),
        ((90, 0.5), ["--bounds", "0", "none"]),
        ((90, 0.5), ["--bounds", "0", "100"]),
        ((30, 9), []),
    ],
)
def test_fractions_per_cent_and_tasks_of_like_scales_are_not_marked(scale, arguments, told):
    frame = pd.concat([rows("one", **scores(scale[0] / 1.2)), rows("two", **scores(scale[1] / 1.2))])
    out, err, _ = told(frame, 0.02 if scale[0] < 1 else 2, *arguments)
    marked = arguments == ["--bounds", "0", "none"]
    assert ("differ in scale" in err, "raw differences" in out) == (marked, marked)
