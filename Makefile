# Two commands do all set-up: `make run` (the main job) and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ONCE   ?=
TESTS  ?=
MANY   ?= 1000000
EACH   ?= 10000
CHECK  ?=
S3     ?=
# The tests of the hub that are worth their time in the second size at every change.
SCALED := tests/hub/test_surface.py tests/hub/test_publication.py tests/hub/test_revocation.py \
          tests/hub/xet tests/hub/stages

.PHONY: help run scale-out test test-scale-out lint format bench conformance fuzz fuzz-evidence fuzz-readers newer-python docs lock clean
help:                       ## list these targets
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 15

$(VENV)/.run: requirements/run.txt pyproject.toml
	@echo "== setting up .venv (once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q src
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml
	@echo "== setting up .venv for tests (once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q src
	@touch $@ $(VENV)/.run

# What the tests of tamper trials need: a build of PyTorch for processors, which the common
# index does not have for every platform. Without it those tests are skipped, and say so.
$(VENV)/.trial: requirements/trial.txt $(VENV)/.dev
	@echo "== setting up PyTorch for the tests of tamper trials (once)"
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements/trial.txt \
	    && $(BIN)/python -c 'import torch' && touch $@ \
	    || echo "== no build of PyTorch for processors was found: their tests are skipped"

run: $(VENV)/.run           ## the main job: one model through the whole flow (ONCE=1 to exit after)
	@$(BIN)/openweir demo $(if $(ONCE),--once)

scale-out: $(VENV)/.dev     ## PostgreSQL, S3, three replicas, nginx on this machine (CHECK=1 to try it and exit)
	@$(BIN)/python deploy/local.py $(if $(CHECK),--check)

test: $(VENV)/.dev lint $(VENV)/.trial ## everything CI runs: lint, types, room contracts, tests
	@tools/chromium.sh
	@tools/git_lfs.sh
	@tools/newer_python.sh $(VENV)
	@$(BIN)/python deploy/servers.py || echo "== rclone was not found: tests take another S3 server"
	@$(BIN)/python -m pytest -n 2 $(TESTS)
	@$(if $(TESTS),,OPENWEIR_TEST_HUB=scale-out $(BIN)/python -m pytest -n 2 -q $(SCALED))

test-scale-out: $(VENV)/.dev ## every test of the hub once more: over PostgreSQL and S3 (S3=swift), then behind nginx
	@$(BIN)/python deploy/servers.py || echo "== rclone was not found: tests take another S3 server"
	@OPENWEIR_TEST_HUB=scale-out OPENWEIR_TEST_S3=$(S3) $(BIN)/python -m pytest -n 2 -q tests/hub
	@OPENWEIR_TEST_HUB=fleet OPENWEIR_TEST_S3=$(S3) $(BIN)/python -m pytest -n 2 -q tests/hub

lint: $(VENV)/.dev          ## style, types, docstrings, one-way rooms
	@$(BIN)/ruff format --check src tests benchmarks deploy examples tools
	@$(BIN)/ruff check src tests benchmarks deploy examples tools
	@$(BIN)/mypy
	@$(BIN)/interrogate --quiet src
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/.dev        ## let the tools fix what they can
	@$(BIN)/ruff format src tests benchmarks deploy examples tools
	@$(BIN)/ruff check --fix src tests benchmarks deploy examples tools

bench: $(VENV)/.dev         ## every claim of speed, beside its peer
	@for claim in benchmarks/*.py; do echo "== $$claim"; $(BIN)/python $$claim || exit 1; done

conformance: $(VENV)/.dev   ## other people's hub clients and their own tests, against our hub
	@for way in "" --no-xet; do \
		$(BIN)/python tests/hub/conformance/run.py $$way || exit 1; \
		for client in 0.36.2 1.19.0 1.33.0 2.4.0; do \
			$(BIN)/python tests/hub/conformance/run.py --ours --client $$client $$way || exit 1; \
		done; \
	done
	@OPENWEIR_LARGE_CLIENTS=1 $(BIN)/python -m pytest -q tests/hub/test_engines.py

fuzz: $(VENV)/.dev          ## a million hostile dossiers: refused, or no higher tier (MANY=1000000)
	@PYTHONPATH=tests $(BIN)/python tests/fuzz_dossiers.py $(MANY)

newer-python: $(VENV)/.dev  ## decide on newer Pythons and compare the bytes
	@tools/newer_python.sh $(VENV)
	@$(BIN)/python -m pytest -q tests/decision/test_other_python.py

fuzz-evidence: $(VENV)/.dev ## 10,000 hostile logs per importer: refused, or no sample lost (EACH=10000)
	@PYTHONPATH=tests $(BIN)/python tests/fuzz_eval_logs.py $(EACH)

fuzz-readers: $(VENV)/.dev  ## mutated bytes for every reader of foreign files (MANY=1000000 of each)
	@PYTHONPATH=tests $(BIN)/python tests/fuzz_readers.py $(MANY)

docs: $(VENV)/.dev          ## regenerate the generated pages and check that they are current
	@$(BIN)/python tools/pages.py

lock: $(VENV)/.dev          ## resolve the pins again
	@$(BIN)/python tools/lock.py

clean:                      ## remove what these targets made
	rm -rf $(VENV) demo .mypy_cache .ruff_cache .pytest_cache
