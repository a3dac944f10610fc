# Everything runs in a virtual environment that is made here. PYTHON picks the interpreter: make test PYTHON=python3.13
PYTHON ?= python3
VENV ?= .venv
INTEROP_VENV ?= $(VENV)-interop
FREQTRADE_VENV ?= $(VENV)-freqtrade
AUDIT_VENV ?= $(VENV)-audit
PORT ?= 8787
# The releases to install: CONSTRAINTS=constraints.txt for those that CI runs with, otherwise the newest allowed.
CONSTRAINTS ?=
# As many test processes as processors; WORKERS=0 runs them in this one.
WORKERS ?= auto

BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INTEROP_INSTALLED := $(INTEROP_VENV)/.installed
INTEROP_NODE_INSTALLED := $(INTEROP_VENV)/node/.installed
FREQTRADE_INSTALLED := $(FREQTRADE_VENV)/.installed
AUDIT_INSTALLED := $(AUDIT_VENV)/.installed
PIP_OPTIONS := --disable-pip-version-check --progress-bar off
# A dot for every package, so that one sees it is at work; what pip complains of goes past this.
DOTS := { while read -r line; do case $$line in Collecting*|Installing*) printf .;; esac; done; echo; }

.DEFAULT_GOAL := help
.PHONY: help demo test check types types-check types-report matrix constraints audit record bench bench-check faults fuzz soak soak-gateway gateway sandbox interop news contract freqtrade freqtrade-gateway programs docs operations operations-check clean

help:
	@echo "make demo         trade on the local exchange, through ccxt"
	@echo "make test         all tests, network closed"
	@echo "make check        ruff and mypy"
	@echo "make types        write the types that are made from the venue's documents and our classes"
	@echo "make types-check  are they up to date?"
	@echo "make types-report how much of each part a type checker sees"
	@echo "make matrix       tests on each Python, with the oldest and newest releases allowed"
	@echo "make constraints  write the releases that are installed into constraints.txt, for CI"
	@echo "make audit        known vulnerabilities in those releases; asks the network"
	@echo "make record       record the cassettes anew, from the sandbox"
	@echo "make bench        measurements beside ccxt's own class, written into the README and docs"
	@echo "make bench-check  a short run: has any ratio fallen far behind?"
	@echo "make faults       orders while requests and answers are lost: ours and ccxt's class"
	@echo "make fuzz         spoilt answers, absurd arguments, every status, for every method"
	@echo "make soak         a hundred books for minutes, while sockets are cut"
	@echo "make soak-gateway gateways, NATS and the venue's sockets killed for minutes"
	@echo "make gateway      a gateway to the sandbox, with a NATS server of its own"
	@echo "make sandbox      the local exchange on port $(PORT)"
	@echo "make interop      other people's clients against the sandbox"
	@echo "make programs     vectorbt and others on a sandbox, each in an environment of its own; ARGS=vectorbt for one"
	@echo "make docs         the pages of docs/ as a site in build/site; warnings are errors"
	@echo "make contract     requests made of the venue's OpenAPI against the sandbox: 200 an operation"
	@echo "make news FILE=newer.json  what a newer OpenAPI of the venue changes, and what each change touches"
	@echo "make operations   docs/operations.md and docs/control.md: operations, methods, the sandbox's answers and doors"
	@echo "make freqtrade    freqtrade from lists to orders, for seven minutes: SECONDS=120 a trading mode"
	@echo "make freqtrade-gateway  three freqtrades on one gateway, without keys, for SECONDS=120"
	@echo "make clean        remove the virtual environments and caches"

demo: $(INSTALLED)
	@$(BIN)/python examples/demo.py

test: $(INSTALLED)
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) $(ARGS)

check: $(INSTALLED)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy

types: $(INSTALLED)
	@$(BIN)/python -m tools.venue_types
	@$(BIN)/python -m tools.class_stubs

types-check: $(INSTALLED)
	@$(BIN)/python -m tools.venue_types --check
	@$(BIN)/python -m tools.class_stubs --check

types-report: $(INSTALLED)
	@$(BIN)/python -m tools.any_report

constraints: $(INSTALLED)
	@$(BIN)/python -m tools.constraints

audit: $(AUDIT_INSTALLED)
	@$(AUDIT_VENV)/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip --strict $(ARGS)

matrix: $(INSTALLED)
	@$(BIN)/python -m tools.matrix $(ARGS)

record: $(INSTALLED)
	@rm -rf cassettes/http cassettes/ws
	@BPX_RECORD=1 $(BIN)/python -m pytest --quiet tests $(ARGS)

bench: $(INSTALLED)
	@$(BIN)/python -m benchmarks --write $(ARGS)

bench-check: $(INSTALLED)
	@$(BIN)/python -m benchmarks --check $(ARGS)

faults: $(INSTALLED)
	@$(BIN)/python -m benchmarks.outcomes $(ARGS)

