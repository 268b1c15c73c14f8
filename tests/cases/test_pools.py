"""What is asked for of workers on the command line: which there are, and what is refused before anything runs."""

import argparse
import json

import pytest

from sweeps.cli import main
from sweeps.commands.common import cohort_of, memory_of, pool_of
from sweeps.commands.where_to_run import where_to_run
from sweeps.cores import cores
from sweeps.workers import cluster


def options(*given, study="quick"):
    parser = argparse.ArgumentParser()
    where_to_run(parser)
    found = parser.parse_args(given)
    found.study = study
    return found


def kinds(*given):
    return [(kind.many, kind.gpus, kind.wants) for kind in pool_of(options(*given)).kinds]


def test_workers_are_on_cores_on_gpus_or_on_both():
    cluster = ("--address", "auto")
    assert kinds() == [(len(cores()), 0.0, None)]
    assert kinds(*cluster) == [(None, 0.0, None)]
    assert kinds(*cluster, "--workers", "64") == [(64, 0.0, None)]
    assert kinds(*cluster, "--gpus-per-worker", "0.5") == [(None, 0.5, None)]
    assert kinds("--workers", "3", "--gpus-per-worker", "1") == [(3, 1.0, None)]
    assert kinds(*cluster, "--gpu-workers", "2") == [(2, 1.0, "wide"), (None, 0.0, "narrow")]
    assert kinds("--workers", "0", "--gpu-workers", "2") == [(2, 1.0, None)]
    assert kinds("--workers", "0") == []


def test_cohorts_are_a_gpus_only_where_all_workers_have_one():
    assert cohort_of(options("--gpus-per-worker", "1")) == 64
    assert cohort_of(options("--gpus-per-worker", "1", "--gpu-workers", "2")) is None
    assert cohort_of(options("--cohort", "8", "--gpus-per-worker", "1")) == 8


def test_memory_is_read_in_the_usual_units():
    assert memory_of("2GB") == memory_of("2GiB") == memory_of("2 g") == 2 * 2**30
    assert memory_of("1536M") == memory_of("1.5gb")


def test_a_runtime_environment_is_read_as_yaml_or_json(tmp_path):
    wanted = {"working_dir": ".", "env_vars": {"A": "1"}}
    (tmp_path / "env.yaml").write_text("working_dir: .\nenv_vars: {A: '1'}\n")
    (tmp_path / "env.json").write_text(json.dumps(wanted))
    for name in ("env.yaml", "env.json"):
        pool = pool_of(options("--address", "auto", "--runtime-env", str(tmp_path / name)))
        assert pool.environment == wanted


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--gpu-workers", "-1"], "--gpu-workers must be at least 0; got -1."),
        (["--gpus-per-worker", "1.5"], "must be a share of one, up to 1, or a whole number; got 1.5."),
        (["--gpus-per-worker", "-1"], "must be a share of one, up to 1, or a whole number; got -1."),
        (["--gpu-workers", "2", "--gpus-per-worker", "0"], "give each GPU worker a share of a GPU."),
        (["--memory-per-worker", "lots", "--address", "auto"], "such as 2GB or 512MB; got 'lots'."),
        (["--memory-per-worker", "2", "--address", "auto"], "at least 1MB"),
        (
            ["--memory-per-worker", "2GB"],
            "--memory-per-worker is for workers of a Ray cluster; add --address",
        ),
        (["--runtime-env", "{tmp}/good.yaml"], "--runtime-env is for workers of a Ray cluster"),
        (["--runtime-env", "{tmp}/none.yaml"], "none.yaml cannot be read: No such file or directory."),
        (["--runtime-env", "{tmp}/list.yaml"], "must hold fields, such as `working_dir: .`; got list."),
        (["--runtime-env", "{tmp}/torn.yaml"], "torn.yaml is neither YAML nor JSON"),
        (["--runtime-env", "{tmp}/typo.yaml", "--address", "local"], "Did you mean 'working_dir'?"),
        (["--runtime-env", "{tmp}/wrong.yaml", "--address", "local"], "--runtime-env: "),
        (["--wait-for-workers", "0"], "--wait-for-workers must be a positive number of seconds; got 0."),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(given, told, tmp_path, capsys):
    files = {
        "good": "working_dir: .",
        "list": "[a]",
        "torn": "a: [",
        "typo": "workingdir: .",
        "wrong": "env_vars: 3",
    }
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    given = [text.replace("{tmp}", str(tmp_path)) for text in given]
    results = str(tmp_path / "results")
    assert main(["sweep", "quick", "--wandb", "off", "--results", results, *given]) == 2
    assert told in capsys.readouterr().err


def test_results_that_would_go_with_a_jobs_copy_of_the_folder_are_refused(tmp_path, monkeypatch, capsys):
    copy = tmp_path / "working_dir_files" / "_ray_pkg_0123"
    copy.mkdir(parents=True)
    monkeypatch.chdir(copy)
    assert main(["sweep", "quick", "--wandb", "off"]) == 2
    assert "Give an absolute path that every node sees." in capsys.readouterr().err


def test_room_is_counted_by_node_with_cores_for_gpus_set_aside(monkeypatch):
    def nodes():
        sizes = [
            {"CPU": 4.0, "memory": 2.0 * 2**30},
            {"CPU": 8.0, "GPU": 2.0, "memory": 64.0 * 2**30},
            {"CPU": 100.0},
        ]
        return [{"Alive": i < 2, "Resources": size} for i, size in enumerate(sizes)]

    monkeypatch.setattr(cluster.ray, "nodes", nodes)

    def room(*given):
        pool = pool_of(options("--address", "auto", *given))
        return [cluster.Actors(pool).room(kind) for kind in pool.kinds]

    assert room() == [12]
    assert room("--memory-per-worker", "1GB") == [10]
    assert room("--gpus-per-worker", "0.5") == [4]
    assert room("--gpus-per-worker", "0.4") == [4]  # no worker has parts of two GPUs
    assert room("--gpu-workers", "2") == [2, 10]
