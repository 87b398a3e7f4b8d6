# Every target sets up what it needs, on a machine that has git, make, python3 with pip, and npm.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: dev lab page test test-model test-long bench lint lock docs clean help

RUN := .venv/bin/python -P
# The tests start Python hundreds of times: without its kept bytecode that takes twice as long.
unexport PYTHONDONTWRITEBYTECODE
UV := $(or $(shell command -v uv),.tools/bin/uv)
# uv and Node come with a list of authorities each; a machine may have one more (pip asks it anyway).
AUTHORITIES := $(wildcard /etc/ssl/certs/ca-certificates.crt)
ifdef AUTHORITIES
export UV_SYSTEM_CERTS ?= 1
export NODE_EXTRA_CA_CERTS ?= $(AUTHORITIES)
endif

dev: .venv/.ready dev_ui/node_modules/.ready ## open the page with the example notebook; it follows what you change
	$(RUN) -m beaker_kernel.commands.dev

lab: .venv/.ready ## open JupyterLab with the beaker kernel and the example notebook
	$(RUN) -m beaker_kernel.commands.lab

page: beaker_kernel/static/ui/index.html ## build the page that `beaker serve --ui` serves

test: lint page .venv/.programs ## run every check and every test that takes less than a minute
	npm --prefix dev_ui test --silent
	$(RUN) -m pytest -q -n 4 --dist loadfile --no-loadscope-reorder -m "not model and not long"

test-model: .venv/.ready ## ask a real model, fetched once into a cache
	$(RUN) -m pytest -q -m model tests/model

test-long: page .venv/.programs ## run what takes minutes: faults, floods, deep fuzzing
	$(RUN) -m pytest -q -m long

bench: .venv/.programs ## measure beside plain ipykernel, as ratios
	$(RUN) -m benchmarks

lint: .venv/.ready dev_ui/node_modules/.ready ## check style, types and generated files
	.venv/bin/ruff check -q .
	.venv/bin/ruff format -q --check .
	.venv/bin/mypy --no-error-summary
	$(RUN) -m beaker_kernel.protocol.schema --check
	npm --prefix dev_ui run --silent protocol:check
	npm --prefix dev_ui run --silent lint

docs: .venv/.ready dev_ui/node_modules/.ready ## write the generated files anew
	$(RUN) -m beaker_kernel.protocol.schema
	npm --prefix dev_ui run --silent protocol

lock: $(UV) ## resolve the dependencies anew
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" --group dev --group model pyproject.toml -o requirements.lock

clean: ## remove everything that the other targets made
	rm -rf .venv .tools .dev dev_ui/node_modules beaker_kernel/static/ui build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

help: ## show this help
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

.tools/bin/uv:
	python3 -m pip install -q --disable-pip-version-check --root-user-action ignore --target .tools uv

.venv/.ready: requirements.lock pyproject.toml beaker_kernel/kernel.json | $(UV)
	$(UV) venv -q --allow-existing --no-python-downloads --python '>=3.11' .venv
	$(UV) pip sync -q --python .venv --require-hashes requirements.lock
	$(UV) pip install -q --python .venv --no-deps --no-build-isolation --editable .
	touch $@

# The headless shell is the same engine as Chromium, for half the processor time.
.venv/.programs: | .venv/.ready
	{ command -v bwrap && command -v R && test -d /usr/lib/postgresql; } >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq --no-install-recommends bubblewrap postgresql r-cran-irkernel >/dev/null; } || echo "without them their tests are skipped: sudo apt-get install bubblewrap postgresql r-cran-irkernel" >&2
	command -v chromium-headless-shell >/dev/null || { [ "$$(id -u)" = 0 ] && { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium-headless-shell >/dev/null; }; } || command -v chromium >/dev/null || { echo "the browser tests need Chromium: sudo apt-get install chromium-headless-shell" >&2; exit 1; }
	touch $@

beaker_kernel/static/ui/index.html: $(shell find dev_ui/src dev_ui/public dev_ui/*.* -type f) | dev_ui/node_modules/.ready
	npm --prefix dev_ui run --silent build -- --logLevel error
	touch $@

dev_ui/node_modules/.ready: dev_ui/package-lock.json
	npm --prefix dev_ui ci --loglevel=error --no-audit --no-fund
	touch $@
