"""Every example of a page or a docstring is run, and prints what stands there; every command is one."""

import doctest
import importlib
import re
import shlex
import textwrap
from pathlib import Path

import pytest

from sweeps import cli

ROOT = Path(__file__).parents[2]
PACKAGES = ("lstm_variants", "experiments", "sweeps", "analysis")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.md"))]
# Run beside what they are about: by tests/lstm_variants, tests/experiments and tests/analysis.
ELSEWHERE = {"docs/cells.md", "docs/conformance.md", "docs/tasks.md", "docs/guides/own_claim.md"}


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def written(path):
    """The page, unless it is made from docstrings (which are tested) and stands beside others by chance."""
    made = path.parent.name in ("cells", "tasks") and path.parent.parent.name == "docs"
    return "" if made or "build" in path.parts else path.read_text(encoding="utf-8")


def blocks(path, language):
    return [
        (found.start(), textwrap.dedent(found[1]))
        for found in re.finditer(rf"^ *```{language}\n(.*?)^ *```", written(path), re.DOTALL | re.MULTILINE)
    ]


def modules():
    """Modules with examples, but for the tasks, of which each one's test runs its own."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if re.search(r"^ *>>> ", path.read_text(encoding="utf-8"), re.MULTILINE):
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                if not name.startswith("experiments.tasks."):
                    yield name


@pytest.mark.slow
@pytest.mark.parametrize("name", [*modules()])
def test_the_examples_in_the_docstrings_of_a_module_print_what_stands_there(name):
    tried = doctest.testmod(importlib.import_module(name))
    assert tried.attempted > 0
    assert tried.failed == 0


WITH_CODE = [path for path in PAGES if re.search(r"^ *```(python|pycon)$", written(path), re.MULTILINE)]


@pytest.mark.slow
@pytest.mark.parametrize("path", [p for p in WITH_CODE if name_of(p) not in ELSEWHERE], ids=name_of)
def test_the_examples_of_a_page_run_in_order_and_print_what_stands_there(path, monkeypatch):
    """Blocks of code alone print nothing that is looked at, sessions (>>>) must print what stands there."""
    monkeypatch.chdir(ROOT / "docs" if path.name == "verdicts.md" else ROOT)
    names = {"__name__": "__page__"}
    kinds = [(at, "python", code) for at, code in blocks(path, "python")]
    kinds += [(at, "pycon", code) for at, code in blocks(path, "pycon")]
    ran = 0
    for at, kind, code in sorted(kinds):
        if "torch." in code:
            pytest.importorskip("torch")
        if kind == "python":
            if "(..." not in code:  # else a part of something
                exec(compile(code, f"{path.name}:{at}", "exec"), names)
                ran += 1
            continue
        session = doctest.DocTestParser().get_doctest(code, names, path.name, str(path), 0)
        outcome = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF | doctest.NORMALIZE_WHITESPACE).run(
            session, clear_globs=False
        )
        assert outcome.attempted > 0
        assert outcome.failed == 0
        names |= session.globs
        ran += 1
    assert ran > 0


def commands(path):
    """Command lines of `lstm-variants` on a page: in blocks for a shell, and indented by four; what stands behind two
    spaces or a # says what it does."""
    text = re.sub(r"^```(?!sh$)[^`]*?^```$", "", written(path), flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r" *\\\n +", " ", text)
    for line in re.findall(r"^(?: {4}| {0}(?=lstm))(lstm-variants .*)$", text, re.MULTILINE):
        if " [" not in line:  # else how it is used, in general
            yield re.split(r" {2,}| #", line)[0].strip()


@pytest.mark.parametrize("path", [path for path in PAGES if [*commands(path)]], ids=name_of)
def test_every_command_of_a_page_is_one(path, capsys):
    for line in commands(path):
        words = shlex.split(line)[1:]
        try:
            assert cli.parser().parse_args(words).command == words[0]
        except SystemExit:
            pytest.fail(f"{line}: {capsys.readouterr().err}")
