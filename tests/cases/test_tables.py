"""Tables of other people and programs: counted as what they say, read where that is unambiguous, else refused."""

import io
import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from analysis.user_table.columns import number
from analysis.user_table.read import read
from analysis.user_table.table import Asked, taken
from analysis.user_table.verdicts import judged
from sweeps import cli
from sweeps.errors import InputError

ASKED = Asked(measure="acc", margin=0.02)


def table(seeds=4, **columns):
    rows = [
        (cell, "mnist", seed, round(mean + 0.001 * (seed * 7 % 5), 4))
        for cell, mean in (("lstm", 0.95), ("gru", 0.9))
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows, columns=["cell", "task", "seed", "acc"]).assign(**columns)


TEXT = table().to_csv(index=False)
VALUES = table()["acc"].tolist()


def loaded(content, folder, name="runs.csv", asked=ASKED):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return taken(read(path), asked)


def refused(content, folder, name="runs.csv", asked=ASKED):
    with pytest.raises(InputError) as caught:
        loaded(content, folder, name, asked)
    return str(caught.value)


# ------------------------------------------------------------------ one seed is one seed


@pytest.mark.parametrize("again", ["0.0", "00", "+0", "0e0", "-0", " 0 ", "0.", ".0", "0E5"])
def test_a_seed_is_one_however_its_number_is_written(again, tmp_path):
    assert (
        "There must be only one row per cell, task and seed; a second one is row 9 (lstm on mnist"
        in refused(f"{TEXT}lstm,mnist,{again},0.95\n", tmp_path)
    )


@pytest.mark.parametrize("other", ["0x0", "zero", "0a", "1_0", "0-0", "00:00", "e0", "ab"])
def test_seeds_that_are_no_numbers_are_as_many_as_they_are_written(other, tmp_path):
    found = loaded(f"{TEXT}lstm,mnist,{other},0.95\n", tmp_path)
    assert len(found.values) == 9


def test_two_exports_of_the_same_runs_are_not_twice_the_seeds(tmp_path):
    both = pd.concat([table().astype({"seed": str}), table().astype({"seed": float}).astype({"seed": str})])
    both.to_parquet(tmp_path / "runs.parquet")
    with pytest.raises(
        InputError, match=r"Seeds that are the same number, such as 0 and 0\.0, are the same seed"
    ):
        taken(read(tmp_path / "runs.parquet"), ASKED)


@pytest.mark.parametrize(
    "kind", ["int8", "Int64", "float32", "category", "string", "object", "decimal", "binary"]
)
def test_seeds_of_every_type_are_counted_once(kind, tmp_path):
    frame = pd.concat([table(), table().head(1)], ignore_index=True)
    if kind == "decimal":
        frame["seed"] = [Decimal(seed).scaleb(0).quantize(Decimal("0.01")) for seed in frame["seed"]]
    elif kind == "binary":
        frame["seed"] = [str(seed).encode() for seed in frame["seed"]]
    else:
        frame["seed"] = frame["seed"].astype(kind)
    frame.to_parquet(tmp_path / "runs.parquet")
    with pytest.raises(InputError, match="a second one is row 9"):
        taken(read(tmp_path / "runs.parquet"), ASKED)
    frame.head(8).to_parquet(tmp_path / "runs.parquet")
    assert len(taken(read(tmp_path / "runs.parquet"), ASKED).values) == 8


def test_large_seeds_are_told_apart_to_the_last_digit():
    assert number("9007199254740993") != number("9007199254740992")
    assert number("1e3") == number("1000.0")
    assert number("1e99999999999999999999") == "1e99999999999999999999"
    assert number("nan") == "nan"


def test_labels_that_differ_in_outer_space_are_one_and_others_that_look_alike_are_named(tmp_path):
    text = TEXT.replace("lstm,mnist,3", "lstm\u00a0 , mnist ,3").replace("gru,mnist,3", "GRU,mnist,3")
    found = loaded(text, tmp_path)
    assert found.cells == ["lstm", "gru", "GRU"]
    assert "'gru' and 'GRU' are two cells here; if they are the same, spell them alike." in found.notes
    numbers = TEXT.replace("mnist", "10").replace("lstm,10,3", "lstm,10.0,3")
    assert (
        "'10' and '10.0' are two tasks here; if they are the same, spell them alike."
        in loaded(numbers, tmp_path).notes
    )


# ------------------------------------------------------------------ how runs ended


@pytest.mark.parametrize(
    "name", ["Status", "STATUS", " status ", "State", "run state", "RunState", "ended_as"]
)
@pytest.mark.parametrize("word", ["running", "Crashed", " KILLED"])
def test_a_column_that_says_how_runs_ended_is_never_passed_over(name, word, tmp_path):
    frame = table(**{name: ["finished"] * 7 + [word]})
    said = refused(frame.to_csv(index=False), tmp_path)
    assert f"row 8 (gru on mnist, seed 3: '{word.strip().lower()}')" in said


