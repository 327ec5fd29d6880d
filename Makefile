# Needs Python 3.11, make and git; everything else comes into .venv.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TORCH := torch==2.13.0

.PHONY: run install check test bench train format demo-crm chaos
.DEFAULT_GOAL := run

run: install  ## start the service, with the example surveys, and sample responses where the database is empty
	TRIAGE_SURVEYS_DIR="$${TRIAGE_SURVEYS_DIR:-fixtures/surveys}" $(BIN)/triage serve --samples fixtures/samples.jsonl

install: $(STAMP)  ## create .venv and install the service with its tools

# Torch on its own first: the resolver would otherwise download several to compare.
$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	touch $@

check: install  ## what every change must pass: some three minutes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -m "not slow and not browser and not load"

test: install  ## every test
	$(BIN)/python -m pytest

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install  ## measure, and write docs/performance.md
	$(BIN)/python -m benchmarks

# glibc returns memory after every step of training and fetches it again, unless it is told to keep it
KEEP_MEMORY := glibc.malloc.hugetlb=1:glibc.malloc.trim_threshold=8589934592:glibc.malloc.mmap_threshold=33554432:glibc.malloc.top_pad=268435456

train: install  ## train the model on fixtures/corpus; THIRD_PARTY=DIR, START=base to teach it what is new
	GLIBC_TUNABLES=$(KEEP_MEMORY) $(BIN)/triage train --surveys fixtures/surveys \
		$(if $(THIRD_PARTY),--third-party $(THIRD_PARTY)) $(if $(START),--start $(START))

demo-crm: install  ## fake ticket systems, to watch tickets arrive
	$(BIN)/python -m tests.fakes

chaos: install  ## kill the service 30 times on each database while everything fails; some minutes
	$(BIN)/python -m tests.chaos
