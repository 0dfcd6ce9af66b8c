# Every target works in a fresh clone with nothing but Python >= 3.10 and pip.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LAKE_SUITE := $(addprefix tests/,alerts cli/test_export.py durability/test_alerts.py \
  $(addprefix lake/test_,files.py opening_lakes.py settling.py upgrade.py) $(addprefix prices/test_,queries.py reprice.py) \
  $(addprefix collector/test_,count_once.py count_once_recorded.py count_once_properties.py \
  quarantine.py queries.py query_answers.py query_details.py retention.py rollup.py \
  rollups_behind.py writer.py))

.PHONY: check test demo matrix sdk-suite otelcol versitygw kills lake lake-suite lake-soak edge-soak \
  lock install format clean

check: install            ## the whole gate: lint, types, import contracts, tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n auto --dist loadfile

test: install             ## the test suite
	$(BIN)/python -m pytest -n auto --dist loadfile

demo: install             ## simulated traffic and a live dashboard
	$(BIN)/spanledger demo

matrix: install           ## the instrumentation's tests with eight releases of the SDK
	PYTHON=$(BIN)/python JOBS=2 .ci/sdk-matrix

sdk-suite: install        ## the SDK's own test-suite, without and with us
	$(BIN)/python tests/sdk_suite/run.py

otelcol:                   ## the upstream Collector, which some tests run (needs Go)
	.ci/otelcol

versitygw:                 ## a server that speaks S3, which some tests of the lake run (needs Go)
	.ci/versitygw

lake:                      ## the environment in which a lake's collectors run
	.ci/lake

lake-suite: install lake   ## the store's tests on a lake instead of a file
	PYTHONPATH=instrumentation:collector:dashboard:. $$(.ci/lake) -m pytest -p tests.lake.on_a_lake \
	  -p no:cacheprovider --timeout 900 $(LAKE_SUITE)

lake-soak: install lake otelcol versitygw  ## kill every part of a lake in turn, again and again
	PYTHONPATH=. $(BIN)/python tests/lake/soak.py

edge-soak: install otelcol ## the ledger away for ten minutes, the Collector in front killed
	PYTHONPATH=. $(BIN)/python tests/clients/edge_soak.py

kills: install             ## kill -9 of the collector, fifty times
	SPANLEDGER_TEST_KILLS=50 $(BIN)/pytest tests/durability/test_kills.py

format: install           ## rewrite the code as ruff likes it
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock:                     ## renew constraints.txt (needs uv); the lake pins a DuckDB of its own
	uv pip compile pyproject.toml --extra dev --extra instruments --universal --python-version 3.10 --upgrade \
	  --no-header --no-annotate --no-emit-index-url --quiet --output-file constraints.txt

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[dev]'
	touch $@

clean:                    ## remove what can be made again; the ledger in spanledger-data stays
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
