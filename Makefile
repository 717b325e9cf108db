# Everything a developer or CI runs. Each target brings what it needs; a second run finds it in place.
.DEFAULT_GOAL := test
.DELETE_ON_ERROR:
.PHONY: dev lint format test cover slow judges bench bench-peers demo docs package lock clean

PYTHON ?= python3
BIN := .venv/bin
UV := .tools/bin/uv
READY := .venv/.ready
LINES ?= 5000000
PYTEST := $(BIN)/python -m pytest

dev: $(READY)

# uv is a faster installer, not a need: where it cannot be had or fails, pip installs the same lock.
.tools/.ready:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "apportion needs Python 3.11 or newer")'
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet uv || echo "uv is not to be had; pip will do" >&2
	touch $@

$(READY): requirements.lock pyproject.toml | .tools/.ready
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	if test -x $(UV) && \
	  $(UV) pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock && \
	  $(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .; then :; \
	else \
	  $(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock && \
	  $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .; \
	fi
	$(BIN)/python -m compileall -q agent policies terraform_lint reports
	touch $@

lint: dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: dev
	$(BIN)/ruff check --fix --quiet
	$(BIN)/ruff format --quiet

test: dev
	$(PYTEST) -n 2 --dist worksteal

cover: dev
	$(PYTEST) -n 2 --cov --cov-report=term

slow: dev
	$(PYTEST) -m slow

# Servers and outside judges of the slow tests, each in an environment of its own; none is a dependency. A file that
# begins with `# python: X` asks for that Python.
judges: $(patsubst tests/judges/%.txt,.tools/%/.ready,$(wildcard tests/judges/*.txt)) .tools/azurite/.ready

.tools/%/.ready: tests/judges/%.txt | .tools/.ready
	rm -rf $(@D)
	"$$(.ci/python "$$(sed -n 's/^# python: //p' $<)")" -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --requirement $<
	touch $@

.tools/azurite/.ready: tests/judges/azurite.json | .tools/.ready
	rm -rf $(@D) && mkdir -p $(@D) && cp $< $(@D)/package.json
	cd $(@D) && npm install --silent --no-audit --no-fund --no-package-lock
	touch $@

bench: dev .bench/peers/orjson/.ready
	$(BIN)/python -m compileall -q agent policies terraform_lint reports
	$(BIN)/python -m benchmarks --lines $(LINES)
	$(BIN)/python -m benchmarks.lint

# The tools that the Terraform check is measured against, each in an environment of its own; none is a dependency.
# `make bench` measures against those that are installed.
bench-peers: $(patsubst benchmarks/peers/%.txt,.bench/peers/%/.ready,$(wildcard benchmarks/peers/*.txt))

.bench/peers/%/.ready: benchmarks/peers/%.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --requirement $<
	touch $@

demo: dev
	$(BIN)/apportion demo demo

docs: dev
	$(BIN)/python docs/generate.py

package: dev
	rm -rf dist
	$(BIN)/python -m hatchling build -d dist

# After a change of dependencies. No index option belongs here: the command line is repeated in the lock.
lock: .tools/.ready
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --all-extras --group dev \
	  pyproject.toml -o requirements.lock
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --constraint requirements.lock \
	  --extra engine --extra server --extra slack --extra reports --extra postgres pyproject.toml -o requirements-image.lock
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --constraint requirements.lock \
	  --group build -o requirements-build.lock

clean:
	rm -rf .venv .tools demo dist site .bench .coverage htmlcov .hypothesis .mypy_cache .pytest_cache .ruff_cache \
	  .import_linter_cache
