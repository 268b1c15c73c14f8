"""Numbers on the command line, as people write them: negative, in scientific notation, infinite."""

import pytest

from sweeps import cli
from sweeps.terminal.arguments import Parser

TABLE = ["verdicts", "runs.csv", "--measure", "score"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["-1e4", "0"], ["-1e4", "0"]),
        (["-inf", "0"], ["-inf", "0"]),
        (["-Infinity", "-.5"], ["-Infinity", "-.5"]),
        (["-1_000", "-1E-3"], ["-1_000", "-1E-3"]),
        (["none", "-5."], ["none", "-5."]),
    ],
)
def test_negative_bounds_are_numbers_and_no_options(words, expected):
    options = cli.parser().parse_args([*TABLE, "--margin", "1", "--bounds", *words])
    assert options.bounds == expected


def numeric():
    """Every option of every command that takes a number, with what the command needs beside it."""
    needed = {
        "show": ["adding"],
        "match": ["lstm", "--inputs", "3", "--parameters", "9"],
        "train": ["--cell", "lstm", "--task", "adding"],
        "plan": ["quick"],
        "sweep": ["quick"],
        "export": ["quick"],
        "verdicts": ["runs.csv", "--measure", "score", "--margin", "1"],
        "bench": [],
        "diagram": ["lstm"],
        "flow": ["lstm", "--task", "adding"],
        "inspect": ["5ef9f25f6ac9"],
        "generate": ["5ef9f25f6ac9"],
        "watch": ["quick"],
        "mirror": ["quick"],
        "dashboard": ["quick"],
    }
    (commands,) = [a for a in cli.parser()._actions if isinstance(a.choices, dict)]
    for command, parser in commands.choices.items():
        for action in parser._actions:
            if action.type in (int, float):
                yield command, needed[command], action


@pytest.mark.parametrize("text", ["-2e1", "-20.0", "-20", "2E1"])
def test_every_option_for_a_number_takes_a_negative_and_a_scientific_one(text):
    found = list(numeric())
    assert len(found) > 20
    for command, needed, action in found:
        if (command, action.dest) in (("match", "flops"), ("match", "state")):  # instead of --parameters
            needed = needed[:-2]
        options = cli.parser().parse_args([command, *needed, action.option_strings[0], text])
        value = getattr(options, action.dest)
        assert (value, type(value)) == (float(text), action.type), (command, action.dest)


@pytest.mark.parametrize("text", ["1.5", "inf", "nan", "many", "1e999"])
def test_what_is_no_whole_number_is_none(text, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.parser().parse_args(["show", "adding", "--seed", text])
    assert stop.value.code == 2
    assert f"invalid int value: '{text}'" in capsys.readouterr().err


def test_a_misspelt_option_is_still_refused(capsys):
    for wrong in ("-x", "--marign", "-info"):
        with pytest.raises(SystemExit):
            cli.parser().parse_args([*TABLE, "--margin", "1", wrong])
        assert "unrecognized arguments" in capsys.readouterr().err


def test_commands_have_the_parser_of_the_program():
    (commands,) = [a for a in cli.parser()._actions if isinstance(a.choices, dict)]
    assert {type(parser) for parser in commands.choices.values()} == {Parser}
