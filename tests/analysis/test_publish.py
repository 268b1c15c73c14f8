"""What the pages show is what was measured: the shipped results give their blocks again."""

import dataclasses
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from shipped import of_docs

from analysis.report.content import published
from analysis.report.publish import BLOCKS, filled, places, publish
from analysis.study.results import load
from analysis.study.tables import Analysed
from sweeps.errors import InputError
from sweeps.store.store import Store

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
STUDIES = sorted(path.parent.name for path in DOCS.glob("*/results"))
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
SHOWN = [
    (page, study) for page in PAGES for study in STUDIES if places(page.read_text(encoding="utf-8"), study)
]


def test_every_shipped_study_is_shown_and_every_place_is_of_one():
    assert {study for _, study in SHOWN} == set(STUDIES)
    assert {"quick", "classics"} <= set(STUDIES)
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    begun = set(re.findall(r"<!-- (\w+)(?::headline)?:begin -->", text))
    others = {"tasks", "cells", "runs", "memory", "gates", "texts", "generated"}  # which other commands write
    assert begun - others == set(STUDIES)


@pytest.mark.parametrize(("page", "study"), SHOWN, ids=lambda value: getattr(value, "name", value))
def test_a_page_shows_what_the_shipped_results_say(page, study):
    text = page.read_text(encoding="utf-8")
    folder = DOCS / study
    assert filled(text, of_docs(study), str(folder.relative_to(page.parent))) == text
    pictures = re.findall(rf"!\[[^\]]*\]\(([^)]*{study}/\w+\.png)\)", text)
    assert len(pictures) >= len(places(text, study))
    assert all((page.parent / picture).is_file() for picture in pictures)


def test_the_tables_beside_the_quick_study_are_what_its_results_say(tmp_path):
    readme = tmp_path / "README.md"
    shutil.copy(ROOT / "README.md", readme)
    publish([readme], str(DOCS / "quick" / "results"), "quick", tmp_path / "docs" / "quick")
    written = sorted(path.name for path in (tmp_path / "docs" / "quick").glob("*.csv"))
    assert written == sorted(path.name for path in (DOCS / "quick").glob("*.csv"))
    for name in written:
        ours, shipped = (
            pd.read_csv(folder / name) for folder in (tmp_path / "docs" / "quick", DOCS / "quick")
        )
        pd.testing.assert_frame_equal(ours, shipped, rtol=1e-9)  # the last bits are the processor's
    assert readme.read_text() == (ROOT / "README.md").read_text()


def test_every_published_fact_that_does_not_hold_says_why_as_far_as_it_is_known():
    told = published(of_docs("classics"))
    assert len(told) >= 8
    assert not (told["status"] == "not tested").any()
    assert (told.loc[told["status"] != "holds", "reason"].str.len() > 20).all()


@pytest.mark.parametrize("name", STUDIES)
def test_the_shipped_results_are_the_whole_study(name):
    store = Store(DOCS / name / "results", name)
    declared = store.declaration()
    stored = set(store.trials(["trial_id"])["trial_id"].to_pylist())
    assert stored == {i for ids in declared.plan.values() for i in ids}
    assert len(stored) == sum(declared.total.values())


def test_the_copy_that_is_shipped_is_the_study_row_by_row(folder, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(
        "before\n<!-- synthetic:begin -->\nold\n<!-- synthetic:end -->\nbetween\n"
        "<!-- synthetic:headline:begin -->\nold\n<!-- synthetic:headline:end -->\nafter\n"
    )
    publish([readme], str(folder), "synthetic", tmp_path / "docs")
    copy, source = Store(tmp_path / "docs" / "results", "synthetic"), Store(folder, "synthetic")
    by_id = {row["trial_id"]: row for row in source.trials().to_pylist()}
    assert {row["trial_id"]: row for row in copy.trials().to_pylist()} == by_id
    assert copy.curves().num_rows == source.curves().num_rows
    text = readme.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    long, short = text.split("between")
    assert "against lstm" in long
    assert "(docs/differences.png)" in long
    assert short.count("Of 8 cells compared with lstm") == 1
    assert "(docs/glance.png)" in short
    assert "Over all tasks together, against lstm" in short
    assert not (tmp_path / "docs" / "race.png").exists()
    for name in ("glance.png", "differences.png"):
        assert (tmp_path / "docs" / name).is_file()
    for name in ("verdicts.csv", "overall.csv", "claims.csv", "glance.csv"):
        assert len(pd.read_csv(tmp_path / "docs" / name)) > 10
    assert filled(text, Analysed(load(tmp_path / "docs" / "results", "synthetic")), "docs") == text


def test_results_that_are_their_own_target_by_another_name_stay(folder, tmp_path):
    page, docs = tmp_path / "page.md", tmp_path / "docs"
    page.write_text("<!-- synthetic:headline:begin -->\n<!-- synthetic:headline:end -->\n")
    shutil.copytree(folder, docs / "results")
    (tmp_path / "link").symlink_to(docs)
    before = Store(docs / "results", "synthetic").trials(["trial_id"]).num_rows
    publish([page], str(tmp_path / "link" / "results"), "synthetic", docs)
    assert Store(docs / "results", "synthetic").trials(["trial_id"]).num_rows == before > 100


def test_a_page_without_a_place_for_the_results_is_refused(folder, tmp_path):
    readme = tmp_path / "README.md"
    for text in (
        "nothing",
        "<!-- synthetic:begin -->\nno end\n",
        "<!-- other:begin -->\n<!-- other:end -->\n",
    ):
        readme.write_text(text)
        with pytest.raises(InputError, match="has no lines <!-- synthetic:begin -->"):
            publish([readme], str(folder), "synthetic", tmp_path / "docs")
        assert readme.read_text() == text
    assert not (tmp_path / "docs").exists()


def test_the_price_is_in_hours_where_it_is_large(results):
    long = results.trials.assign(run_seconds=3600.0)
    told = BLOCKS[":headline"](Analysed(dataclasses.replace(results, trials=long)), "docs")
    assert "280 trials, 280 core hours of training and compiling" in told
