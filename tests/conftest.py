"""Sweeps in tests keep their compiled programs in the repository's own cache folder, not in the user's."""

import os
from pathlib import Path

os.environ.setdefault("LSTM_VARIANTS_CACHE", str(Path(__file__).parents[1] / ".pytest_cache" / "xla"))