@pytest.mark.parametrize("name", ["Status", "state", "Run Status"])
def test_what_it_says_counts_whatever_its_capitals(name, tmp_path):
    frame = table(**{name: ["Finished"] * 6 + ["DIVERGED", "failed "]})
    found = loaded(frame.to_csv(index=False), tmp_path)
    assert found.values["status"].tolist() == ["finished"] * 6 + ["diverged", "failed"]
    assert found.values["score"].tolist()[6:] == [0, 0]
    assert f"Column '{name}' is taken as the status." in found.notes


def test_status_itself_comes_first_and_two_that_may_be_it_are_refused(tmp_path):
    ended = ["finished"] * 8
    found = loaded(table(status=ended, state=["crashed"] * 8).to_csv(index=False), tmp_path)
    assert set(found.values["status"]) == {"finished"}
    assert "'Status' and 'STATUS' may state how runs ended" in refused(
        table(Status=ended, STATUS=ended).to_csv(index=False), tmp_path
    )


@pytest.mark.parametrize(
    ("name", "value"), [("state", 128), ("state", "CA"), ("diverged", True), ("job_status", "in Berlin")]
)
def test_a_column_that_only_sounds_like_it_is_named(name, value, tmp_path):
    found = loaded(table(**{name: value}).to_csv(index=False), tmp_path)
    assert set(found.values["status"]) == {"finished"}
    assert any(note.startswith(f"Column '{name}' is not used") for note in found.notes)


def test_cell_task_and_seed_are_found_whatever_their_capitals(tmp_path):
    names = {"cell": "Cell", "task": "TASK", "seed": " Seed"}
    found = loaded(table().rename(columns=names).to_csv(index=False), tmp_path)
    assert found.values["score"].tolist() == VALUES
    assert "Column 'Cell' is taken as cell." in found.notes
    table().rename(columns=names).to_parquet(tmp_path / "runs.parquet")
    assert len(taken(read(tmp_path / "runs.parquet"), ASKED).values) == 8
    assert "'Cell' and 'CELL' could be meant" in refused(
        table().rename(columns={"cell": "Cell"}).assign(CELL="x").to_csv(index=False), tmp_path
    )
    assert (
        "Column 'Cell' is not used: 'cell' is." in loaded(table(Cell="x").to_csv(index=False), tmp_path).notes
    )
    assert "Did you mean 'ACC'?" in refused(TEXT.replace(",acc", ",ACC"), tmp_path)


# ------------------------------------------------------------------ margins


@pytest.mark.parametrize("bounds", [None, (0.0, 1.0)])
@pytest.mark.parametrize("margin", [1.0, 2.0, 100.0])
def test_a_margin_as_wide_as_the_bounds_is_refused_given_or_assumed(bounds, margin, tmp_path):
    with pytest.raises(InputError, match=r"everything would be equivalent.*per ?cent.*fractions"):
        taken(table(), Asked(measure="acc", margin=margin, bounds=bounds))


def test_where_there_are_no_bounds_a_margin_of_1_on_fractions_is_a_note():
    found = taken(table(), Asked(measure="acc", margin=1, bounds=(0, np.inf)))
    assert "All values of acc lie between 0 and 1, and the margin is 1: is it in per cent?" in found.notes
    percent = taken(table(acc=lambda f: f["acc"] * 100), Asked(measure="acc", margin=1, bounds=(0, 100)))
    assert percent.notes == []


# ------------------------------------------------------------------ CSV of every kind


def german(separator=";"):
    return table().to_csv(index=False, sep=separator, decimal=",")


def r_table(**options):
    """As R's write.csv and write.table quote and name rows."""
    frame = table().set_axis([str(i) for i in range(1, 9)])
    return frame.to_csv(quoting=2, **options)


SHORT = r_table().replace('"",', "", 1)  # the header of write.table: one name less than fields
NAMED = re.sub(r'(?m)^"(\d)",', r'"run-\1",', SHORT)


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (german(), "is read with semicolons between its columns and decimal commas in acc."),
        (table().to_csv(index=False, sep=";"), "is read with semicolons between its columns."),
        (german("\t"), "tabs between its columns and decimal commas"),
        (table().to_csv(index=False, sep="\t"), "is read with tabs"),
        (table().to_csv(index=False, sep="|"), "is read with bars"),
        (SHORT.replace(",", " "), "is read with spaces"),
        ("sep=;\r\n" + german().replace("\n", "\r\n"), "semicolons"),
        (german("\t").encode("utf-16"), "is read as UTF-16."),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), "is read as UTF-16."),
        (TEXT.encode("utf-16-be"), "is read as UTF-16-BE."),
        (TEXT.encode("utf-32"), "is read as UTF-32."),
        (
            TEXT.replace("lstm", "größe").encode("cp1252"),
            "not in UTF-8 (line 2) and is read as Windows-1252.",
        ),
        (r_table(), None),
        (SHORT, "first field of each row of runs.csv is taken as its name"),
        (r_table(sep=";", decimal=",").replace('"";', "", 1), "decimal commas in acc"),
        ("# made by x\n#\n\n" + TEXT, None),
        ("# made by x\n#" + TEXT, None),
        ("# columns: cell,task,seed,acc\n" + TEXT, None),
        ("\ufeff# made by x\n" + TEXT, None),
        (TEXT.replace("\n", ",\n"), None),
        (TEXT.replace("\n", ",\n").replace("acc,", "acc"), None),
        (TEXT.replace("\n", "\r"), None),
        (NAMED, "first field of each row"),
    ],
)
def test_a_csv_file_of_any_kind_is_read_and_what_was_assumed_is_said(content, note, tmp_path):
    found = loaded(content, tmp_path)
    assert found.values["score"].tolist() == VALUES
    assert found.values["seed"].tolist() == [str(seed) for seed in table()["seed"]]
    assert any(note in said for said in found.notes) if note else len(found.notes) == 1


