# Everything anyone needs to type. `make` alone lists it.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
# What was compiled once is not compiled again by every process of the tests.
unexport PYTHONDONTWRITEBYTECODE

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

demo: .venv/demo-installed ## install, start a private PostgreSQL with a believable municipality, and serve it
	@exec $(BIN)/programmes demo

reset: .venv/demo-installed ## stop the demo and remove its database, keys and mail, wherever they lie
	@$(BIN)/programmes demo --reset

# mypy works beside the tests, and has the last word. The tests are compiled once before, which every process of pytest would do
# for itself.
test: .venv/dev-installed ## every check and every test
	@mkdir -p .data && $(BIN)/python -m tests.browser && $(BIN)/python -m tests.calendar.icaljs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	@{ $(BIN)/mypy >.data/types 2>&1; echo $$? >.data/types-passed; } & \
	$(BIN)/python -m pytest -q --collect-only >.data/collected 2>&1; \
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal; passed=$$?; \
	wait; cat .data/types; exit $$((passed + $$(cat .data/types-passed)))

# Two more than there are cores: the journeys wait for their browser, and others for processes of their own.
WORKERS = $$($(BIN)/python -c 'import os; print(min(4, (os.cpu_count() or 1) + 2))')

bench: .venv/dev-installed ## how fast it is beside the floor: the same statements on raw asyncpg; PART=county only that
	@$(BIN)/python -m bench $(PART)

upgrade: .venv/dev-installed ## rehearse an upgrade: the release before (FROM=tag) serves while this one migrates, and then beside it
	@$(BIN)/python -m tests.upgrade $(if $(FROM),--from $(FROM))

release: .venv/dev-installed ## write down what the release FROM=tag asks of the database, for the next one to be held to
	@test -n "$(FROM)" || { echo "make: which release? make release FROM=v1.2" >&2; exit 1; }
	@$(BIN)/python -m tests.upgrade --record $(FROM)

drill: .venv/dev-installed ## let one thing after another fail under load, and audit what was acknowledged; DRILL=name for one
	@$(BIN)/python -m drills $(DRILL)

messages: .venv/dev-installed ## bring the message catalogues to the texts of code and templates; what is new waits for its English
	@mkdir -p .data
	@$(BIN)/pybabel -q extract -F babel.cfg -k _ -k gettext -k ngettext:1,2 $(CATALOGUE) -o .data/messages.pot .
	@for language in sv en; do file=locale/$$language/LC_MESSAGES/messages.po; \
		$(BIN)/pybabel -q update -i .data/messages.pot -o $$file -l $$language --no-fuzzy-matching --ignore-obsolete --width 120 && \
		sed -i.old -E '/^"(Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By)/d' $$file && \
		rm $$file.old; done

CATALOGUE = --no-location --sort-output --width 120

lock: ## resolve requirements/*.lock anew from pyproject.toml; `make lock UPGRADE=--upgrade` takes newer releases
	@test -n "$(PYTHON)" || { echo "make: this needs Python 3.11 or later." >&2; exit 1; }
	@rm -rf .data/lock && $(PYTHON) -m venv .data/lock && .data/lock/bin/python -m pip install -q uv
	$(RESOLVE_ONE) requirements/installer.in -o requirements/installer.lock
	$(RESOLVE_ONE) requirements/inventory.in -o requirements/inventory.lock
	$(RESOLVE) -o requirements/production.lock
	$(RESOLVE) --extra private-server -c requirements/production.lock -o requirements/demo.lock
	$(RESOLVE) --extra private-server --extra dev -c requirements/demo.lock -o requirements/dev.lock
	@if command -v npm >/dev/null; then cd requirements/javascript && \
		npm install $(if $(UPGRADE),--save-dev ical.js) --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved; \
	else echo "make: npm is not here, so requirements/javascript stays as it is"; fi
	@rm -rf .data/lock

# Two environments: one with what production holds and nothing else, one with the tool that looks at it.
sbom: ## write down what production is made of, with licences: .data/programmes.cdx.json (CycloneDX)
	@test -n "$(PYTHON)" || { echo "make: this needs Python 3.11 or later." >&2; exit 1; }
	@rm -rf .data/inventory && $(PYTHON) -m venv .data/inventory/production && $(PYTHON) -m venv .data/inventory/tool
	@.data/inventory/production/bin/$(PIP) -r requirements/production.lock
	@.data/inventory/tool/bin/$(PIP) -r requirements/inventory.lock
	@.data/inventory/production/bin/python -m pip uninstall -q -y pip setuptools
	@.data/inventory/tool/bin/cyclonedx-py environment --pyproject pyproject.toml --mc-type application --sv 1.6 --of JSON \
		--output-reproducible --gather-license-texts -o .data/programmes.cdx.json .data/inventory/production/bin/python
	@rm -rf .data/inventory && echo "make: .data/programmes.cdx.json"

PIP = python -m pip install -q --disable-pip-version-check --no-compile --no-deps --require-hashes

RESOLVE = $(RESOLVE_ONE) pyproject.toml requirements/build.in
RESOLVE_ONE = .data/lock/bin/uv pip compile -q $(UPGRADE) --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-annotate --universal --python-version 3.11 --no-header

# A file that says "installed" is newer than what it was installed from, so nothing is installed twice.
.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "make: this needs Python 3.11 or later." >&2; exit 1; }
	@echo "make: a virtual environment in .venv, with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "make: $(PYTHON) cannot make a virtual environment; on Debian install python3-venv." >&2; exit 1; }

INSTALL = $(BIN)/python -m pip install -q --disable-pip-version-check --no-compile
PROJECT = $(INSTALL) --no-deps --no-build-isolation -e .
# A pip that is two years old takes twice the time. The locks are complete, so nothing is left to resolve.
LOCKED = $(INSTALL) --require-hashes -r requirements/installer.lock && $(INSTALL) --no-deps --require-hashes

.venv/demo-installed: requirements/demo.lock pyproject.toml | .venv/bin/python
	@echo "make: installing what the demo needs (about a minute)"
	@test -f .venv/dev-installed || { $(LOCKED) -r requirements/demo.lock; }
	@$(PROJECT)
	@touch $@

.venv/dev-installed: requirements/dev.lock pyproject.toml | .venv/bin/python
	@echo "make: installing what the tests need (about a minute)"
	@$(LOCKED) -r requirements/dev.lock
	@$(PROJECT)
	@touch $@ .venv/demo-installed

.NOTPARALLEL:
.PHONY: help demo reset test bench upgrade release drill messages sbom lock
