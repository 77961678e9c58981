# Everything a newcomer needs: `make demo`, `make test-fast`, `make test`, `make lab`. Nothing has to be activated.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO := build/demo

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast test-browser grader-report check format lab lock gallery site clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

setup: $(READY) ## install everything into .venv

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed (got $$($(PYTHON) --version 2>&1)): make PYTHON=/path/to/python"; exit 1; }
	@echo "Setting up $(VENV) (a minute or two, once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(READY)

demo: setup ## release the lessons, grade the example class, show the table
	@$(BIN)/python examples/demo.py $(DEMO)

test: setup ## run every test that needs no browser: half an hour on two cores
	@$(BIN)/python tests/system_parts.py
	@echo "Running all tests ..."
	@$(BIN)/python -m pytest

test-fast: setup ## run the tests that start no process and train no network, with one seed: a minute
	@$(BIN)/python -m pytest --fast --seeds 1

test-browser: setup ## open pages in a headless browser (needs Chromium and Node)
	@$(BIN)/python tests/system_parts.py --browser
	@$(BIN)/python -m pytest -n 0 --browser tests/browser

grader-report: setup ## judge every answer of tests/answers with 200 seeds, write docs/grader-accuracy.md
	@$(BIN)/python tests/answers/report.py --seeds 200 --write docs/grader-accuracy.md

check: setup ## lint, format, spelling, types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/codespell
	@$(BIN)/mypy

format: setup ## put code and notebooks into the project's format
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

lab: setup ## open lesson 00 in JupyterLab, in your own copy (work/)
	@$(BIN)/autograder practice work
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/jupyter lab work/00_gradients_you_can_trust/00_gradients_you_can_trust.ipynb

lock: setup ## compile requirements.lock from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-emit-package keep-the-signal-alive \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --output-file requirements.lock pyproject.toml

gallery: setup ## draw a card of every kind into build/gallery.html
	@$(BIN)/python docs/gallery/make.py

site: setup ## build the documentation into docs/_build/html
	@$(BIN)/sphinx-build -W -q -b html docs docs/_build/html && echo "open docs/_build/html/index.html"

clean: ## remove what was built; your work/ stays
	rm -rf build docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis
