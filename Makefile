PYTHON ?= python3
BIN := .venv/bin
export DO_NOT_TRACK := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test lint types contracts suite train clean

help:  ## list what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: .venv/demo  ## run the embedded hospital, the sidecar and the dashboard
	$(BIN)/overread demo

test: .venv/test lint types contracts suite  ## install what tests need, then lint, types, contracts and the suite

lint: .venv/test  ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/test  ## static types, strict
	$(BIN)/mypy

contracts: .venv/test  ## which room may import which
	$(BIN)/lint-imports

suite: .venv/test  ## the tests
	$(BIN)/pytest -n 2

train: .venv/test  ## train the packages under models/ again
	$(BIN)/python -m models.train chest-phantom --out models

clean:  ## remove what was made here
	rm -rf .venv .tools dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -q && apt-get install -qy python3-venv; } || \
	  { echo "Python's venv module is missing; install it with: sudo apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/demo: .venv/bin/pip pyproject.toml constraints.txt
	$(BIN)/pip install -q -e . -c constraints.txt
	@touch $@

.venv/test: .venv/bin/pip pyproject.toml constraints.txt tests/install-tools
	$(BIN)/pip install -q -e '.[dev]' -c constraints.txt
	tests/install-tools $(BIN)
	@touch $@ .venv/demo
