"""The results store: append-only Parquet parts, and what the study declared beside them."""

from sweeps.store.declaration import Declaration
from sweeps.store.store import Store

__all__ = ["Declaration", "Store"]
