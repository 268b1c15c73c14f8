"""Search strategies, one a file. A new one needs nothing but its file: see `sweeps.strategy`."""
