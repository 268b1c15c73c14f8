"""One realistic store, read and reported once for all tests here."""

import pytest
from stores import study, write_store

from analysis.report.write import write_report
from analysis.study.results import load
from analysis.study.tables import Analysed


@pytest.fixture(scope="session")
def made():
    return study()


@pytest.fixture(scope="session")
def folder(made, tmp_path_factory):
    path = tmp_path_factory.mktemp("results")
    write_store(path, made)
    return path


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """Another store, of three cells on one task."""
    path = tmp_path_factory.mktemp("small")
    write_store(path, study(cells=("lstm", "lstm_again", "rnn"), tasks=("adding",), seeds=4, search=3))
    return path


@pytest.fixture(scope="session")
def results(folder):
    return load(folder, "synthetic")


@pytest.fixture(scope="session")
def analysed(results):
    return Analysed(results)


@pytest.fixture(scope="session")
def written(folder):
    return write_report(folder, "synthetic")
