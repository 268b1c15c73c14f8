"""What `lstm-variants report` prints."""

import argparse

import pytest
from stores import CELLS

from analysis import commands
from analysis.report.terminal import trust_line, verdict_text
from analysis.study.trust import Trust
from analysis.study.verdicts import verdicts
from sweeps.errors import InputError

pytestmark = pytest.mark.slow

VERDICTS = ("equivalent", "different", "undecided")


def arguments(**values):
    return argparse.Namespace(**{"study": "synthetic", "results": "results", "out": None, **values})


def test_the_verdicts_the_stamp_and_the_paths_are_printed(small, tmp_path, capsys):
    assert commands.report(arguments(results=str(small), out=str(tmp_path))) == 0
    printed = capsys.readouterr().out
    assert "against lstm" in printed
    assert "Controls passed; all trials ran." in printed
    for name in ("report.html", "verdicts.csv", "figures/differences.png"):
        assert str(tmp_path / name) in printed
        assert (tmp_path / name).is_file()


def test_a_study_file_stands_for_the_study_of_its_name(tmp_path):
    with pytest.raises(InputError, match="No results of study 'mine'"):
        commands.report(arguments(study="some/where/mine.py", results=str(tmp_path)))


def test_the_table_has_a_line_a_cell_and_a_sum_a_task(results):
    table = verdicts(results.trials, results.declaration)
    text = verdict_text(table, results.declaration, width=80)
    for cell in CELLS[1:]:
        assert f"\n {cell} " in text
    counts = table.loc[table["task"] == "adding", "verdict"].value_counts()
    assert f"adding: {', '.join(f'{counts[v]} {v}' for v in VERDICTS)}\n" in text
    assert "< −0.9" in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_the_trust_line_leads_with_the_first_reason():
    stamp = Trust(trustworthy=False, reasons=["One.", "Two."], warnings=[], done=1, planned=2)
    assert trust_line(stamp).plain == "NOT TRUSTWORTHY: One. (and 1 more, see the report)"
