"""How far back the confirmed networks of a study look: trained again, measured, kept beside their rows.

wanted    which networks: the first few seeds of every cell on every task
again     in a worker: trains a cohort of them again, measures it, writes its rows
run       the networks that are missing, on workers

A confirmed trial trained again is the same network: on the same kind of CPU, with the same versions, bit for bit. That
costs its training once more, for a few seeds of each cell; to measure while the confirm stage trains would have to be
decided before it runs, and would be lost with every cohort that is killed. Whether each network is the same is checked
against its row and kept with what was measured.
"""
