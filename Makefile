# The whole of k8s-tutor from a checkout: only Python 3.11+, make and the package registries are needed.
#   make run     set up .venv/ and open the tutor on the practice cluster
#   make test    set up .venv/ and pass lint, types, import contracts, the course, conformance floors and the tests
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.up-to-date
TEST_STAMP := $(VENV)/.tests-up-to-date
JOBS ?= 2
# The two transcripts play hundreds of shell lines in real time: minutes, so only where nothing is skipped.
PLAYERS := $(if $(K8S_TUTOR_SKIP_NOTHING),,create sequence policy scheduling timelines)
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c requirements.lock

.PHONY: run setup lint types contracts course conformance pytest test bench clean

run: $(STAMP)
	@$(BIN)/k8s-tutor $(ARGS)

setup: $(STAMP)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "k8s-tutor needs Python 3.11 or newer; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(STAMP): pyproject.toml requirements.lock | $(BIN)/python
	$(PIP) -e .
	@touch $@

$(TEST_STAMP): requirements.lock $(STAMP)
	$(PIP) -r requirements.lock
	@touch $@

lint: $(TEST_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(TEST_STAMP)
	$(BIN)/mypy

contracts: $(TEST_STAMP)
	$(BIN)/lint-imports

course: $(TEST_STAMP)
	$(BIN)/k8s-tutor dev check

conformance: $(TEST_STAMP)
	$(BIN)/python -m tests.conformance $(PLAYERS)

pytest: $(TEST_STAMP)
	$(BIN)/python -m pytest -n $(JOBS)

# One after the other, for two cores are few; pytest comes last: its closing lines are what a reader of a log looks for.
test: $(TEST_STAMP)
	$(MAKE) --no-print-directory lint
	$(MAKE) --no-print-directory types
	$(MAKE) --no-print-directory contracts
	$(MAKE) --no-print-directory course
	$(MAKE) --no-print-directory conformance
	@$(MAKE) --no-print-directory pytest

bench: $(TEST_STAMP)
	$(BIN)/python -m tools.bench

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
