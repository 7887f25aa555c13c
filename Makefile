# `make lab` and `make test` need nothing set up: both install what the project needs into .venv and
# the user's cache folder.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONUNBUFFERED := 1
TESTS ?= tests/integration tests/acceptance
# Begin no further file of tests after so many minutes from SINCE (seconds since 1970); none is no limit.
MINUTES ?=
SINCE := $(or $(SINCE),$(shell date +%s))
BUDGET = $(if $(MINUTES),--minutes $(MINUTES) --since $(SINCE))

.PHONY: lab unit life integration test test-all check deep test-table format golden types calico-schema \
  requirements down clean-cache

lab: $(VENV)/installed
	$(BIN)/python -m lab up
	$(BIN)/python -m lab exec mgmt -- pulumi up --stack lab --yes --skip-preview
	$(BIN)/python -m lab show

down: $(VENV)/installed
	$(BIN)/python -m lab down

# Removes what labs are made of from the user's cache, and says how much that frees.
clean-cache: $(VENV)/installed
	$(BIN)/python -m lab clean-cache

# What a person runs: the checks, everything that needs no lab, and the main paths on two labs.
test: check
	$(BIN)/python -m tests.suite main $(BUDGET)

# Everything.
test-all: check
	$(BIN)/python -m tests.suite all $(BUDGET)

unit: $(VENV)/installed
	$(BIN)/python -m pytest tests/unit tests/mocks tests/conformance -n auto --dist loadfile

# The lab's own life on this machine.
life: $(VENV)/installed
	$(BIN)/python -m pytest tests/lab

# The program on the lab, run by the lab's management host: all of it, or the files in TESTS.
# A lab that was up stays up; one made for this goes.
integration: $(VENV)/installed
	$(BIN)/python -m tests.suite lab $(TESTS) $(BUDGET)

check: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	.ci/check

format: $(VENV)/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# tests/README.md and tests/durations.json from what the last `make test-all` left in .results.
test-table: $(VENV)/installed
	$(BIN)/python -m tests.suite.table

# 10,000 settings and what each BIRD says to them, 500 and what its filters do: minutes, for a change of templates.
deep: $(VENV)/installed
	$(BIN)/python -m pytest tests/unit/test_bird_properties.py tests/unit/test_bird_filters.py \
	  --hypothesis-profile=deep --timeout=3600

# Renders the golden files anew; read the difference before you commit it.
golden: $(VENV)/installed
	UPDATE_GOLDEN=1 $(BIN)/python -m pytest tests/unit

# Calico's kinds as Python types, of the committed schema, or of the one that the running lab serves.
types: $(VENV)/installed
	$(BIN)/python -m tools.calico_types

calico-schema: $(VENV)/installed
	$(BIN)/python -m lab exec mgmt -- python -m tools.calico_types --ask

requirements: $(VENV)/installed
	for name in requirements requirements-lab requirements-dev; do \
	  $(BIN)/uv pip compile --quiet --no-header --no-emit-find-links --generate-hashes \
	    --python-version 3.11 $$name.in --output-file $$name.txt || exit; done

$(VENV)/installed: requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: Python 3.11 or newer is needed: make PYTHON=python3.11 …"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "error: Python's venv module is missing: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
