"""The report: self-contained, escaped, honest about what is missing."""

import dataclasses
import html.parser
import re
from collections import Counter

import pandas as pd
import pytest
from stores import study, trial_row, write_store

from analysis.figures import FIGURES, fitting
from analysis.report import figure_files
from analysis.report.content import CONTENTS, content, shown
from analysis.report.html import html as laid_out
from analysis.report.write import write_report
from analysis.study import tables
from analysis.study.results import load
from analysis.study.tables import Analysed
from sweeps.errors import InputError

pytestmark = pytest.mark.slow

QUICK = {"differences": FIGURES["differences"]}


class Page(html.parser.HTMLParser):
    """What a browser would load, every id, and the text."""

    def __init__(self, page):
        super().__init__()
        self.loads, self.links, self.ids, self.text, self.hidden = [], [], [], [], 0
        self.feed(page.read_text(encoding="utf-8"))
        self.words = " ".join(" ".join(self.text).split())

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.hidden += tag in ("style", "script")
        self.ids += [found["id"]] if "id" in found else []
        if tag == "a":
            self.links.append(found["href"])
        else:
            self.loads += [
                (tag, found[k]) for k in ("src", "href", "xlink:href", "srcset", "data") if k in found
            ]

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "script")

    def handle_data(self, data):
        if not self.hidden:
            self.text.append(data)


@pytest.fixture(scope="module")
def page(written):
    return Page(written.report)


def test_the_page_loads_nothing_from_anywhere(page, written):
    assert all(target.startswith("#") for _, target in page.loads)
    text = written.report.read_text(encoding="utf-8")
    assert not re.search(r"@import|url\((?!#)|<script|<link|<iframe", text)
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", text)


def test_references_inside_the_page_find_their_target_once(page, written):
    text = written.report.read_text(encoding="utf-8")
    wanted = {t[1:] for _, t in page.loads} | set(re.findall(r"url\(#([^)]+)\)", text))
    assert wanted <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_every_figure_of_such_a_study_has_its_picture_twice_and_its_data(page, written, analysed):
    assert set(written.figures) == set(fitting(analysed))
    for name, png in written.figures.items():
        assert png.read_bytes().startswith(b"\x89PNG")
        assert png.with_suffix(".svg").read_text(encoding="utf-8").startswith("<?xml")
        assert len(pd.read_csv(png.with_suffix(".csv"))) > 1
        assert f'aria-label="{FIGURES[name].title}"' in written.report.read_text(encoding="utf-8")


def test_links_lead_to_files_beside_the_page_or_to_its_parts(page, written, analysed):
    inside = [link[1:] for link in page.links if link.startswith("#")]
    beside = [link for link in page.links if not link.startswith("#")]
    assert set(inside) <= set(page.ids)
    assert set(inside) == {
        f"part-{anchor}" for anchor in CONTENTS if anchor not in ("facts", "protocol", "flow")
    }
    assert {f"figures/{name}.csv" for name in fitting(analysed)} <= set(beside)
    assert not {f"figures/{name}.csv" for name in ("race", "ranks")} & set(beside)
    assert all((written.report.parent / link).is_file() for link in beside)


def test_the_verdict_comes_first_then_the_question_then_the_evidence(page):
    parts = [
        "Of 8 cells compared with lstm",
        "Each cell against lstm, best first.",
        "Undecided, and why",
        "Further seeds per cell:",
        "Controls passed.",
        "Published claims, one check per task:",
        "Over all tasks together, against lstm",
        "Question",
        "Do the variants of the LSTM differ",
        "Each cell against lstm, by test score",
        "Over all tasks",
        "By measure",
        "Bayesian counterpart",
        "What explains the scores",
        "Where cells differ",
        "Effect of the search budget",
        "Published claims, checked here",
        "Every seed",
        "Chosen configurations",
        "Worker time",
        "Provenance",
    ]
    places = []
    for part in parts:
        places.append(page.words.index(part, places[-1] + 1 if places else 0))
    assert "NOT TRUSTWORTHY" not in page.words


def test_every_measure_has_its_column_and_its_margin(page):
    for title in ("solved fraction (±0.2)", "log₂ of updates to solve (±0.25, lower is better)"):
        assert title in page.words


def test_the_posterior_and_the_further_seeds_stand_beside_every_verdict(page, results):
    study = Analysed(results)
    table = study.found(study.verdicts)
    undecided = table[(table["verdict"] == "undecided") & table["seeds_to_decide"].notna()]
    assert len(undecided)
    assert "within the margin" in page.words
    assert f"about {undecided['seeds_to_decide'].max():,.0f} further seeds a side" in page.words


