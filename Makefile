# make lab      install, start the sandbox, open JupyterLab on the first notebook
# make test     install, run every test
# make tour     install, run the whole course without a browser
# make site     install, run the course and write it to site/ as pages that need no network
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif

.PHONY: install lab test tour site lint bench clean

install: $(BIN)/.installed

$(BIN)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; try: make PYTHON=python3.12 " + "install")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	$(BIN)/python -m compileall -q irsa_helpers
	@touch $@

lab: install
	@$(BIN)/irsa-lab open

test: install
	$(BIN)/python -m pytest -n auto

tour: install
	$(BIN)/python -m irsa_helpers.tour

site: install
	$(BIN)/python -m irsa_helpers.site

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install
	$(BIN)/python -m benchmarks

clean:
	-$(BIN)/irsa-lab down
	rm -rf .venv .irsa-lab build site
