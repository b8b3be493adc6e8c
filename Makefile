PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check bench golden figures wheel clean

run: $(VENV)/.installed
	$(BIN)/simran run scenarios/paper_blip2_coco.yaml

test: check
	$(BIN)/python -m pytest -n auto

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/speed.py --out benchmarks/results/speed.json
	$(BIN)/python benchmarks/memory.py --out benchmarks/results/memory.json
	$(BIN)/python benchmarks/allocation.py --out benchmarks/results/allocation.json
	$(BIN)/python benchmarks/coverage.py --out benchmarks/results/coverage.json

# A wheel in an environment of its own: the catalogue and the scenarios must be inside.
wheel: $(VENV)/.installed-dev
	rm -rf build/wheel && mkdir -p build/wheel
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps -w build/wheel .
	$(PYTHON) -m venv build/wheel/venv
	build/wheel/venv/bin/python -m pip install --quiet --disable-pip-version-check build/wheel/*.whl
	cd build/wheel && venv/bin/simran run paper_blip2_coco --out result
	cd build/wheel && venv/bin/simran list models >/dev/null

figures: $(VENV)/.installed-dev
	$(BIN)/python docs/figures.py

golden: $(VENV)/.installed-dev
	$(BIN)/python tests/regression/regenerate.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache

$(VENV)/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.installed-dev: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $(VENV)/.installed $@
