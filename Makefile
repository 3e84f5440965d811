# Everything from nothing on a fresh machine: each target makes .venv where it is missing or out of date.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: run test truth torture attack walk storm check readme bench screenshots clean

run: $(VENV)/.installed
	$(BIN)/mnist-tui $(ARGS)

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

truth: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m truth $(ARGS)

torture: $(VENV)/.installed-dev
	$(BIN)/python -m tests.torture --kills 100 --writes 1 --cuts 1 $(ARGS)

attack: $(VENV)/.installed-dev
	$(BIN)/python -m tests.attack $(ARGS)

walk: $(VENV)/.installed-dev
	$(BIN)/python -m tests.walk $(ARGS)

storm: $(VENV)/.installed-dev
	$(BIN)/python -m tests.storm $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.readme --check

readme: $(VENV)/.installed-dev
	$(BIN)/python -m tests.readme

bench: $(VENV)/.installed-dev
	$(BIN)/python -m bench $(ARGS)

screenshots: $(VENV)/.installed-dev
	TEXTUAL_COLOR_SYSTEM=truecolor $(BIN)/python -m screenshots.make

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "mnist-tui needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,check,screenshots]'
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
