# Each target does all of its own set-up, from a fresh checkout on.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# Beside the rest, for tests alone; Heschl knows what is installed by the name of the folder.
S3PRL := $(VENV)/s3prl/site-packages
TRANSFORMERS_4 := $(VENV)/transformers-4/site-packages

.PHONY: help venv demo test test-units test-long test-pages test-examples budgets verify test-transformers-4 lint style types site-assets

help:
	@echo "make demo   score two models on a simulated brain, and put them on a leaderboard"
	@echo "make test   run every example in the documentation and all tests but the long ones"
	@echo "make test-long  kill runs, fill disks and lose workers, for some minutes"
	@echo "make budgets time the site in the browser: on a machine with nothing else to do"
	@echo "make verify run every benchmark on its phantoms: planted against found"
	@echo "make lint   check style and types"
	@echo "make venv   install everything into $(VENV)"
	@echo "make site-assets  rebuild the leaderboard's scripts and style; needs Node"

venv: $(INSTALLED)

# Python compiles modules when it first imports them; pip would compile all, most of them for nobody.
# Where compiled modules may not be kept, as in many containers, each command would compile its own.
export PYTHONDONTWRITEBYTECODE :=
PIP_INSTALL := $(BIN)/pip install --quiet --no-compile

# torch alone and first: pip then takes the CPU wheel wherever an index offers one.
$(INSTALLED): setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) -c constraints.txt torch
	$(PIP_INSTALL) -c constraints.txt -e ".[speech,brain,abx,site,dask,slurm,test,lint]"
	touch $@

# s3prl wants a torchaudio that does not load beside this torch. What else it needs is there.
$(S3PRL)/.installed: $(INSTALLED)
	$(PIP_INSTALL) -c constraints.txt --no-deps --upgrade --target $(S3PRL) \
		s3prl torchaudio omegaconf protobuf
	touch $@

DEMO := build/demo

# The published submissions are copied, so that a demonstration changes nothing that git knows.
demo: venv
	rm -rf $(DEMO) && mkdir -p $(DEMO) && cp -r submissions $(DEMO)/submissions
	$(BIN)/heschl score logmel lebel_moth-ridge --data phantom -o $(DEMO)/logmel.nc
	$(BIN)/heschl score wav2vec2-random lebel_moth-ridge --data phantom -o $(DEMO)/wav2vec2.nc
	$(BIN)/heschl submit $(DEMO)/logmel.nc $(DEMO)/wav2vec2.nc --to $(DEMO)/submissions
	$(BIN)/heschl board build $(DEMO)/submissions site

# Tests hold linear algebra to one thread. One process more than there are cores, since some of them
# wait now and then for a command or a server.
PARALLEL := -n $(shell $(PYTHON) -c "import os; print(min(8, os.cpu_count() + 1))")
PAGES := tests/leaderboard/browser

# A browser waits now and then, so its tests and the examples go beside each other.
test: test-units
	$(MAKE) -j2 test-pages test-examples

test-units: venv
	$(BIN)/pytest $(PARALLEL) --dist worksteal -m "not long" --ignore $(PAGES)

# Kills, full disks and clusters, on engines of every kind. perf/faults.py does the same many times.
test-long: venv
	$(BIN)/pytest -m long

# A file's tests share the sites they visit.
test-pages: venv
	$(BIN)/pytest -n 2 --dist loadfile -m "not timed" $(PAGES)

# Examples run by package name: by path, a plugin would be imported a second time.
test-examples: venv $(S3PRL)/.installed
	$(BIN)/pytest --doctest-modules --pyargs heschl
	PYTHONPATH=$(abspath $(S3PRL)) $(BIN)/pytest -m "not slow" tests/models/test_s3prl*.py

# What must take no longer than so many milliseconds, which other work on the machine would spoil.
budgets: venv
	$(BIN)/pytest -m timed $(PAGES)

verify: venv
	$(BIN)/heschl verify

# The audio encoders on the release of transformers before this one, and against this one.
test-transformers-4: venv
	$(PIP_INSTALL) --no-deps --upgrade --target $(TRANSFORMERS_4) \
		transformers==4.57.6 huggingface_hub==0.36.2 tokenizers==0.22.2
	PYTHONPATH=$(abspath $(TRANSFORMERS_4)) HESCHL_OTHER_TRANSFORMERS=$(abspath $(BIN))/python \
		$(BIN)/pytest -W ignore::DeprecationWarning tests/models/test_huggingface*.py

lint: style types

style: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: venv
	$(BIN)/mypy

# Scripts and style of the leaderboard are committed as built, so that nobody else needs Node.
site-assets:
	cd leaderboard/frontend && npm ci --no-audit --no-fund
	cd leaderboard/frontend && npm run build && npm run check && npm test
