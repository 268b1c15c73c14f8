"""Every command that we print can be pasted into a shell, and is then the command that was meant."""

import argparse
import re
import subprocess
from pathlib import Path

import pytest
from studies import write_study

from sweeps import cli
from sweeps.commands.import_wandb import to_store, to_table
from sweeps.commands.mirror import how_to_look
from sweeps.mirror.follower import Follower
from sweeps.mirror.run import Run
from sweeps.store.store import Store
from sweeps.terminal.printed import printed
from sweeps.wandb_import.study import Imported
from sweeps.wandb_import.table import Keys

NASTY = [
    "Ergebnisse für Röntgen & co",
    "it's",
    'a "b" $HOME `id`',
    "x;y|z>w",
    "*",
    "~",
    "-dash",
    "a\\b",
    "循环",
    "new\nline",
]


def words_of(line):
    """What a shell makes of a line: its words."""
    done = subprocess.run(
        ["sh", "-c", f"""set -- {line}\nprintf '%s\\0' "$@" """], capture_output=True, text=True, check=True
    )
    return done.stdout.split("\0")[:-1]


def parsed(line):
    program, *words = words_of(line)
    assert program == "lstm-variants"
    return cli.parser().parse_args(words)


def said_by(capsys, *arguments):
    cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return captured.out + captured.err


def next_command(said):
    return parsed(re.search(r"^Next: (.*)", said, re.MULTILINE | re.DOTALL)[1].rstrip())


def in_backticks(said):
    """The first command between backticks, which its own words may hold too."""
    return parsed(re.search(r"`(lstm-variants .*)` (?:repairs|first)", said, re.DOTALL)[1])


@pytest.mark.parametrize("name", NASTY)
def test_a_shell_reads_a_printed_command_as_it_was_meant(name):
    options = parsed(printed("mirror", "quick", results=name, wandb="offline", project=name, entity=None))
    assert (options.study, options.results, options.wandb) == ("quick", name, "offline")
    assert (options.project, options.entity) == (name, None)
    options = parsed(printed("verdicts", name, measure=name, margin="0.1"))
    assert options.table.removeprefix("./") == name
    assert options.measure == name


def test_the_default_results_directory_is_not_said_however_it_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for results in ("results", "./results", tmp_path / "results", None):
        assert printed("report", "quick", results=results) == "lstm-variants report quick"
    assert printed("report", "quick", results="r") == "lstm-variants report quick --results r"


@pytest.mark.slow
def test_the_command_after_a_sweep_reports_what_was_swept(tmp_path, capsys):
    folder = tmp_path / NASTY[0]
    folder.mkdir()
    path, results = write_study(folder, name="größe"), folder / "res ults"
    said = said_by(capsys, "sweep", path, "--workers", 0, "--results", results, "--wandb", "off")
    options = next_command(said)
    assert (options.command, options.study, options.results) == ("report", str(path), str(results))


@pytest.mark.parametrize("command", ["status", "mirror", "dashboard", "report"])
def test_where_nothing_ran_the_command_that_runs_it_is_said(command, tmp_path, capsys, monkeypatch):
    path, results = write_study(tmp_path, name="größe"), tmp_path / "res ults"
    options = in_backticks(said_by(capsys, command, path, "--results", results))
    assert (options.command, options.study, options.results) == ("sweep", str(path), str(results))
    monkeypatch.chdir(tmp_path)
    options = in_backticks(said_by(capsys, command, "größe", "--results", results))
    assert (options.study, options.results) == ("größe.py", str(results))
    assert in_backticks(said_by(capsys, command, "quick", "--results", results)).study == "quick"
    assert "Run its sweep first, or name the directory" in said_by(
        capsys, command, "quik", "--results", results
    )


def test_a_mirror_that_did_not_start_is_repaired_where_and_how_it_was_to_be(tmp_path):
    (tmp_path / "it's").write_text("a file")
    names = {"mode": "offline", "project": "my project", "entity": "me"}
    options = in_backticks(Follower.start(tmp_path / "it's", "größe", **names).finish())
    assert (options.study, options.results) == ("größe", str(tmp_path / "it's"))
    assert (options.wandb, options.project, options.entity) == ("offline", "my project", "me")


def test_the_commands_for_looking_at_offline_runs_name_the_folder_and_the_study(tmp_path, monkeypatch):
    folder = tmp_path / "it's mine" / "quick" / "wandb"
    (folder / "offline-run-1").mkdir(parents=True)
    for here in (tmp_path, tmp_path.parent):
        monkeypatch.chdir(here)
        look, send = how_to_look(Store(tmp_path / "it's mine", "quick")).splitlines()
        where = str(folder.relative_to(here))
        assert words_of(look.partition(":  ")[2]) == ["wandb", "leet", where]
        login, ours = send.partition(":   ")[2].split(" && ")
        options = parsed(ours)
        assert (login, options.command, options.study) == ("wandb login", "mirror", "quick")
        assert (options.wandb, Path(options.results)) == ("online", tmp_path / "it's mine")


def test_the_commands_after_an_import_take_what_was_imported(tmp_path, monkeypatch):
    said = []
    monkeypatch.chdir(tmp_path)
    run = Run(id="1", config={"a": "lstm", "b": "t", "c": 1}, summary={"-my score": 0.5}, history=list)
    keys = Keys(cell="config.a", task="config.b", seed="config.c", measures=("summary.-my score",))
    to_table([run], keys, argparse.Namespace(table="-the table.csv", where=[]), said.append)
    assert "X stands for" in said[-2]
    options = next_command(said[-1].replace("--margin X", "--margin 0.5"))
    assert (options.table, options.measure) == ("./-the table.csv", "-my score")

    done = Imported(new=1, present=0, points=1, torn=0, lost=0, foreign=0, declared=True)
    monkeypatch.setattr("sweeps.commands.import_wandb.study_name", lambda runs, given: "my study")
    monkeypatch.setattr("sweeps.commands.import_wandb.import_study", lambda *_: done)
    to_store([run], argparse.Namespace(results="res ults", study=None), print, said.append)
    options = next_command(said[-1])
    assert (options.command, options.study, options.results) == ("report", "my study", "res ults")
