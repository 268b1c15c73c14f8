"""What PyTorch computes, kept as numbers: `python tests/support/golden_torch.py` writes them again.

Networks of `torch.nn`, 1 and 2 layers, with random weights and biases, random first states and inputs
(T, B, n): their state dict, outputs and final states. float32 is written with the digits that bring back the same
bits.
"""

import json
from pathlib import Path

import numpy as np
import torch

PATH = Path(__file__).parents[1] / "lstm_variants" / "golden" / "torch.json"
KINDS = {
    "rnn-tanh": lambda *sizes, **more: torch.nn.RNN(*sizes, nonlinearity="tanh", **more),
    "rnn-relu": lambda *sizes, **more: torch.nn.RNN(*sizes, nonlinearity="relu", **more),
    "lstm": torch.nn.LSTM,
    "gru": torch.nn.GRU,
}
T, B, N, H = 5, 2, 3, 4


def network(kind, layers, generator, inputs=N, hidden=H):
    """A network with all numbers drawn anew: its own are uniform and small."""
    made = KINDS[kind](inputs, hidden, num_layers=layers)
    # With relu a smaller scale keeps states within an order of magnitude.
    scale = 0.3 if kind == "rnn-relu" else 0.7
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.from_numpy(scale * generator.standard_normal(parameter.shape)))
    return made


def ran(made, xs, first):
    """Outputs (T, B, h) and the final states, one (layers, B, h) each, of a run from first states."""
    lstm = isinstance(made, torch.nn.LSTM)
    ys, last = made(xs, tuple(first) if lstm else first[0])
    return ys, last if lstm else (last,)


def states(kind):
    """Names of the states, in PyTorch's order."""
    return ("h", "c") if kind == "lstm" else ("h",)


def text(tensor):
    """A flat list of the shortest decimals that are the same float32."""
    return [float(str(number)) for number in tensor.detach().numpy().ravel()]


def example(kind, layers):
    generator = np.random.default_rng([len(kind), layers])
    made = network(kind, layers, generator)
    draw = lambda *shape: torch.from_numpy(generator.standard_normal(shape).astype(np.float32))  # noqa: E731
    xs, first = draw(T, B, N), [draw(layers, B, H) for _ in states(kind)]
    ys, last = ran(made, xs, first)
    arrays = {"inputs": xs, "outputs": ys}
    for name, start, end in zip(states(kind), first, last, strict=True):
        arrays |= {f"first {name}": start, f"last {name}": end}
    for name, value in made.state_dict().items():
        arrays[f"weights {name}"] = value
    return {name: {"shape": list(a.shape), "values": text(a)} for name, a in arrays.items()}


def main():
    examples = {f"{kind}-{layers}": example(kind, layers) for kind in KINDS for layers in (1, 2)}
    lines = [
        f"{json.dumps(case)}: {{\n"
        + ",\n".join(f"  {json.dumps(name)}: {json.dumps(array)}" for name, array in arrays.items())
        + "\n}"
        for case, arrays in examples.items()
    ]
    PATH.write_text(f'{{"torch": "{torch.__version__.partition("+")[0]}",\n' + ",\n".join(lines) + "}\n")


if __name__ == "__main__":
    main()