@pytest.mark.parametrize("name", ["runs.tsv", "runs.txt", "RUNS.CSV"])
def test_the_name_may_end_as_its_program_likes(name, tmp_path):
    assert len(loaded(table().to_csv(index=False, sep="\t"), tmp_path, name).values) == 8


def test_a_field_may_be_long_and_have_lines_in_it(tmp_path):
    buffer = io.StringIO()
    table(config="x" * 300_000, log='one\ntwo, "three"\n').to_csv(buffer, index=False)
    assert loaded(buffer.getvalue(), tmp_path).values["score"].tolist() == VALUES


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (german(",").replace('"', ""), "Decimal commas? Write points"),
        (german(","), "row 1 (lstm on mnist, seed 0: '0,95')"),
        (german(","), "Use decimal points instead of commas"),
        ("Results of May\n" + TEXT, "The first line that is not a comment must be the header"),
        (TEXT + "# the end\n", "Remove comments below the header."),
        (TEXT + 'lstm,mnist,9,"0.9\n' + TEXT, "a quote opens in row 9 below the header and is never closed"),
        (TEXT.replace("lstm", "größe").encode("cp1252") + "größe,b,1,1\n".encode(), "and other lines are"),
        (b"\x81\x8d" + TEXT.encode(), "nor in Windows-1252"),
        (b"PAR1\x00", "it is a Parquet file"),
        (b"PK\x03\x04\x14\x00", "Excel or zip file; save it as CSV"),
        (b"\x1f\x8b\x08\x00", "compressed; unpack it"),
        (TEXT.replace("0.95", "0.95\x00").encode() * 20, "binary file"),
        (b"# only\n# comments\n", "has no rows"),
        ("model;task;seed;acc\na;t;0;0,5\n", "no column 'cell'"),
        (table(acc="1,234.5").to_csv(index=False, sep=";"), "acc must be a number"),
    ],
)
def test_a_csv_file_that_can_not_be_understood_is_refused_with_the_reason(content, message, tmp_path):
    assert message in refused(content, tmp_path)


def test_a_decimal_comma_in_the_first_column_is_no_name_of_a_row(tmp_path):
    text = "acc,cell,task,seed\n97,1,lstm,mnist,0\n96,2,gru,mnist,0\n95,3,lstm,mnist,1\n94,2,gru,mnist,1\n"
    assert "Decimal commas?" in refused(text, tmp_path)
    text = "cell,task,seed,acc\nlstm,t,0,0,9\ngru,u,1,0,8\n"
    assert "Decimal commas?" in refused(text, tmp_path)


def test_the_command_says_what_it_assumed_on_standard_error(tmp_path, capsys):
    (tmp_path / "euro.csv").write_text(german())
    code = cli.main(
        ["verdicts", str(tmp_path / "euro.csv"), "--measure", "acc", "--margin", "0.02", "--json"]
    )
    captured = capsys.readouterr()
    note = "euro.csv is read with semicolons between its columns and decimal commas in acc."
    assert (code, note in captured.err, note in captured.out) == (0, True, True)


def test_categories_of_which_there_is_no_row_change_nothing():
    frame = pd.DataFrame(
        [(c, "mnist", s, 0.9 + 0.01 * (s % 3)) for c in ("lstm", "gru") for s in range(5)],
        columns=["cell", "task", "seed", "acc"],
    )
    spare = frame.assign(
        task=pd.Categorical(frame["task"], ["unused", "mnist"]),
        cell=pd.Categorical(frame["cell"], ["gru", "never", "lstm"]),
    )
    asked = Asked(measure="acc", margin=0.02)
    plain, categorical = (judged(taken(table, asked)).table for table in (frame, spare))
    numbers = ["value", "low", "high", "p_difference", "p_equivalence", "verdict", "grade"]
    pd.testing.assert_frame_equal(plain[numbers], categorical[numbers])
