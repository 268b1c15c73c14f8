"""The report in Markdown and the LaTeX tables: well formed, escaped, with the same numbers."""

import itertools
import re

import pytest

from analysis.figures import fitting
from analysis.report import latex, markdown
from analysis.study.tables import Analysed
from analysis.words import signed

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def text(written):
    return written.markdown.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def sheets(written):
    return {name: path.read_text(encoding="utf-8") for name, path in written.latex.items()}


def tables(text):
    """Runs of lines that begin with a pipe."""
    return [block.strip().splitlines() for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)]


def cells(line):
    return re.split(r"(?<!\\)\|", line)[1:-1]


def test_every_table_has_a_rule_and_as_many_cells_in_each_row(text):
    found = tables(text)
    assert len(found) > 8
    for lines in found:
        assert set(cells(lines[1])) == {"---"}
        assert len({len(cells(line)) for line in lines}) == 1
        assert len(lines) > 2


def test_a_blank_line_stands_before_every_heading_and_table(text):
    for before, line in itertools.pairwise(text.splitlines()):
        if line.startswith("#") or (line.startswith("|") and not before.startswith("|")):
            assert before == "", line
    assert "\n\n\n" not in text


def test_every_figure_is_linked_with_its_data_and_the_files_are_there(text, written, analysed):
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)
    assert {f"figures/{name}.png" for name in fitting(analysed)} == set(pictures)
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (written.markdown.parent / link).is_file()


def test_the_parts_are_those_of_the_page(text, written):
    page = written.report.read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    assert headings == re.findall(r'<h2 id="part-\w+">([^<]+)</h2>', page.replace("&#39;", "'"))


def test_every_verdict_is_there_with_its_difference(text, results):
    study = Analysed(results)
    for row in study.found(study.verdicts).itertuples():
        assert (
            f"{row.standing} | {signed(row.value)} |" in text.split(f"### {markdown.escape(row.task)}\n")[1]
        )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a|b", "a\\|b"),
        ("<script>", "\\<script\\>"),
        ("_a_ *b* `c`", "\\_a\\_ \\*b\\* \\`c\\`"),
        ("[x](y)", "\\[x\\](y)"),
        ("two\nlines", "two lines"),
        ("1. not a list", "1\\. not a list"),
        ("- neither", "\\- neither"),
        (0.5, "0.5"),
        (markdown.Raw("**b**"), "**b**"),
    ],
)
def test_nothing_from_outside_becomes_markup(given, expected):
    assert markdown.escape(given) == expected


def test_latex_is_balanced_and_its_rows_have_as_many_cells_as_the_table(sheets):
    assert set(sheets) == set(latex.SHEETS)
    for name, sheet in sheets.items():
        begun, ended = (re.findall(rf"\\{word}\{{(\w+)\}}", sheet) for word in ("begin", "end"))
        assert sorted(begun) == sorted(ended)
        assert sheet.replace("\\{", "").count("{") == sheet.replace("\\}", "").count("}")
        for columns, body in re.findall(
            r"\\begin\{tabular\}\{(\w+)\}(.*?)\\end\{tabular\}", sheet, re.DOTALL
        ):
            rows = [line for line in body.splitlines() if line.endswith(r"\\")]
            assert len(rows) > 2, name
            assert {len(re.split(r"(?<!\\)&", row)) for row in rows} == {len(columns)}
            assert [line for line in body.split() if line.endswith("rule")] == [
                r"\toprule",
                r"\midrule",
                r"\bottomrule",
            ]


def test_latex_has_only_what_every_engine_prints(sheets):
    for sheet in sheets.values():
        assert sheet.isascii()
        bare = re.sub(r"\$[^$]*\$", "", sheet.split(r"\begin{document}")[-1])
        assert not re.search(r"(?<!\\)[#^~]", bare)
        assert not re.search(r"(?<!\\)_", re.sub(r"\\(?:label|input)\{[^}]*\}", "", bare))


def test_the_document_takes_every_table_that_there_is(sheets):
    names = re.findall(r"\\input\{(\w+)\}", sheets["tables"])
    assert names == [name for name in latex.SHEETS if name != "tables"]
    for package in ("booktabs", "graphicx"):
        assert package in sheets["tables"]


def test_the_table_of_verdicts_says_what_the_verdicts_say(sheets, results):
    study = Analysed(results)
    lines = {
        line.split(" & ")[0].removeprefix("{}"): line
        for line in sheets["verdicts"].splitlines()
        if " & " in line
    }
    for cell, rows in study.found(study.verdicts).groupby("cell"):
        line = lines[latex.escape(cell)]
        for row in rows.itertuples():
            assert f"{latex.SIGNS[row.standing]} {latex.escape(signed(row.value))}" in line


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("50 % & more_less", r"50 \% \& more\_less"),
        ("a\\b{c}", r"a\textbackslash{}b\{c\}"),
        ("x < y ~ z^2 #1 $", r"x \textless{} y \textasciitilde{} z\textasciicircum{}2 \#1 \$"),
        ("−0.1 ±0.2", r"$-$0.1 $\pm$0.2"),
    ],
)
def test_latex_is_escaped(given, expected):
    assert latex.escape(given) == expected
