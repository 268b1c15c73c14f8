"""A user's own modules, on their way to the workers."""

import sys
from pathlib import Path
from typing import Any


def send_modules_of(folder: Path, pickle: Any) -> None:
    """Have `pickle`, a cloudpickle, send modules that lie beside a user's study file by value: workers cannot
    import them."""
    ours = {"lstm_variants", "experiments", "sweeps", "analysis"}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not file or name == "__main__" or name.partition(".")[0] in ours:
            continue
        path = Path(file).absolute()
        if path.is_relative_to(folder) and not {"site-packages", "lib"} & set(path.parts):
            pickle.register_pickle_by_value(module)