fuzz: $(INSTALLED)
	@$(BIN)/python -m tests.fuzz $(ARGS)

soak: $(INSTALLED)
	@$(BIN)/python -m benchmarks.soak $(ARGS)

soak-gateway: $(INSTALLED)
	@$(BIN)/python -m benchmarks.soak_gateway $(ARGS)

gateway: $(INSTALLED)
	@PATH="$(abspath $(BIN)):$$PATH" $(BIN)/bpx gateway --with-server \
		--sandbox http://127.0.0.1:$(PORT) $(ARGS)

sandbox: $(INSTALLED)
	@$(BIN)/python -m bpx_connector.sandbox --port $(PORT) $(ARGS)

interop: $(INSTALLED) $(INTEROP_INSTALLED) $(INTEROP_NODE_INSTALLED)
	@$(BIN)/python -m tests.interop $(INTEROP_VENV)/bin/python $(INTEROP_VENV)/node/node_modules

freqtrade: $(INSTALLED) $(FREQTRADE_INSTALLED)
	@$(BIN)/python -m tests.programs.freqtrade $(FREQTRADE_VENV)/bin/python $(SECONDS)

programs: $(INSTALLED)
	@$(BIN)/python -m tests.programs $(ARGS)

docs: $(INSTALLED)
	@$(BIN)/python -m mkdocs build --strict --quiet && echo "build/site/index.html"

news: $(INSTALLED)
	@$(BIN)/python -m tools.openapi_news $(FILE)

contract: $(INSTALLED)
	@$(BIN)/python -m tests.contract $(ARGS)

freqtrade-gateway: $(INSTALLED) $(FREQTRADE_INSTALLED)
	@$(FREQTRADE_VENV)/bin/python -m pip install --quiet $(PIP_OPTIONS) 'nats-py[nkeys]>=2.16,<3'
	@$(BIN)/python -m tests.programs.freqtrade_gateway $(FREQTRADE_VENV)/bin/python $(SECONDS)

operations: $(INSTALLED)
	@$(BIN)/python -m tools.operations
	@$(BIN)/python -m tools.doors_page

operations-check: $(INSTALLED)
	@$(BIN)/python -m tools.operations --check
	@$(BIN)/python -m tools.doors_page --check

clean:
	@rm -rf $(VENV) $(INTEROP_VENV) $(AUDIT_VENV) $(FREQTRADE_VENV) .venv-wheel* .venv-matrix .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12"; exit 1; }
	@echo "installing into $(VENV): about half a minute, and a dot for every package"
	@$(PYTHON) -m venv $(VENV) && rm -f $@
	@{ PYTHONUNBUFFERED=1 $(BIN)/python -m pip install $(PIP_OPTIONS) $(addprefix --constraint ,$(CONSTRAINTS)) \
		--editable '.[dev]' && touch $@; } | $(DOTS); \
		test -e $@

# What audits is not part of what is audited.
$(AUDIT_INSTALLED):
	@$(PYTHON) -m venv $(AUDIT_VENV)
	@$(AUDIT_VENV)/bin/python -m pip install $(PIP_OPTIONS) 'pip-audit>=2.7,<3'
	@touch $@

# bpx-py pins versions that ccxt cannot live with, so other people's clients have an environment of their own.
$(INTEROP_INSTALLED): tests/interop/requirements.txt
	@echo "installing into $(INTEROP_VENV)"
	@$(PYTHON) -m venv $(INTEROP_VENV)
	@rm -f $@
	@{ PYTHONUNBUFFERED=1 $(INTEROP_VENV)/bin/python -m pip install $(PIP_OPTIONS) \
		--requirement tests/interop/requirements.txt && touch $@; } | $(DOTS); test -e $@

# Where there is no npm, or it does not find them, the clients in JavaScript are skipped.
$(INTEROP_NODE_INSTALLED): tests/interop/package.json $(INTEROP_INSTALLED)
	@mkdir -p $(INTEROP_VENV)/node && cp -r tests/interop/package.json tests/interop/no_fs $(INTEROP_VENV)/node
	@if command -v npm > /dev/null; then \
		npm install --prefix $(INTEROP_VENV)/node --no-audit --no-fund --ignore-scripts --loglevel=error || true; fi
	@touch $@

# freqtrade brings a hundred packages of its own, and is no dependency of anything here.
$(FREQTRADE_INSTALLED):
	@echo "installing into $(FREQTRADE_VENV): two minutes"
	@$(PYTHON) -m venv $(FREQTRADE_VENV)
	@rm -f $@
	@{ PYTHONUNBUFFERED=1 $(FREQTRADE_VENV)/bin/python -m pip install $(PIP_OPTIONS) freqtrade \
		&& $(FREQTRADE_VENV)/bin/python -m pip install $(PIP_OPTIONS) --editable '.[cli]' && touch $@; } | $(DOTS); test -e $@
