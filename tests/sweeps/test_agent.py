"""Trials driven by W&B's own agent: parameters in, a run of its sweep out. The server is the stand-in."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import wandb
from wandb_server import WandbServer

from sweeps import cli

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quiet_home")]

PARAMETERS = {
    "optimizer.learning_rate": {"value": 0.02},
    "optimizer": {"value": {"clip": 5.0}},
    "cell": {"value": "mine"},
    "cells": {"value": {"mine": {"type": "GRU", "hidden": 4}, "other": {"type": "LSTM", "hidden": 3}}},
    "task": {"value": "adding"},
    "steps": {"value": {"adding": 40, "copy_memory": 50}},
    "batch": {"value": 4},
}


class Sweeping(WandbServer):
    """A server with a sweep that asks for one run."""

    beats = 0
    command: tuple[str, ...] = ()

    def answer_SweepWithRuns(self, variables: dict) -> dict[str, object]:
        command = ", ".join(json.dumps(word) for word in self.command)
        config = f"method: random\nprogram: unused\nparameters: {{x: {{value: 1}}}}\ncommand: [{command}]\n"
        sweep = dict.fromkeys(
            ("bestLoss", "controller", "scheduler", "description", "createdAt", "updatedAt")
        )
        sweep |= {
            "id": "s",
            "name": variables["sweep"],
            "method": "random",
            "state": "RUNNING",
            "config": config,
        }
        sweep |= {"heartbeatAt": None, "earlyStopJobRunning": False, "runs": {"edges": []}}
        return {"project": {"sweep": sweep}}

    def answer_CreateAgent(self, _: dict) -> dict[str, object]:
        return {"createAgent": {"agent": {"id": "a"}}}

    def answer_Heartbeat(self, variables: dict) -> dict[str, object]:
        self.beats += 1
        asked = [{"type": "run", "run_id": "r1", "program": "unused", "args": PARAMETERS}]
        ended = [{"type": "exit"}] if variables["runState"] == "{}" else []
        commands = asked if self.beats == 1 else ended
        return {"agentHeartbeat": {"agent": {"id": "a"}, "commands": json.dumps(commands)}}


def test_an_agent_trains_what_its_sweep_asks_for_and_the_run_keeps_the_whole_spec(tmp_path: Path) -> None:
    ours = [sys.executable, "-m", "sweeps.cli", "train", "--wandb", "--results", str(tmp_path / "results")]
    with Sweeping() as server:
        server.command = (*ours, "--params", "${args_json}")
        env = os.environ | server.environment | {"WANDB_AGENT_REPORT_INTERVAL": "0"}
        env["PYTHONPATH"] = str(Path(cli.__file__).parents[1])
        done = subprocess.run(
            [sys.executable, "-m", "wandb", "agent", "me/p/s"],
            env=env,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert server.runs.keys() == {"r1"}, done.stdout[-2000:]
        run = server.runs["r1"]
    assert run.exit_code == 0
    spec = run.config["trial"]
    assert spec["cell"]["type"] == "GRU"
    assert spec["cell"]["hidden"] == 4
    assert (spec["optimizer"]["learning_rate"], spec["optimizer"]["clip"]) == (0.02, 5.0)
    assert run.summary["status"] == "finished"
    assert run.history[-1]["step"] == 40
    assert run.history[-1]["curve/adding"] == run.history[-1]["valid_score"]


def test_a_trial_that_wandb_does_not_take_is_stored_and_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(**_: object) -> None:
        raise wandb.errors.CommError("returned error 401: <no message>")

    monkeypatch.setattr(wandb, "init", refuse)
    trial = ["--cell", "gru", "--task", "adding", "--hidden", "2", "--steps", "2", "--batch", "2"]
    told = ["train", *trial, "--results", str(tmp_path)]
    assert cli.main([*told, "--wandb"]) == 1
    assert "the server does not accept the API key" in " ".join(capsys.readouterr().out.split())
    assert cli.main(told) == 0
    assert "stored already" in capsys.readouterr().out


@pytest.mark.parametrize("params", ["[1]", "{", '"x"', "{'cell': 'gru'}"])
def test_params_that_are_no_object_are_refused(params: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "--params", params]) == 2
    assert "takes one JSON object" in capsys.readouterr().err


def test_a_misspelt_parameter_is_refused_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    params = json.dumps({"cell": "gru", "task": "adding", "optimizer": {"learnign_rate": 0.1}})
    assert cli.main(["train", "--params", params]) == 2
    assert "learning_rate" in capsys.readouterr().err
