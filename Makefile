# Two commands: `make study` runs the quick study to its verdict, `make test` runs the tests.
# Both create the environment first, from pinned dependencies.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: study test check torch readme comparable claims notebooks lock clean

study: $(READY)
	$(BIN)/lstm-variants sweep quick
	$(BIN)/lstm-variants report quick

test: $(READY)
	$(BIN)/pytest --numprocesses auto --dist worksteal

# What CI runs beside the tests: lint, format, types, import contracts.
check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# PyTorch, which the converters of weights are tested against; without it those tests are skipped.
torch: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-torch.lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; $(PYTHON) is `$(PYTHON) --version`. Try: make PYTHON=python3.12 study"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

# Write the quick study's figure and verdicts from results/ into the README.
readme: $(READY)
	$(BIN)/python -m analysis.publish README.md results quick docs/quick

# The study `comparable` from results/ into the README and docs/, then the page on all claims.
comparable: $(READY)
	$(BIN)/python -m analysis.publish README.md docs/comparable.md results comparable docs/comparable
	$(MAKE) claims

claims: $(READY)
	$(BIN)/python -m analysis.claims docs/claims.md $(wildcard docs/quick docs/classics docs/comparable)

# The notebooks, executed on the results that are shipped.
notebooks: $(READY)
	$(BIN)/python -m analysis.execute docs/comparable/results comparable docs/notebooks

# Pin again after a change of pyproject.toml (needs uv). The result names no index and no URL.
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --fork-strategy fewest \
		--no-emit-index-url --no-emit-find-links --no-annotate --output-file requirements.lock --quiet

clean:
	rm -rf $(VENV)
