# Needs Python 3.11 or newer, and make. Everything else is installed into .venv, from the lock files, on first use.

VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
PY := $(BIN)/python
# Twice quiet: errors only, without remarks about the machine's own pip configuration.
PIP := $(PY) -m pip --disable-pip-version-check -qq install
COMPILE := $(BIN)/uv pip compile --universal --generate-hashes --quiet --custom-compile-command "make lock" pyproject.toml
TEST_ARGS ?=
LOCK_ARGS ?=
BENCH_ARGS ?=

export PIP_ROOT_USER_ACTION := ignore

.PHONY: help demo test long run check bench bench-matching chaos pictures lock messages clean
.DEFAULT_GOAL := help

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## Try Lyceum in a simulated Discord, in your browser: no token, no network
	@$(BIN)/lyceum demo

test: $(VENV)/.dev ## Run every test
	$(PY) -m pytest -n auto $(TEST_ARGS)

long: $(VENV)/.dev ## Run the tests that take long: further days of a story, and tests of the tests
	$(PY) -m pytest -n auto -m long $(TEST_ARGS)

run: $(VENV)/.run ## Connect to Discord with the token in config.toml
	@$(BIN)/lyceum run

check: $(VENV)/.dev ## Lint, types, architecture, translations, known vulnerabilities
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m pyright --warnings
	$(BIN)/lint-imports
	$(PY) -m bot.catalogues check
	$(PY) .ci/audit.py requirements-dev.lock

bench: $(VENV)/.dev ## Measure, beside the floor and Red; about a quarter of an hour (BENCH_ARGS="--json FILE")
	@$(PY) -m benchmarks $(BENCH_ARGS)

bench-matching: $(VENV)/.dev ## Measure who is matched with whom: seconds, memory, quality
	@$(PY) -m benchmarks.matching

chaos: $(VENV)/.dev ## Kill the bot 200 times under a faulty Discord; about a quarter of an hour
	$(PY) -m tests.wire.chaos --kills 200

pictures: $(VENV)/.demo ## Take the pictures in README and docs from the real bot; needs a Chromium
	@$(PY) -m sandbox.pictures

messages: $(VENV)/.dev ## Collect the texts to translate into bot/locales/lyceum.pot
	$(PY) -m bot.catalogues extract

lock: $(VENV)/.dev ## Resolve the lock files again from pyproject.toml
	$(COMPILE) --extra speed --extra postgres --extra demo --group dev -o requirements-dev.lock $(LOCK_ARGS)
	$(COMPILE) -c requirements-dev.lock --extra demo --group build -o requirements-demo.lock
	$(COMPILE) -c requirements-dev.lock --extra speed --extra postgres --group build -o requirements.lock
	$(BIN)/uv pip compile --python-version 3.11 --generate-hashes --quiet --custom-compile-command "make lock" \
		benchmarks/red.in -o benchmarks/red.lock $(LOCK_ARGS)

clean: ## Remove the virtual environment and what the tools left behind
	rm -rf $(VENV) .venv-red .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# The first Python that is new enough and able to make a virtual environment. A pyenv shim that leads nowhere
# fails the question and is passed over.
$(VENV)/.created:
	@for python in python3.13 python3.12 python3.11 python3 python; do \
		if $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
			echo "Making $(VENV) with $$($$python --version)"; \
			$$python -m venv --clear $(VENV) && touch $@ && exit 0; \
			exit 1; \
		fi; \
	done; \
	echo "Lyceum needs Python 3.11 or newer with its venv module, and none was found. Install it (Debian, Ubuntu: apt install python3 python3-venv) and run make again."; \
	exit 1

# --no-deps: the lock names everything, so whatever else pip might think of fetching would be a mistake.
# $(1): the name of the set, $(2): its lock file.
define install_rule
$(VENV)/.$(1): $(2) pyproject.toml $(VENV)/.created
	@echo "Installing from $(2); this is done once and takes a minute or so"
	@$(PIP) --require-hashes --no-deps -r $(2)
	@$(PIP) --no-build-isolation --no-deps --editable .
	@touch $$@
endef
$(eval $(call install_rule,run,requirements.lock))
$(eval $(call install_rule,demo,requirements-demo.lock))
$(eval $(call install_rule,dev,requirements-dev.lock))
