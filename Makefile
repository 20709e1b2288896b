# Each target does all of its own set-up, from a fresh checkout on.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: help venv demo test lint

help:
	@echo "make demo   score two models on a simulated brain"
	@echo "make test   run every test and every example in the documentation"
	@echo "make lint   check style and types"
	@echo "make venv   install everything into $(VENV)"

venv: $(INSTALLED)

# torch alone and first: pip then takes the CPU wheel wherever an index offers one.
$(INSTALLED): setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -c constraints.txt torch
	$(BIN)/pip install --quiet -c constraints.txt -e ".[speech,brain,test,lint]"
	touch $@

demo: venv
	$(BIN)/heschl score logmel lebel_moth-ridge --data phantom
	$(BIN)/heschl score wav2vec2-random lebel_moth-ridge --data phantom

# Examples run by package name: by path, a plugin would be imported a second time.
test: venv
	$(BIN)/pytest
	$(BIN)/pytest --doctest-modules --pyargs heschl

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
