# make lab      install, start the sandbox, open JupyterLab on the first notebook
# make test     install, also what a developer needs, run every test
# make tour     install, run the whole course without a browser
# make workshop SEATS=30   install, also JupyterHub and its proxy, open a room for that many learners
# make site     install, run the course and write it to site/ as pages that need no network
# make slides   install, run the talk and write it to talk.html
# make picture  install, also what a developer needs, photograph the handshake for the README
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# Compiled before the first start, but for what no learner runs: that is 60 MB less on the disk.
UNUSED = /(kubernetes/aio|jedi/third_party|pip|setuptools|pkg_resources|babel/locale-data|tests)/

.PHONY: workshop workshop-install install develop lab test tour site slides picture lint bench clean

install: $(BIN)/.installed

$(BIN)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; try: make PYTHON=python3.12 " + "install")'
	$(PYTHON) -m venv .venv
	$(PIP) --no-compile -e '.[lab]'
	$(BIN)/python -m compileall -q -j 0 -x '$(UNUSED)' irsa_course irsa_helpers irsa_sandbox irsa_workshop .venv
	@touch $@

develop: $(BIN)/.developing

$(BIN)/.developing: $(BIN)/.workshop
	$(PIP) -e '.[dev]'
	@touch $@

# HOST, PORT, WORD, IDLE_MINUTES, CERTIFICATE, KEY and FOLDER as well: see workshop/guide.md.
SEATS ?= 30
ROOM = $(if $(HOST),--host $(HOST)) $(if $(PORT),--port $(PORT)) $(if $(WORD),--word '$(WORD)') \
	$(if $(IDLE_MINUTES),--idle-minutes $(IDLE_MINUTES)) $(if $(FOLDER),--folder '$(FOLDER)') \
	$(if $(CERTIFICATE),--certificate '$(CERTIFICATE)') $(if $(KEY),--key '$(KEY)')

workshop-install: $(BIN)/.workshop

$(BIN)/.workshop: $(BIN)/.installed workshop/proxy/package-lock.json
	$(PIP) -e '.[workshop]'
	$(BIN)/npm ci --prefix workshop/proxy --no-audit --no-fund --loglevel=error
	@touch $@

workshop: workshop-install
	@$(BIN)/python -m irsa_workshop.room --seats $(SEATS) $(ROOM)

lab: install
	@$(BIN)/irsa-lab open

test: develop
	$(BIN)/python -m pytest -n auto --dist worksteal

tour: install
	$(BIN)/python -m irsa_course.tour

site: install
	$(BIN)/python -m irsa_course.site

slides: install
	$(BIN)/python -m irsa_workshop.stage.slides

picture: develop
	$(BIN)/python docs/picture.py

lint: develop
	$(BIN)/hadolint image/Dockerfile
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: develop
	$(BIN)/python -m benchmarks

clean:
	-$(BIN)/irsa-lab down
	rm -rf .venv .irsa-lab build site
