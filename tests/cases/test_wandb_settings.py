"""A setting that W&B does not allow is named, with where it stands and how to be rid of it, before anything runs."""

import os

import pytest
from stores import study, write_store
from studies import write_study

from sweeps import cli
from sweeps.errors import InputError
from sweeps.mirror.follower import to_be_checked
from sweeps.mirror.settings import check


@pytest.fixture(autouse=True)
def nobody_is_logged_in(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("WANDB") or name == "NETRC"]:
        monkeypatch.delenv(name)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "home")


BAD = [
    ("WANDB_MODE", "nonsense", "'online', 'offline'"),
    ("WANDB_BASE_URL", "nonsense", "valid URL"),
    ("WANDB_PROJECT", "a/b", "cannot contain"),
    ("WANDB_CONSOLE", "zzz", "'auto', 'off'"),
    ("WANDB_INIT_TIMEOUT", "soon", "valid number"),
]


def run(capsys, *arguments):
    code = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


@pytest.mark.parametrize(("name", "value", "allowed"), BAD)
def test_a_bad_variable_is_named_with_what_is_allowed_and_a_command_that_helps(
    name, value, allowed, monkeypatch
):
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError) as told:
        check()
    assert f"{name}='{value}'" in str(told.value)
    assert allowed in str(told.value)
    assert f"`unset {name}`" in str(told.value)
    assert "validation error" not in str(told.value)
    assert to_be_checked(None)


def test_every_bad_setting_is_named_at_once(monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "nonsense")
    monkeypatch.setenv("WANDB_SILENT", "perhaps")
    with pytest.raises(InputError, match=r"(?s)WANDB_MODE.*WANDB_SILENT.*--project a/b"):
        check("a/b")


@pytest.mark.parametrize("place", [".config/wandb/settings", "wandb/settings"])
@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[default]\nmode = nonsense\n", "mode = nonsense in"),
        ("[default]\nbase_url = nonsense\n", "base_url = nonsense in"),
        ("[default]\nspeling = 1\n", "speling = 1 in"),
        ("mode = offline\n", "no section headers"),
    ],
)
def test_a_bad_settings_file_is_named_with_its_line(place, text, named, tmp_path):
    file = tmp_path / "home" / place
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(InputError) as told:
        check()
    assert named in str(told.value)
    assert str(file) in str(told.value)
    assert to_be_checked(None)


def test_settings_that_wandb_allows_and_variables_of_a_run_of_ones_own_pass(tmp_path, monkeypatch):
    for name, value in (
        ("MODE", "offline"),
        ("PROJECT", "p"),
        ("RUN_ID", "a/b"),
        ("TAGS", "a,b"),
        ("API_KEY", "short"),
    ):
        monkeypatch.setenv(f"WANDB_{name}", value)
    file = tmp_path / "home" / "wandb" / "settings"
    file.parent.mkdir()
    file.write_text("[default]\nbase_url = http://a.b\nanonymous = true\nproject = p\n")
    check("mine")


def test_where_nothing_is_set_no_sweep_waits_for_wandb(monkeypatch):
    assert not to_be_checked(None)
    monkeypatch.setenv("WANDB_API_KEY", "x" * 40)
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert not to_be_checked(None)
    assert to_be_checked("a/b")


@pytest.mark.parametrize(
    "arguments", [("mirror", "synthetic"), ("mirror", "synthetic", "--wandb", "offline"), ("sweep",)]
)
def test_a_command_that_needs_wandb_ends_with_code_2_before_it_does_anything(
    arguments, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("WANDB_MODE", "nonsense")
    results = tmp_path / "results"
    if arguments[0] == "mirror":
        write_store(results, study(cells=("lstm", "lstm_again", "rnn"), tasks=("adding",), seeds=2, search=1))
    else:
        arguments = ("sweep", write_study(tmp_path), "--workers", 0)
    code, said = run(capsys, *arguments, "--results", results)
    assert (code, "WANDB_MODE='nonsense'" in said) == (2, True), said
    assert "`unset WANDB_MODE`" in said
    assert not list(results.rglob("*.wandb"))
    assert arguments[0] == "mirror" or not results.exists()


def test_a_sweep_without_wandb_minds_none_of_its_settings(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("WANDB_MODE", "nonsense")
    path = write_study(tmp_path, "STUDY = 1\n", "broken")
    code, said = run(capsys, "sweep", path, "--wandb", "off", "--workers", 0, "--results", tmp_path / "r")
    assert (code, "WANDB" in said) == (2, False), said