def test_every_verdict_is_in_the_table_beside_the_page(written):
    table = pd.read_csv(written.verdicts)
    assert len(table) == 90
    assert set(table["verdict"]) == {"equivalent", "different", "undecided"}


def test_diverged_seeds_are_shown_as_such(page):
    assert "1 diverged, counted as score 0" in page.words


def test_cost_and_provenance_are_told(page):
    assert "280 of 280 planned trials have results" in page.words
    assert "0123456789abcdef" in page.words
    assert "optimizer.learning_rate" in page.words
    assert "steps = 2000" in page.words


def test_both_light_and_dark_are_catered_for(written):
    text = written.report.read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport"' in text
    svg = text[text.index("<svg") :]
    assert "currentColor" in svg
    assert "#1f2933" not in svg


def test_much_evidence_is_folded_away(written):
    text = written.report.read_text(encoding="utf-8")
    assert text.count("<details") == text.count("</details>") > 10
    assert "<details open><summary><h3>adding" in text  # few tasks are open
    assert text.index('id="glance"') < text.index("<details")


def test_with_few_tasks_there_are_average_ranks_without_a_diagram_and_why(page, written):
    text = written.report.read_text(encoding="utf-8")
    assert "No critical-difference diagram: over 2 tasks" in page.words
    assert text.index("<h3>Average ranks</h3>") < text.index("Ranks ignore the margin")


def test_claims_are_a_table_and_those_that_are_decided_come_first(written):
    text = written.report.read_text(encoding="utf-8")
    first = text.split("<h3>Published claims</h3>")[1].split("<h3>Beside the verdicts</h3>")[0]
    statuses = re.findall(r'class="badge (\w+)"', first)
    assert {"holds", "undecided"} <= set(statuses)
    assert statuses == sorted(statuses, key=["fails", "holds", "undecided"].index)
    assert first.count("<li>") == 0


def test_a_broken_control_comes_before_the_finding_and_a_passed_one_after_it(small, written, tmp_path):
    passed = written.report.read_text(encoding="utf-8")
    assert passed.index('class="headline"') < passed.index('class="stamp"')
    study = Analysed(load(small, "synthetic"))
    broken = dataclasses.replace(study.declaration, different=[["lstm_again", "lstm", "adding"]])
    told = content(Analysed(dataclasses.replace(study.results, declaration=broken)))
    page = laid_out(told | shown({}))
    assert page.index("NOT TRUSTWORTHY") < page.index('class="headline"')
    assert "Controls passed." not in page


def test_tables_lie_beside_the_page(written, results):
    folder, table = written.report.parent, Analysed(results).verdicts
    over = pd.read_csv(folder / "overall.csv")
    assert len(over) == 45
    assert set(over["task"]) == {"all tasks"}
    measures = pd.read_csv(folder / "measures.csv")
    assert len(measures) == len(table) * measures["measure"].nunique()
    assert {"test_score", "solved", "log_steps", "diverged"} <= set(measures["measure"])
    assert {"holds", "undecided"} <= set(pd.read_csv(folder / "claims.csv")["status"])


def test_a_report_computes_verdicts_and_forests_once(small, tmp_path, monkeypatch):
    counts = Counter()

    def counted(name, function):
        def called(*arguments):
            counts[name] += 1
            return function(*arguments)

        monkeypatch.setattr(tables, name, called)

    counted("verdicts", tables.verdicts)
    counted("explained", tables.explained)
    counted("trust", tables.trust)
    write_report(small, "synthetic", tmp_path / "report")
    assert counts == {"verdicts": 1, "explained": 1, "trust": 1}


def test_a_second_process_draws_the_same_figures(small, tmp_path, monkeypatch):
    some = {name: FIGURES[name] for name in ("glance", "solved", "scores")}
    study = Analysed(load(small, "synthetic"))
    monkeypatch.setattr(figure_files, "cores", lambda: [0, 1])
    found = []
    for many in (10**9, 0):
        monkeypatch.setattr(figure_files, "MANY", many)
        folder = tmp_path / str(many)
        folder.mkdir()
        with figure_files.helped(study, small, folder, some) as helper:
            assert (helper is None) == (many > 0)
            found.append(figure_files.pictures(study, folder, some, helper))
    assert found[0] == found[1]
    assert all(figure["svg"] for figure in found[1].values())


def test_where_the_second_process_fails_the_figures_are_drawn_here(small, tmp_path, monkeypatch):
    some = {name: FIGURES[name] for name in ("scores", "solved")}
    monkeypatch.setattr(figure_files, "cores", lambda: [0, 1])
    monkeypatch.setattr(figure_files, "MANY", 0)
    study = Analysed(load(small, "synthetic"))
    with figure_files.helped(study, tmp_path / "nowhere", tmp_path, some) as helper:
        found = figure_files.pictures(study, tmp_path, some, helper)
    assert helper.process.returncode != 0
    assert all(figure["svg"] for figure in found.values())


