# `make lab` and `make test` need nothing set up: both install what the project needs into .venv and
# the user's cache folder.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONUNBUFFERED := 1
TESTS ?= tests/integration tests/acceptance

.PHONY: lab unit life integration test check deep format golden types calico-schema requirements down clean-cache

lab: $(VENV)/installed
	$(BIN)/python -m lab up
	$(BIN)/python -m lab exec mgmt -- pulumi up --stack lab --yes --skip-preview
	$(BIN)/python -m lab show

down: $(VENV)/installed
	$(BIN)/python -m lab down

# Removes what labs are made of from the user's cache, and says how much that frees.
clean-cache: $(VENV)/installed
	$(BIN)/python -m lab clean-cache

test: check unit life integration

unit: $(VENV)/installed
	$(BIN)/python -m pytest tests/unit tests/mocks tests/conformance
	$(BIN)/python -m pytest tests/unit/test_bird_places.py --hypothesis-profile=deep

# The lab's own life on this machine.
life: $(VENV)/installed
	$(BIN)/python -m pytest tests/lab

# The program on the lab, run by the lab's management host: all of it, or the files in TESTS.
# A lab that was up stays up; one made for this goes.
integration: $(VENV)/installed
	@was=$$($(BIN)/python -m lab status >/dev/null 2>&1 && echo up || echo down); \
	$(BIN)/python -m lab up && \
	$(BIN)/python -m lab exec mgmt -- python -m pytest $(TESTS); code=$$?; \
	[ $$was = up ] || $(BIN)/python -m lab down; exit $$code

check: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	.ci/check

format: $(VENV)/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

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
