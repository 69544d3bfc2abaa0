# Everything a person types, from a fresh clone, with nothing but Python 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test slow demo bench check format clean

# `make demo ARGS=--once` ends by itself; `make run ARGS=--verbose` says more.
run: $(VENV)/installed
	$(BIN)/watcher run $(ARGS)

demo: $(VENV)/installed
	$(BIN)/watcher demo $(ARGS)

test: $(VENV)/tested
	$(BIN)/python -m pytest -n auto -m "not slow" $(ARGS)

# What takes longer than a person waits: the slow tests, then ninety simulated days of bad luck.
slow: $(VENV)/tested
	$(BIN)/python -m pytest -n auto -m slow $(ARGS)
	$(BIN)/python bench/soak.py --days 90

bench: $(VENV)/benched
	for script in bench/match.py bench/completeness.py bench/poll.py bench/store.py bench/digest.py bench/web.py; do $(BIN)/python $$script || exit 1; done

check: $(VENV)/checked
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m db.check

format: $(VENV)/checked
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	touch $@

$(VENV)/tested: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[test]'
	touch $@ $(VENV)/installed

$(VENV)/checked: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[test,dev]'
	touch $@ $(VENV)/installed $(VENV)/tested

$(VENV)/benched: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[test,bench]'
	touch $@ $(VENV)/installed $(VENV)/tested

clean:
	rm -rf $(VENV) var dist build
