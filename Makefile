# Everything that is done with this repository. `make` alone lists it.

SHELL := /bin/sh
VENV ?= .venv
# Python 3.11 or newer; found if empty.
PYTHON ?=
BIN := $(VENV)/bin
ARGS ?=
PYTEST_ARGS ?=
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile
PARTS := .tools/oldest/.complete .tools/newest/.complete .tools/peer/.complete .tools/grafana/.complete .tools/browser/.complete

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install develop parts demo test unit quick peers kill-test pictures page-speed lint check docs lock fresh

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## Make .venv with the locked dependencies and tm-exporter
	@:

demo: install ## Run the exporter against the simulated service: make demo ARGS="--for 60"
	@exec $(BIN)/tm-exporter demo $(ARGS)

test: develop parts ## Set up all that is needed and run the whole suite (peers apart)
	$(PYTEST) -m "not heavy" $(PYTEST_ARGS)

unit: develop ## Run the part without sockets, in seconds
	$(PYTEST) -m "not e2e and not sockets" $(PYTEST_ARGS)

quick: develop ## Run all that starts no other program
	$(PYTEST) -m "not e2e" $(PYTEST_ARGS)

peers: develop .tools/peer/.complete .tools/heavy/.complete ## Test it against a real gateway, LiteLLM's (0.8 GB, opt-in)
	$(BIN)/python -m pytest -m heavy $(PYTEST_ARGS)

kill-test: develop ## Kill the exporter 200 times while it spends: the budget holds (10 minutes)
	KILLS=200 $(BIN)/python -m pytest tests/e2e/test_kill.py $(PYTEST_ARGS)

pictures: develop .tools/browser/.complete ## Take the pictures of the status page anew
	$(BIN)/python -m tests.e2e.pictures

page-speed: develop ## Measure the status page of 200 targets
	$(BIN)/python -m tests.web.page_speed

lint: develop ## Check style, types, layers, spelling, generated pages and lock files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/yamllint --strict .
	$(BIN)/shellcheck scripts/*.sh .ci/run
	$(BIN)/python scripts/docs_current.py
	$(BIN)/python -m grafana.source --check
	@! grep -nE 'https?://|file:|index-url|find-links' requirements*.txt

check: lint test ## All that a change must pass

docs: develop ## Write the generated pages and dashboards anew
	$(BIN)/python -m tm_exporter.docgen
	$(BIN)/python -m grafana.source

lock: develop ## Choose the newest versions of all dependencies and pin them
	scripts/lock.sh $(BIN)/uv

develop: $(VENV)/.developing ## Add what developing needs to .venv

parts: $(PARTS) ## Fetch the real Prometheus and mock server that the tests run

fresh: ## Prove make install and make test on a bare Debian 12 (root, opt-in)
	scripts/fresh-machine.sh

$(VENV)/.installed: requirements.txt requirements-build.txt pyproject.toml
	@scripts/venv.sh $(VENV) "$(PYTHON)" requirements.txt requirements-build.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.developing: $(VENV)/.installed requirements-dev.txt
	@scripts/venv.sh $(VENV) "$(PYTHON)" requirements-dev.txt
	@touch $@

.tools/peer/.complete: requirements-peer.txt
	@scripts/venv.sh .tools/peer "$(PYTHON)" requirements-peer.txt
	@touch $@

.tools/heavy/.complete: requirements-heavy.txt
	@scripts/venv.sh .tools/heavy "$(PYTHON)" requirements-heavy.txt
	@touch $@

.tools/node/.complete: requirements-node.txt
	@scripts/venv.sh .tools/node "$(PYTHON)" requirements-node.txt
	@touch $@

.tools/grafana/.complete: scripts/grafana-schemas.sh tests/grafana/npm/package-lock.json .tools/node/.complete
	@scripts/grafana-schemas.sh

.tools/browser/.complete: scripts/browser.sh
	@scripts/browser.sh

.tools/%/.complete: scripts/fetch-parts.sh
	@scripts/fetch-parts.sh $*
