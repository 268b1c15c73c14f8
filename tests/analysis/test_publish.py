"""What the README shows is what was measured: the shipped results give the README's block again."""

import shutil
from pathlib import Path

import pytest

from analysis.load import load
from analysis.publish import block, publish
from analysis.report import published
from sweeps.errors import InputError
from sweeps.store import Store

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "docs" / "quick"


def test_the_readme_is_what_the_shipped_results_say(tmp_path):
    readme = tmp_path / "README.md"
    shutil.copy(ROOT / "README.md", readme)
    publish(readme, str(SHIPPED / "results"), "quick", tmp_path / "docs" / "quick")
    assert readme.read_text() == (ROOT / "README.md").read_text()
    for name in ("verdicts.csv", "differences.csv"):
        assert (tmp_path / "docs" / "quick" / name).read_text() == (SHIPPED / name).read_text()
    assert (SHIPPED / "differences.png").is_file()


def test_the_page_on_the_classics_is_what_the_shipped_results_say():
    page = (ROOT / "docs" / "classics.md").read_text()
    inside = page.split("<!-- classics:begin -->\n")[1].split("\n<!-- classics:end -->")[0]
    assert inside == block(
        load(ROOT / "docs" / "classics" / "results", "classics"), "classics/differences.png"
    )
    assert (ROOT / "docs" / "classics" / "differences.png").is_file()


def test_every_published_fact_that_does_not_hold_says_why_as_far_as_it_is_known():
    told = published(load(ROOT / "docs" / "classics" / "results", "classics"))
    assert len(told) >= 8
    assert not (told["status"] == "not tested").any()
    assert (told.loc[told["status"] != "holds", "reason"].str.len() > 20).all()


@pytest.mark.parametrize("name", ["quick", "classics"])
def test_the_shipped_results_are_the_whole_study(name):
    store = Store(ROOT / "docs" / name / "results", name)
    declared = store.declaration()
    stored = set(store.trials(["trial_id"])["trial_id"].to_pylist())
    assert stored == {i for ids in declared.plan.values() for i in ids}
    assert len(stored) == sum(declared.total.values())


def test_the_copy_that_is_shipped_is_the_study_row_by_row(folder, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- synthetic:begin -->\nold\n<!-- synthetic:end -->\nafter\n")
    publish(readme, str(folder), "synthetic", tmp_path / "docs")
    copy, source = Store(tmp_path / "docs" / "results", "synthetic"), Store(folder, "synthetic")
    by_id = {row["trial_id"]: row for row in source.trials().to_pylist()}
    assert {row["trial_id"]: row for row in copy.trials().to_pylist()} == by_id
    assert copy.curves().num_rows == source.curves().num_rows
    text = readme.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "against lstm" in text


def test_a_readme_without_a_place_for_the_results_is_refused(folder, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("nothing")
    with pytest.raises(InputError, match="has no lines <!-- synthetic:begin -->"):
        publish(readme, str(folder), "synthetic", tmp_path / "docs")
    assert readme.read_text() == "nothing"
