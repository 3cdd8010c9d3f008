# `make` alone lists the targets. Everything runs in .venv, which the first target that needs it makes.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
CLUSTER ?=
DATA ?=

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 16

$(VENV)/run: requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo "Berth needs Python 3.11 or newer; set PYTHON=… to name it."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@echo "Installing what Berth runs on…"
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.txt
	@touch $@

$(VENV)/dev: $(VENV)/run requirements-dev.txt
	@echo "Installing what tests and checks need…"
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.txt -r requirements-dev.txt
	@touch $@

.PHONY: demo
demo: $(VENV)/run ## Run Berth with an example on this machine (PORT=8000, CLUSTER=path/to/kubeconfig, DATA=its/own/folder)
	@exec $(BIN)/python manage.py demo --port $(PORT) $(if $(CLUSTER),--cluster $(CLUSTER)) $(if $(DATA),--data $(DATA))

.PHONY: demo-reset
demo-reset: $(VENV)/run ## Throw the demo's data away and start afresh
	@exec $(BIN)/python manage.py demo --reset --port $(PORT) $(if $(CLUSTER),--cluster $(CLUSTER)) $(if $(DATA),--data $(DATA))

.PHONY: test
test: $(VENV)/dev ## Run all checks and tests that need no cluster
	@$(BIN)/python -m tests.prerequisites
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q -n 2 --dist loadgroup tests --ignore=tests/real

.PHONY: test-cluster
test-cluster: $(VENV)/dev ## Run the contract suite, the main job and quota on a real cluster (KUBECONFIG)
	@test -n "$${KUBECONFIG:-}" || { echo "Set KUBECONFIG to a cluster that tests may use."; exit 1; }
	@BERTH_TEST_KUBECONFIG="$$KUBECONFIG" $(BIN)/python -m pytest -q -rs -n 2 --dist loadgroup \
		tests/real tests/processes/test_main_job.py tests/processes/test_quota.py tests/processes/test_figures.py \
		tests/cluster/test_gateway_*.py tests/contract

.PHONY: bench
bench: $(VENV)/dev ## Measure, beside peers in the same run (KUBECONFIG for the rows that need a cluster)
	@$(BIN)/python -m bench

.PHONY: lint
lint: $(VENV)/dev ## Check style, types, imports and templates
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy portal tenants cluster simcluster
	@$(BIN)/lint-imports
	@git ls-files 'templates/*.html' 'templates/**/*.html' | xargs -r $(BIN)/djade --target-version 5.2 --check

.PHONY: format
format: $(VENV)/dev ## Format Python and templates
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .
	@git ls-files 'templates/*.html' 'templates/**/*.html' | xargs -r $(BIN)/djade --target-version 5.2

.PHONY: screenshots
screenshots: $(VENV)/dev ## Take the README's pictures of the demo
	@$(BIN)/python -m tests.browser.screenshots docs/pictures

.PHONY: lock
lock: $(VENV)/run ## Pin requirements.in and requirements-dev.in anew
	@$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 --no-header --no-emit-index-url --no-emit-find-links requirements.in -o requirements.txt
	@$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 --no-header --no-emit-index-url --no-emit-find-links requirements-dev.in -o requirements-dev.txt
