# `make` lists the targets. Variables: PYTHON, VENV, BUDGET and OUT (of `make demo`), PYTEST_ARGS, COVERAGE (empty: no
# measurement), UPGRADE (of `make lock`).
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# The lock files are made for Python 3.11; a python3.11 on the path that does not start (a version manager's shim) is passed over.
PYTHON ?= $(shell python3.11 -c "" 2>/dev/null && echo python3.11 || echo python3)
VENV ?= .venv
BIN := $(VENV)/bin
BUDGET ?= 2000
OUT ?= demo
COVERAGE ?= --cov=budgetsim

# Wheels only: building a source distribution would fetch its build tools outside the lock.
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check
LOCKED := $(INSTALL) --only-binary :all: --require-hashes

# pip itself comes first: the one that Python 3.11 brings forgets a lock's pin where another package asks for an extra.

.PHONY: help
help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# An editable install: a later edit of the package needs no second install. Stamps keep a second call from installing.
$(VENV)/.runtime: pyproject.toml requirements/pip.txt requirements/build.txt requirements/runtime.txt
	@echo "Installing budgetsim and its locked dependencies into $(VENV) (about a minute) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(LOCKED) -r requirements/pip.txt
	@$(LOCKED) -r requirements/build.txt -r requirements/runtime.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	@echo "Installing the locked development tools into $(VENV) ..."
	@$(LOCKED) -r requirements/dev.txt
	@touch $@

$(VENV)/.bench: $(VENV)/.dev requirements/bench.txt
	@echo "Installing the programs that the benchmarks run against into $(VENV) ..."
	@$(LOCKED) -r requirements/bench.txt
	@touch $@

.PHONY: demo
demo: $(VENV)/.runtime  ## install, then plan a budget from the bundled runs of a real model
	$(BIN)/budgetsim study --bundled --budget $(BUDGET) --out $(OUT)

.PHONY: test
test: $(VENV)/.dev  ## run the tests and doctests, with coverage
	$(BIN)/pytest -n 2 --dist loadfile $(COVERAGE) $(PYTEST_ARGS)

.PHONY: verify
verify: $(VENV)/.dev  ## run the long statistical verification
	$(BIN)/pytest -n 2 --dist loadfile -m verify $(PYTEST_ARGS)

.PHONY: notebooks
notebooks: $(VENV)/.dev  ## run every notebook in a fresh kernel; the executed ones are left in build/notebooks
	@mkdir -p build/notebooks
	@for file in notebooks/*.py; do $(BIN)/jupytext --quiet --to ipynb --output build/$${file%.py}.ipynb $$file; done
	$(BIN)/pytest -p no:cacheprovider --nbmake --nbmake-timeout=240 --overwrite -q build/notebooks

.PHONY: figures
figures: $(VENV)/.dev  ## draw every figure
	@for script in $(wildcard figures/*.py); do echo "$$script"; $(BIN)/python "$$script"; done

.PHONY: papers
papers: $(VENV)/.dev  ## recompute every claim of papers/ and write its tables again
	$(BIN)/python -m budgetsim.reproduce.pages papers
	$(BIN)/python -m budgetsim.reproduce.errata papers/errata.md

.PHONY: bench
bench: $(VENV)/.bench  ## run every benchmark beside what one would use instead
	@for script in $(wildcard benchmarks/*.py); do echo "$$script"; $(BIN)/python "$$script"; done

.PHONY: lint
lint: $(VENV)/.dev  ## check style, format and the floors of the package
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

.PHONY: types
types: $(VENV)/.dev  ## check the types
	$(BIN)/mypy --strict budgetsim

.PHONY: generated
generated: $(VENV)/.dev  ## make the files again that are made from code
	$(BIN)/python -c "import json; from budgetsim.traces.schema import json_schema; print(json.dumps(json_schema(), indent=2))" \
	  > budgetsim/traces/schema.json.new
	mv budgetsim/traces/schema.json.new budgetsim/traces/schema.json

# Resolved against the package index alone: extra indexes, local wheels and constraints of this machine stay out.
COMPILE := env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL -u PIP_CONSTRAINT PIP_CONFIG_FILE=/dev/null \
  $(BIN)/pip-compile --quiet $(UPGRADE) --generate-hashes --strip-extras --allow-unsafe --annotation-style=line \
  --no-header --no-emit-options --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

.PHONY: lock
lock: $(VENV)/.dev  ## resolve the lock files from pyproject.toml (UPGRADE=--upgrade for newer versions)
	$(COMPILE) --output-file requirements/runtime.txt pyproject.toml
	$(COMPILE) --extra dev --constraint requirements/runtime.txt --output-file requirements/dev.txt pyproject.toml
	$(COMPILE) --extra dev --extra bench --constraint requirements/dev.txt --output-file requirements/bench.txt pyproject.toml
	$(COMPILE) --all-build-deps --only-build-deps --constraint requirements/dev.txt --output-file requirements/build.txt \
	  pyproject.toml
	echo pip | $(COMPILE) --constraint requirements/dev.txt --output-file requirements/pip.txt -
	@! grep -nE '://|file:/|(^|[[:space:]])/' requirements/*.txt || { echo "a lock file carries an address"; exit 1; }

.PHONY: clean
clean:  ## remove what the other targets made, except the environment
	rm -rf build dist demo study htmlcov .coverage .coverage.* .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
