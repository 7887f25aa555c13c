# `make lab` and `make test` need nothing set up: both install what the project needs into .venv and
# the user's cache folder.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONUNBUFFERED := 1

.PHONY: lab integration test check format golden requirements down

lab: $(VENV)/installed
	$(BIN)/python -m lab up
	$(BIN)/python -m lab exec mgmt -- pulumi up --stack lab --yes --skip-preview
	$(BIN)/python -m lab show

down: $(VENV)/installed
	$(BIN)/python -m lab down

test: check
	$(BIN)/python -m pytest tests
	$(MAKE) --no-print-directory integration

# On the lab, by the lab's management host. A lab that was up stays up, one made for this goes.
integration: $(VENV)/installed
	$(BIN)/python -m pytest tests/lab

check: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Renders the golden files anew; read the difference before you commit it.
golden: $(VENV)/installed
	$(BIN)/python -m pytest tests/golden --update-golden

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
