"""What the guides show can be run, and what they include is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
PAGES = [*GUIDES, *(ROOT / "docs" / f"{name}.md" for name in ("index", "contributing", "changelog"))]


def blocks(path, language):
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_included_section_is_where_the_page_looks_for_it(path):
    for name, options in re.findall(
        r"```\{include\} (\S+)\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL
    ):
        text = (path.parent / name).resolve().read_text(encoding="utf-8")
        for mark in re.findall(r'^:(?:start-after|end-before): "?(.*?)"?$', options, re.MULTILINE):
            assert text.count(mark) == 1, f"{name} needs {mark!r} once"


@pytest.mark.slow
def test_the_guide_on_claims_evaluates_its_claim(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    names: dict = {}
    for block in blocks(ROOT / "docs" / "guides" / "own_claim.md", "python"):
        exec(block, names)
    told = capsys.readouterr().out
    assert re.search(r"^\w+ (holds|fails|undecided) ", told, re.MULTILINE)


def test_the_guide_on_pytorch_converts_weights_there_and_back():
    names: dict = {}
    exec(blocks(ROOT / "docs" / "guides" / "from_pytorch.md", "python")[0], names)
    assert names["state_dict"]["weight_ih_l0"].shape == (64, 3)