def test_the_second_process_ends_with_what_it_helps(small, tmp_path, monkeypatch):
    monkeypatch.setattr(figure_files, "cores", lambda: [0, 1])
    monkeypatch.setattr(figure_files, "MANY", 0)
    some = {name: FIGURES[name] for name in ("scores", "solved")}
    with (
        pytest.raises(KeyboardInterrupt),
        figure_files.helped(Analysed(load(small, "synthetic")), small, tmp_path, some) as helper,
    ):
        raise KeyboardInterrupt
    assert helper.process.returncode != 0


def test_a_running_sweep_has_a_report_that_says_how_far_it_is(tmp_path):
    made = study(cells=("lstm", "lstm_again", "rnn"), tasks=("adding",), seeds=4)
    some = [row for row in made.trials if row["stage"] == "search" or row["cell"] == "lstm"]
    write_store(tmp_path, dataclasses.replace(made, trials=some, curves=[]))
    words = Page(write_report(tmp_path, "synthetic", figures=QUICK).report).words
    assert "NOT TRUSTWORTHY: Incomplete: 22 of 30 trials have results" in words
    assert "too few confirmed seeds: 0 of rnn, 4 of lstm" in words
    assert "No data yet." in words


def test_a_study_with_no_result_yet_has_a_report(tmp_path):
    made = study(cells=("lstm", "lstm_again", "rnn"), tasks=("adding",), seeds=2)
    write_store(tmp_path, dataclasses.replace(made, trials=[], curves=[]))
    written = write_report(tmp_path, "synthetic")
    words = Page(written.report).words
    assert "NOT TRUSTWORTHY: Incomplete: 0 of 24 trials" in words
    assert "No verdicts yet" in words
    assert written.figures == {}


def test_without_curves_and_without_a_search_there_is_a_report(tmp_path):
    made = study(cells=("lstm", "lstm_again", "rnn"), tasks=("adding",), seeds=3, search=1)
    confirm = [row for row in made.trials if row["stage"] == "confirm"]
    ids = [row["trial_id"] for row in confirm]
    declaration = dataclasses.replace(made.declaration, plan={"confirm": ids}, total={"confirm": len(ids)})
    write_store(tmp_path, dataclasses.replace(made, trials=confirm, curves=[], declaration=declaration))
    written = write_report(tmp_path, "synthetic")
    words = Page(written.report).words
    assert "Of 1 cell compared with lstm" in words
    assert "area under the learning curve" not in words
    assert "part-protocol" not in Page(written.report).ids
    assert {"glance", "scores"} <= set(written.figures)
    assert not {"importance", "budget", "learning_curves"} & set(written.figures)


def test_nothing_from_the_store_becomes_markup(tmp_path):
    evil = "<script>alert(1)</script>"
    made = study(cells=("lstm", "rnn"), tasks=(evil,), seeds=3, search=1)
    failed = trial_row(
        trial_id=made.trials[0]["trial_id"], task=evil, stage="search", status="failed", error=evil
    )
    rows = [failed, *({**row, "device": evil, "commit": evil} for row in made.trials[1:])]
    declaration = dataclasses.replace(made.declaration, doc=evil)
    write_store(tmp_path, dataclasses.replace(made, trials=rows, declaration=declaration))
    written = write_report(tmp_path, "synthetic", figures=QUICK)
    assert "<script" not in written.report.read_text(encoding="utf-8").lower()
    assert Page(written.report).words.count(evil) > 5
    text = written.markdown.read_text(encoding="utf-8")
    assert not re.search(r"(?<!\\)<script", text)
    assert "\\<script\\>alert(1)\\</script\\>" in text
    assert all("<script" not in path.read_text(encoding="utf-8") for path in written.latex.values())


def test_the_report_goes_where_it_is_told_and_a_small_one_needs_no_second_process(
    tmp_path, small, monkeypatch
):
    monkeypatch.setattr(figure_files, "start", lambda *_: pytest.fail("a process was started"))
    written = write_report(small, "synthetic", tmp_path / "there", figures={})
    assert written.report == tmp_path / "there" / "report.html"
    assert written.report.is_file()


def test_a_file_in_the_way_of_the_report_is_an_input_error(tmp_path, folder):
    (tmp_path / "there").write_text("x")
    with pytest.raises(InputError, match=r"--out needs a directory; .*there is a file"):
        write_report(folder, "synthetic", tmp_path / "there", figures={})
