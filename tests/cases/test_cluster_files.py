"""The files of the guide to clusters are what Ray, our command line and a shell accept."""

import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config
from ray.runtime_env import RuntimeEnv

from sweeps.cli import parser

FILES = Path(__file__).parents[2] / "docs" / "guides" / "cluster"


def read(name):
    return yaml.safe_load((FILES / name).read_text())


def test_ray_accepts_the_cluster_and_refuses_one_with_an_unknown_field():
    validate_config(prepare_config(read("ray_cluster.yaml")))
    with pytest.raises(Exception, match="idle_timeout"):
        validate_config(prepare_config(read("ray_cluster.yaml") | {"idle_timeout": 5}))


def test_the_runtime_environment_has_fields_that_ray_knows():
    assert set(read("env.yaml")) <= RuntimeEnv.known_fields


def test_the_job_gives_the_sweep_options_that_it_has():
    words = shlex.split(read("rayjob.yaml")["spec"]["entrypoint"])
    options = parser().parse_args(words[1:])
    assert (options.command, options.workers, options.gpu_workers) == ("sweep", 64, 2)


def test_the_batch_script_is_one_that_a_shell_can_read():
    subprocess.run(["bash", "-n", FILES / "sweep.sbatch"], check=True)
