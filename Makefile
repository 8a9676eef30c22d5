# The whole of k8s-tutor from a checkout: only Python 3.11+, make and the package registries are needed.
#   make run     set up .venv/ and open the tutor on the practice cluster
#   make test    set up .venv/ and pass lint, types, import contracts, tests, conformance floors and the course
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.up-to-date
TEST_STAMP := $(VENV)/.tests-up-to-date
JOBS ?= 2

run: $(STAMP)
	@$(BIN)/k8s-tutor

setup: $(STAMP)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "k8s-tutor needs Python 3.11 or newer; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(STAMP): pyproject.toml requirements.lock | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e .
	@touch $@

$(TEST_STAMP): pyproject.toml requirements.lock $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
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
	$(BIN)/python -m tests.conformance

pytest: $(TEST_STAMP)
	$(BIN)/python -m pytest -n $(JOBS)

# pytest comes last: its closing lines are what a reader of a log looks for.
test: lint types contracts course conformance pytest

bench: $(TEST_STAMP)
	$(BIN)/python -m tools.bench


clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
