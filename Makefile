# Two commands: `make run` serves the product, `make test` proves it. Needs Python 3.11 or newer with pip and venv; no root.
#
#   make run [PORT=8001] [DATABASE_URL=postgres://...]   make test   make check   make cases [FILE=path]
#   make faults   make soak   make bench   make demo-reset   make screenshots   make lock

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# The stamps carry the hash of what they stand for: a changed lock file installs anew, an unchanged one costs nothing.
HASH = $(shell cat $(1) | sha256sum | cut -c1-16)
RUN_STAMP := $(VENV)/.run-$(call HASH,requirements.txt)
DEV_STAMP := $(VENV)/.dev-$(call HASH,requirements-dev.txt)
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes
PYTEST := $(BIN)/python -m pytest
JOBS ?= 2

.PHONY: run test check cases faults soak bench demo-reset screenshots lock venv

run: $(RUN_STAMP)
	@exec $(BIN)/python manage.py serve

test: $(DEV_STAMP)
	@JOBS=$(JOBS) bin/test $(BIN)/python

check: $(DEV_STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy core inventory writeoffs
	$(BIN)/lint-imports --no-logo
	bin/check-settings $(BIN)/python

# Kills, outages and races with real processes, on both databases: at the size of a build, or everything.
faults: $(DEV_STAMP)
	FAULTS=ci $(PYTEST) -n $(JOBS) -m faults $(if $(REPORTS),--junit-xml=$(REPORTS)/faults-sqlite.xml) tests/faults
	FAULTS=ci TEST_DATABASE=postgres $(PYTEST) -n $(JOBS) -m faults $(if $(REPORTS),--junit-xml=$(REPORTS)/faults-postgres.xml) tests/faults

# The worked cases, run through the product; FILE= takes another file of the same shape.
cases: $(DEV_STAMP)
	@$(BIN)/python -m tests.cases $(FILE)

soak: $(DEV_STAMP)
	$(BIN)/python -m tests.faults.soak

bench: $(DEV_STAMP)
	$(BIN)/python -m bench.run $(BENCH)

demo-reset: $(RUN_STAMP)
	$(BIN)/python manage.py demo --reset

screenshots: $(DEV_STAMP)
	SCREENSHOTS=1 $(PYTEST) -m browser -k screenshot

lock: $(DEV_STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --no-strip-extras --universal --python-version 3.11 --generate-hashes requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --no-strip-extras --universal --python-version 3.11 --generate-hashes -c requirements.txt requirements-dev.in -o requirements-dev.txt

venv: $(DEV_STAMP)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is too old: make run PYTHON=python3.11 (3.11 or newer is needed)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "No virtual environment could be made. On Debian: apt-get install python3-venv"; rm -rf $(VENV); exit 1; }

$(RUN_STAMP): | $(BIN)/python
	@echo "Installing what the product needs (once) ..."
	@$(PIP) -r requirements.txt
	@rm -f $(VENV)/.run-* && touch $@

$(DEV_STAMP): | $(BIN)/python
	@echo "Installing what the tests need (once) ..."
	@$(PIP) -r requirements-dev.txt
	@# So that a bare `pytest` finds the project as `python -m pytest` does.
	@pwd > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/project.pth"
	@rm -f $(VENV)/.dev-* && touch $@ $(RUN_STAMP)
