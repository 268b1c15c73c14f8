"""Where results are written to: never over what is read, and asked before anything is computed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from stores import study, write_store

from analysis import commands
from sweeps import cli
from sweeps.errors import InputError
from sweeps.terminal import outputs
from sweeps.wandb_import.table import check_path

TABLE = "cell,task,seed,acc\n" + "".join(
    f"{cell},mnist,{seed},{mean + 0.001 * (seed * 7 % 5)}\n"
    for cell, mean in (("lstm", 0.95), ("gru", 0.9))
    for seed in range(6)
)


@pytest.fixture
def table(tmp_path, monkeypatch):
    path = tmp_path / "runs.csv"
    path.write_text(TABLE)
    os.symlink("runs.csv", tmp_path / "link.csv")
    os.link(path, tmp_path / "hard.csv")
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    return path


def verdicts(capsys, out, table="runs.csv"):
    code = cli.main(["verdicts", str(table), "--measure", "acc", "--margin", "0.02", "--csv", str(out)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(
    "out", ["runs.csv", "./sub/../runs.csv", "{folder}/runs.csv", "link.csv", "hard.csv"]
)
def test_verdicts_are_never_written_over_the_table_that_they_are_of(
    out, table, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("analysis.user_table.command.judged", lambda external: pytest.fail("computed"))
    code, printed, err = verdicts(capsys, out.format(folder=tmp_path))
    assert (code, printed) == (2, "")
    assert "an input: it would be overwritten" in err
    assert table.read_text() == TABLE


def test_a_table_that_is_named_by_a_link_is_not_written_over_either(table, capsys):
    assert verdicts(capsys, "runs.csv", table="link.csv")[0] == 2
    assert table.read_text() == TABLE


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("/proc/out.csv", "cannot be written"),
        ("no/such/out.csv", "There is no folder"),
        ("runs.csv/out.csv", "There is no folder"),
        ("sub", "is a folder"),
        ("x" * 300 + ".csv", "cannot be written: file name too long"),
        ("loop.csv", "cannot be written"),
    ],
)
def test_a_place_that_can_not_be_written_is_refused_before_anything_is_computed(
    out, message, table, tmp_path, capsys, monkeypatch
):
    os.symlink("loop.csv", tmp_path / "loop.csv")
    monkeypatch.setattr("analysis.user_table.command.judged", lambda external: pytest.fail("computed"))
    before = sorted(tmp_path.rglob("*"))
    code, printed, err = verdicts(capsys, out)
    assert (code, printed) == (2, "")
    assert message in err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_without_the_right_to_write_is_refused(table, tmp_path, monkeypatch):
    def denied(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(
        outputs.tempfile, "TemporaryFile", denied
    )  # root, who runs some tests, may write anywhere
    with pytest.raises(InputError, match="cannot be written: permission denied"):
        outputs.output(tmp_path / "sub" / "out.csv", "--csv")
    with pytest.raises(InputError, match=r"permission denied. Name a writable directory with --out"):
        outputs.folder(tmp_path / "sub" / "report", "--out")


def test_when_writing_fails_later_the_results_are_printed_and_one_sentence_says_what_failed(table, capsys):
    code, printed, err = verdicts(capsys, "/dev/full")
    assert code == 2
    assert "lstm better" in printed
    assert err.splitlines()[-1] == "lstm-variants: /dev/full could not be written: no space left on device."


def test_a_file_is_replaced_whole_through_a_link_and_keeps_its_permissions(table, tmp_path, capsys):
    old = tmp_path / "old.csv"
    old.write_text("old")
    old.chmod(0o640)
    os.symlink("old.csv", tmp_path / "to.csv")
    assert verdicts(capsys, "to.csv")[0] == 0
    assert (tmp_path / "to.csv").is_symlink()
    assert old.read_text().startswith("task,a,b,verdict")
    assert old.stat().st_mode & 0o777 == 0o640
    assert not list(tmp_path.glob(".*"))


def test_rows_go_to_standard_output_after_the_tables_even_into_a_file(table, tmp_path):
    command = [
        sys.executable,
        "-m",
        "sweeps.cli",
        "verdicts",
        "runs.csv",
        "--measure",
        "acc",
        "--margin",
        "0.02",
    ]
    with open(tmp_path / "printed.txt", "w") as printed:
        subprocess.run([*command, "--csv", "/dev/stdout"], stdout=printed, stderr=subprocess.PIPE, check=True)
    text = (tmp_path / "printed.txt").read_text()
    assert 0 < text.index("lstm better") < text.index("task,a,b,verdict")


def test_a_reader_that_has_seen_enough_is_no_failure(table):
    command = f"{sys.executable} -m sweeps.cli verdicts runs.csv --measure acc --margin 0.02"
    script = f"set -o pipefail; {command} | head -1; {command} | true"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip(), "Traceback" in done.stderr) == (0, "mnist", False)


# ------------------------------------------------------------------ the other commands that write


@pytest.fixture
def results(tmp_path):
    write_store(tmp_path / "results", study(cells=("lstm", "lstm_again", "rnn"), tasks=("adding",), seeds=3))
    return tmp_path / "results"


@pytest.mark.parametrize(
    "out",
    ["results/synthetic", "results/synthetic/trials", "link", "results/synthetic/trials/new", "planted"],
)
def test_a_report_is_never_written_over_the_results_that_it_is_of(
    out, results, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(commands, "Analysed", lambda loaded: pytest.fail("computed"))
    part = next((results / "synthetic" / "trials").iterdir())
    os.symlink(results / "synthetic" / "curves", tmp_path / "link")
    (tmp_path / "planted" / "latex").mkdir(parents=True)
    os.link(part, tmp_path / "planted" / "latex" / "tests.tex")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    code = cli.main(["report", "synthetic", "--results", str(results), "--out", str(tmp_path / out)])
    assert (code, "is read" in capsys.readouterr().err) == (2, True)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("out", ["/proc/report", "file", "file/report"])
def test_a_report_that_can_not_be_written_is_refused_before_anything_is_computed(
    out, results, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(commands, "Analysed", lambda loaded: pytest.fail("computed"))
    (tmp_path / "file").write_text("mine")
    code = cli.main(["report", "synthetic", "--results", str(results), "--out", str(tmp_path / out)])
    captured = capsys.readouterr()
    assert (code, captured.out, "--out" in captured.err) == (2, "", True)


def test_when_a_report_fails_in_the_middle_its_verdicts_are_printed(results, tmp_path, capsys, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("analysis.report.write.compose", full)
    code = cli.main(["report", "synthetic", "--results", str(results), "--out", str(tmp_path / "out")])
    captured = capsys.readouterr()
    assert (code, "against lstm" in captured.out) == (2, True)
    assert "could not be written: no space left on device." in captured.err


def test_an_imported_table_is_none_of_the_files_that_it_is_read_from(tmp_path):
    runs = tmp_path / "wandb" / "offline-run-1"
    runs.mkdir(parents=True)
    (runs / "run-1.wandb").write_text("log")
    os.link(runs / "run-1.wandb", tmp_path / "table.csv")
    for path in (tmp_path / "table.csv", Path("/proc/table.csv"), tmp_path / "wandb" / "no" / "table.csv"):
        with pytest.raises(InputError, match=r"an input|cannot be written|There is no folder"):
            check_path(path, str(tmp_path / "wandb"))
    assert check_path(tmp_path / "new.csv", str(tmp_path / "wandb")) == tmp_path / "new.csv"


def test_a_benchmark_that_could_not_be_kept_is_refused_before_it_measures(capsys, monkeypatch):
    monkeypatch.setattr("sweeps.commands.bench.metadata", lambda quick: pytest.fail("measured"))
    code = cli.main(["bench", "--only", "ablation", "--out", "/proc/bench"])
    assert (code, "Cannot write to /proc/bench" in capsys.readouterr().err) == (2, True)
