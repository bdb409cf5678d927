# `make` alone lists what it can do.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
RUN := .venv/bin
SHELL := /bin/bash
unexport PYTHONDONTWRITEBYTECODE  # hundreds of processes are started; each would compile it all

.PHONY: help demo test check fix faults matrix bench picture lock clean
help:  ## list these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: .venv/.demo  ## install, then run the example: one report, one export
	@$(RUN)/lastmile demo

test: .venv/.dev  ## run the tests
	$(RUN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

check: .venv/.dev  ## what CI checks besides the tests: style, types, layers
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/mypy
	$(RUN)/lint-imports

fix: .venv/.dev  ## format the code and mend what can be mended by itself
	$(RUN)/ruff format .
	$(RUN)/ruff check --fix .

faults: .venv/.dev  ## kill random processes, corrupt Core ML files; nothing may be lost, doubled or crash
	$(RUN)/python -m tests.faults.storm 200
	$(RUN)/python -m tests.faults.deliveries 100
	$(RUN)/python -m tests.faults.schedules 300
	$(RUN)/python -m tests.faults.corrupted 1200

matrix: .venv/.dev  ## every estimator of scikit-learn in every arrangement; every time zone's changes
	$(RUN)/python -m tests.matrix
	$(RUN)/python -m tests.matrix.routing 100000
	$(RUN)/python -m tests.matrix.zones
	$(RUN)/python -m tests.airflow_dags  # in an environment of its own

bench: .venv/.dev  ## measure, side by side with what users have today
	$(RUN)/python -m tests.benchmarks

picture: .venv/.dev  ## make README.png from what the demo built (needs Chromium)
	$(RUN)/python -m tests.picture

lock: .venv/.dev  ## resolve the dependencies again
	$(RUN)/uv pip compile pyproject.toml --extra reports --extra exports --extra example --extra source \
	  --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q \
	  --custom-compile-command "make lock" -o requirements.lock
	$(RUN)/uv pip compile pyproject.toml --all-extras -c requirements.lock \
	  --universal --python-version 3.11 --generate-hashes --no-emit-index-url -q \
	  --custom-compile-command "make lock" -o requirements-dev.lock

clean:  ## remove what was built
	rm -rf .venv .lastmile reports/_built exports/_built

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "lastmile needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11 demo"; exit 2; }
	$(PYTHON) -m venv .venv

.venv/.demo: requirements.lock pyproject.toml | .venv/bin/python
	$(RUN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(RUN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml | .venv/bin/python
	$(RUN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(RUN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ .venv/.demo
