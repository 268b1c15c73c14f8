"""`lstm-variants verdicts`: anybody's table, refused or marked before it can mislead, and judged like a study."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_ind

from analysis.statistics.pairs.textbook import COLUMNS
from analysis.study.verdicts import verdicts
from analysis.user_table.read import read
from analysis.user_table.table import Asked, taken
from analysis.user_table.verdicts import PAIR, as_json, judged
from sweeps import cli
from sweeps.errors import InputError

PAGE = Path(__file__).parents[2] / "docs" / "verdicts.md"
ASKED = Asked(measure="accuracy", margin=0.05)


def table(seeds=6, tasks=("mnist", "text"), **means):
    """Runs of cells with these means, sd 0.01, in the columns of somebody else's framework."""
    generator = np.random.default_rng(3)
    rows = [
        (cell, task, seed, round(mean + 0.01 * generator.standard_normal(), 4), "x")
        for task in tasks
        for cell, mean in (means or {"lstm": 0.9, "gru": 0.9, "rnn": 0.5}).items()
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows, columns=["cell", "task", "seed", "accuracy", "host"])


def written(frame, folder, name="runs.csv"):
    path = folder / name
    frame.to_csv(path, index=False) if name.endswith("csv") else frame.to_parquet(path)
    return path


def run(capsys, *arguments):
    code = cli.main(["verdicts", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


COMMON = ("--measure", "accuracy", "--margin", "0.05")


# ------------------------------------------------------------------ the same verdicts


def test_a_table_gets_the_verdicts_that_the_report_gives_a_study(results):
    confirm = results.stage("confirm")
    frame = confirm.rename(columns={"test_score": "accuracy"})[["cell", "task", "seed", "status", "accuracy"]]
    frame = frame.assign(accuracy=frame["accuracy"].clip(lower=0))  # a study counts worse than naive as naive
    ours = judged(taken(frame, Asked(measure="accuracy", margin=0.05, bounds=(0, 1)))).table
    theirs = verdicts(results.trials, results.declaration)
    both = ours.merge(theirs, on=["task", "a", "b"], suffixes=("", "_study"))
    assert len(both) == len(ours) == len(theirs)
    assert both["value"].to_numpy() == pytest.approx(both["value_study"].to_numpy())
    # The one thing a table does not say is the size of the test sample, which matters where nothing varies.
    spread = both[(both["method"] == both["method_study"])]
    assert len(spread) > 45
    pd.testing.assert_series_equal(spread["verdict"], spread["verdict_study"], check_names=False)


@pytest.mark.parametrize("name", ["runs.csv", "runs.parquet"])
def test_csv_and_parquet_give_one_answer_in_the_order_of_the_table(name, capsys, tmp_path):
    code, out, _ = run(capsys, written(table(), tmp_path, name), *COMMON, "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["cells"], found["tasks"]) == (["lstm", "gru", "rnn"], ["mnist", "text"])
    kinds = {(row["task"], row["a"], row["b"]): (row["verdict"], row["better"]) for row in found["verdicts"]}
    for task in ("mnist", "text"):
        assert kinds[task, "lstm", "gru"] == ("equivalent", "")
        assert kinds[task, "lstm", "rnn"] == ("different", "lstm")
    assert {(row["a"], row["b"]): row["verdict"] for row in found["overall"]}["lstm", "rnn"] == "different"


def test_where_lower_is_better_the_winner_has_the_lower_number(capsys, tmp_path):
    path = written(table(lstm=0.1, rnn=0.5), tmp_path)
    _, out, _ = run(capsys, path, *COMMON, "--lower-is-better", "--json")
    first = json.loads(out)["verdicts"][0]
    assert (first["verdict"], first["better"]) == ("different", "lstm")
    assert first["difference"] == pytest.approx(-0.4, abs=0.02)
    assert first["low"] < first["difference"] < first["high"] < 0


# ------------------------------------------------------------------ JSON


def test_the_json_object_has_the_documented_fields_and_types(capsys, tmp_path):
    frame = table(seeds=3).assign(status="finished")
    frame.loc[0, ["status", "accuracy"]] = ["diverged", np.nan]
    _, out, _ = run(capsys, written(frame, tmp_path), *COMMON, "--json", "--bounds", "0", "1")

    def never(word):
        raise AssertionError(f"{word} is no JSON")

    found = json.loads(out, parse_constant=never)
    documented = dict(re.findall(r"^\| `(\w+)` \| (\w+)", PAGE.read_text(), re.MULTILINE))
    kinds = {"string": str, "number": int | float, "integer": int, "boolean": bool, "list": list}
    rows = [found, *found["verdicts"], *found["groups"], *found["overall"]]
    assert set().union(*rows) == set(documented)
    for row in rows:
        for name, value in row.items():
            assert value is None or isinstance(value, kinds[documented[name]]), (name, value)
    assert set(found["verdicts"][0]) == {"difference", "balanced", *PAIR, *COLUMNS} - {"value"}
    assert found["bounds_assumed"] is False
    lstm = next(group for group in found["groups"] if group["cell"] == "lstm")
    assert (lstm["n"], lstm["diverged"], lstm["failed"]) == (3, 1, 0)


def test_what_is_unknown_or_without_bound_is_null_and_never_nan():
    few = table(seeds=1).assign(accuracy=lambda frame: frame["accuracy"] * 100)
    found = as_json(judged(taken(few, ASKED)))
    assert found["bounds"] == [None, None]
    assert found["verdicts"][0]["low"] is None
    assert found["verdicts"][0]["verdict"] == "undecided"
    assert "too few" in found["verdicts"][0]["why"]
    json.dumps(found, allow_nan=False)


def test_the_rows_can_be_written_beside(capsys, tmp_path):
    out = tmp_path / "verdicts.csv"
    code, printed, _ = run(capsys, written(table(), tmp_path), *COMMON, "--csv", out)
    assert code == 0
    rows = pd.read_csv(out)
    assert len(rows) == 2 * 3
    assert list(rows) == [*PAIR, "balanced", *COLUMNS]
    assert "over all tasks" in printed


# ------------------------------------------------------------------ runs that went wrong, and balance


def test_a_run_that_diverged_or_failed_counts_as_the_worst_and_is_told():
    frame = table(seeds=8).assign(status="finished")
    frame.loc[[0, 1], "status"] = ["diverged", "Failed"]
    frame.loc[0, "accuracy"] = np.nan  # the other has a last number, which is not what it ended with
    external = taken(frame, ASKED)
    assert external.values["score"][:2].tolist() == [0.0, 0.0]
    assert external.values["status"][:2].tolist() == ["diverged", "failed"]
    assert (
        "2 of 48 runs did not finish (1 diverged and 1 failed) and count 0, the worst accuracy."
        in external.notes
    )
    lower = taken(frame, Asked(measure="accuracy", margin=0.05, bounds=(0.0, 2.0), better="lower"))
    assert lower.values["score"][:2].tolist() == [2.0, 2.0]


def test_what_a_failed_run_counts_must_be_known():
    frame = table().assign(status="finished", accuracy=lambda f: 100 * f["accuracy"])
    frame.loc[0, "status"] = "failed"
    with pytest.raises(InputError, match=r"1 of 36 runs did not finish \(1 failed\).*--bounds LOW HIGH"):
        taken(frame, Asked(measure="accuracy", margin=5))
    assert taken(frame, Asked(measure="accuracy", margin=5, bounds=(0, np.inf))).values["score"][0] == 0
    with pytest.raises(InputError, match="--bounds"):
        taken(frame, Asked(measure="accuracy", margin=5, bounds=(0, np.inf), better="lower"))


def test_unequal_numbers_of_seeds_and_missing_cells_are_marked(capsys, tmp_path):
    frame = table()
    frame = frame.drop(frame.index[[0]])  # one seed of lstm on mnist
    frame = frame[(frame["cell"] != "rnn") | (frame["task"] != "text")]
    code, out, err = run(capsys, written(frame, tmp_path), *COMMON, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["balanced"] is False
    assert {(r["task"], r["a"], r["b"]): r["balanced"] for r in found["verdicts"]} == {
        ("mnist", "lstm", "gru"): False,
        ("mnist", "lstm", "rnn"): False,
        ("mnist", "gru", "rnn"): True,
        ("text", "lstm", "gru"): True,
    }
    for note in (
        "Unbalanced on mnist, seeds per cell: lstm 5, gru 6, rnn 6.",
        "Unbalanced on text: no rows of rnn.",
    ):
        assert note in found["notes"]
        assert note in err
    assert taken(table(), ASKED).balanced


def test_bounds_are_0_and_1_where_all_values_lie_there_and_that_is_said():
    assert taken(table(), ASKED).bounds == (0.0, 1.0)
    assert any("between 0 and 1, taken as its bounds" in note for note in taken(table(), ASKED).notes)
    beyond = taken(table().assign(accuracy=lambda f: f["accuracy"] + 0.2), ASKED)
    assert beyond.bounds == (-np.inf, np.inf)
    assert any("Give --bounds" in note for note in beyond.notes)
    given = taken(table(), Asked(measure="accuracy", margin=0.05, bounds=(0, 1)))
    assert given.notes == []


# ------------------------------------------------------------------ labels as they are


def test_labels_that_look_like_missing_values_or_numbers_stay_what_they_are(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(
        "\ufeffcell, task, seed, accuracy\nNA,1e3,01,0.5\nNA,1e3,2,0.6\nnone,1e3,01,TRUE\n\nnone,1e3,2,0.5\n"
    )
    values = taken(read(path), ASKED).values
    assert values["cell"].tolist() == ["NA", "NA", "none", "none"]
    assert set(values["task"]) == {"1e3"}
    assert values["score"].tolist() == [0.5, 0.6, 1.0, 0.5]


def test_a_parquet_file_may_have_categories_nullable_numbers_truths_and_an_index(tmp_path):
    frame = table(seeds=2, tasks=("t",), a=0.5, b=0.5)
    frame["cell"] = frame["cell"].astype("category")
    frame["solved"] = [True, False, True, True]
    frame["accuracy"] = frame["accuracy"].astype("Float64")
    frame.loc[0, "accuracy"] = pd.NA
    path = written(frame.set_index("seed"), tmp_path, "runs.parquet")
    assert taken(read(path), Asked(measure="solved", margin=0.2)).values["score"].tolist() == [1, 0, 1, 1]
    with pytest.raises(InputError, match=r"No finite accuracy in row 1 \(a on t, seed 0\)"):
        taken(read(path), ASKED)


# ------------------------------------------------------------------ bad input


def changed(**columns):
    return lambda frame: frame.assign(**columns)


def cell(row, column, value):
    def change(frame):
        frame = frame.astype(object)
        frame.loc[row, column] = value
        return frame

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.rename(columns={"seed": "sead"}), "no column 'seed'. Did you mean 'sead'"),
        (lambda f: f.rename(columns={"accuracy": "acuracy"}), "no column 'accuracy'. Did you mean 'acuracy'"),
        (lambda f: f.drop(columns="task"), "no column 'task'. It needs cell, task, seed and accuracy"),
        (
            cell(3, "accuracy", "98 %"),
            "accuracy must be a number; it is not in row 4 (lstm on mnist, seed 3: '98 %').",
        ),
        (
            cell(3, "accuracy", None),
            "No finite accuracy in row 4 (lstm on mnist, seed 3). No run is left out",
        ),
        (cell(3, "accuracy", np.inf), "No finite accuracy in row 4 (lstm on mnist, seed 3)"),
        (
            cell([0, 1, 2, 3, 4], "accuracy", None),
            "row 3 (lstm on mnist, seed 2) and 2 more. No run is left out",
        ),
        (
            cell(3, "seed", 2),
            "one row per cell, task and seed; a second one is row 4 (lstm on mnist, seed 2).",
        ),
        (cell(3, "cell", ""), "No cell in row 4 ( on mnist, seed 3)."),
        (lambda f: f[f["cell"] == "lstm"], "No task has two cells to compare; cells: lstm"),
        (
            lambda f: f[((f["cell"] == "lstm") == (f["task"] == "text")) & (f["cell"] != "rnn")],
            "No task has two cells",
        ),
        (lambda f: f.head(0), "has no rows"),
        (changed(status="running"), "it is not in row 1 (lstm on mnist, seed 0: 'running'), row 2"),
        (changed(status=""), "seed 0: ''), row 2"),
    ],
)
def test_a_wrong_table_is_refused_with_code_2_before_anything_is_computed(
    change, message, capsys, tmp_path, monkeypatch
):
    monkeypatch.setattr("analysis.user_table.command.judged", lambda external: pytest.fail("computed"))
    out = tmp_path / "out.csv"
    path = written(change(table()), tmp_path)
    code, printed, err = run(capsys, path, *COMMON, "--csv", out)
    assert (code, printed) == (2, "")
    assert message in err
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--margin", "0"], "must be > 0 in units of accuracy; got 0"),
        (["--margin", "nan"], "must be > 0"),
        (["--margin", "0.05", "--alpha", "0.5"], "between 0 and 0.5"),
        (["--margin", "0.05", "--bounds", "1", "0"], "LOW < HIGH"),
        (["--margin", "0.05", "--bounds", "0", "one"], "two numbers, or none for no bound; got 'one'"),
        (["--margin", "1", "--bounds", "0", "1"], "as wide as the bounds"),
        (
            ["--margin", "0.05", "--bounds", "0", "0.8"],
            "beyond the bounds 0 to 0.8 in row 1 (lstm on mnist, seed 0: '0.9204')",
        ),
        (["--margin", "0.05", "--csv", "no/such/folder/out.csv"], "There is no folder"),
        (["--margin", "0.05", "--csv", "."], "is a folder"),
    ],
)
def test_wrong_options_are_refused_with_code_2(arguments, message, capsys, tmp_path):
    code, printed, err = run(capsys, written(table(), tmp_path), "--measure", "accuracy", *arguments)
    assert (code, printed) == (2, "")
    assert message in err


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.csv", None, "does not exist"),
        ("runs.xlsx", b"x", "must end in .csv or .parquet"),
        ("runs.parquet", b"x", "Cannot read"),
        ("runs.csv", b"", "has no rows"),
        ("runs.csv", b"\xff\xfe", "has no rows"),
        ("runs.csv", b"cell,task,seed,accuracy\na,t,0,1\nb,t,0\n", "row 2 below the header has 3 fields"),
        ("runs.csv", b"cell,task,seed,seed\na,t,0,1\n", "two columns called 'seed'"),
        ("runs.csv", b"cell;task;seed;accuracy\na;t;0;1\n", "No task has two cells"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_code_2(name, content, message, capsys, tmp_path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    code, printed, err = run(capsys, tmp_path / name, *COMMON)
    assert (code, printed) == (2, "")
    assert message in err


def test_a_folder_is_no_table(capsys, tmp_path):
    assert run(capsys, tmp_path, *COMMON)[0] == 2


# ------------------------------------------------------------------ the command


def test_the_command_loads_neither_jax_nor_ray_nor_wandb_nor_figures(tmp_path):
    path = written(table(seeds=3), tmp_path)
    heavy = {"jax", "flax", "ray", "wandb", "matplotlib", "sklearn", "lstm_variants", "experiments"}
    script = (
        "import sys\nfrom sweeps.cli import main\n"
        f"code = main(['verdicts', {str(path)!r}, '--measure', 'accuracy', '--margin', '0.05'])\n"
        f"print(code, sorted({heavy!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


def test_the_documented_example_prints_what_the_page_shows(capsys, monkeypatch):
    text = PAGE.read_text()
    (command,) = re.findall(r"^    lstm-variants verdicts (runs.csv .*)$", text, re.MULTILINE)
    (shown,) = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(PAGE.parent)
    code, out, err = run(capsys, *command.split())
    assert code == 0
    squeezed = [line.rstrip() for line in (err + out).splitlines() if line.strip()]
    assert squeezed == [line.rstrip() for line in shown.splitlines() if line.strip()]


# ------------------------------------------------------------------ methods


def test_method_welch_gives_the_numbers_of_scipy_and_statsmodels_to_the_last_digits():
    frame = table(seeds=7, tasks=("mnist",), lstm=0.9, gru=0.91)
    row = judged(taken(frame, Asked(measure="accuracy", margin=0.02, method="welch"))).table.iloc[0]
    a, b = (frame.loc[frame["cell"] == cell, "accuracy"].to_numpy() for cell in ("lstm", "gru"))
    test = stats.ttest_ind(a, b, equal_var=False)
    assert row["p_difference"] == pytest.approx(test.pvalue, rel=1e-12)
    assert tuple(row[["low", "high"]]) == pytest.approx(tuple(test.confidence_interval(0.9)), rel=1e-12)
    assert row["p_equivalence"] == pytest.approx(ttost_ind(a, b, -0.02, 0.02, usevar="unequal")[0], rel=1e-12)


def test_method_betting_says_what_is_proven_and_nothing_over_tasks(capsys, tmp_path):
    frame = table(seeds=64, lstm=0.9, gru=0.9, rnn=0.5)
    code, out, _ = run(
        capsys, written(frame, tmp_path), *COMMON[:2], "--margin", "0.1", "--method", "betting"
    )
    assert code == 0
    assert "e equal" in out
    assert "over all tasks" not in out
    rows = judged(taken(frame, Asked(measure="accuracy", margin=0.1, method="betting"))).table
    assert set(rows["verdict"]) == {"equivalent", "different"}
    assert (rows["grade"] == "proven").all()


def test_a_verdict_that_few_seeds_reach_is_likely_and_says_how_much_can_be_unseen(capsys, tmp_path):
    code, out, _ = run(capsys, written(table(), tmp_path), *COMMON)
    assert code == 0
    assert "likely" in out
    assert "up to 39% of trainings may end in ways none of them did" in out  # 1 - 0.05^(1/6)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--method", "bets"), "cautious or welch or betting; got 'bets'"),
        (("--method", "betting", "--bounds", "none", "none"), "Bets need the worst and the best"),
    ],
)
def test_a_method_that_can_not_be_is_refused(options, words, capsys, tmp_path):
    code, _, err = run(capsys, written(table(), tmp_path), *COMMON, *options)
    assert code == 2
    assert words in " ".join(err.split())
