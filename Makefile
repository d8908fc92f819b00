# Two commands do everything: `make run` serves an archive, `make test` runs what CI runs.

PYTHON ?= python3
CORPUS ?= corpus
ARCHIVE_INDEX_DIR ?= index
# For pip, e.g. PIP_ARGS="--index-url …" where the default index has no CPU build of torch.
PIP_ARGS ?=

VENV := .venv
PY := $(VENV)/bin/python
export ARCHIVE_INDEX_DIR
export ARCHIVE_SOURCE_DIR := $(CORPUS)

.PHONY: run index test quick check fuzz quality recorded fit benchmark benchmark-growth benchmark-http benchmark-load \
	benchmark-peers torture chromium clean

run: index
	$(PY) -m web

index: $(VENV)/.installed
	$(PY) -m indexer build "$(CORPUS)" "$(ARCHIVE_INDEX_DIR)"

# torch goes first: with its CPU build in place nothing else asks for a CUDA one.
$(VENV)/.installed: requirements.lock
	@$(PYTHON) -c "import sys, venv; sys.exit(sys.version_info < (3, 11))" || { \
		echo "$$($(PYTHON) --version) found; Python 3.11 or newer with venv is needed:" \
			"make $(MAKECMDGOALS) PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet $(PIP_ARGS) "$$(grep '^torch==' requirements.lock)"
	$(PY) -m pip install --quiet $(PIP_ARGS) -r requirements.lock
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed requirements-test.lock
	$(PY) -m pip install --quiet $(PIP_ARGS) -r requirements-test.lock
	touch $@

# Processes that test side by side. Each loads the encoder: a gigabyte, and one thread of its own.
WORKERS ?= 2
PYTEST := OMP_NUM_THREADS=1 $(PY) -m pytest --numprocesses $(WORKERS) --dist loadfile

# What CI runs. It first imports the app without the test tools, then adds them.
test: $(VENV)/.installed
	$(PY) -c "import indexer.__main__, search_api.__main__, web.app"
	$(MAKE) check

check: $(VENV)/.installed-test chromium
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PYTEST)

# The tests that take less than half a minute each, without the browser.
quick: $(VENV)/.installed-test
	$(PYTEST) -m "not slow" --ignore tests/browser

# Many requests made up from the OpenAPI document; `make test` sends a few.
fuzz: $(VENV)/.installed-test
	FUZZ_EXAMPLES=300 $(PY) -m pytest tests/search_api/test_anything_sent.py

# Only the tests of the page need a browser; where it cannot be had they say so and are skipped.
chromium:
	@command -v chromium >/dev/null || { \
		echo "installing chromium for the tests of the page"; \
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } \
			>/dev/null 2>&1 || echo "chromium could not be installed: the tests of the page will be skipped"; }

# Ranking and answers on the sets of ../shared/eval; one set: make quality SET=cranfield
quality: $(VENV)/.installed-test
	$(PY) -m tests.quality $(SET)

# Fails where a recorded number of these sets has fallen; `make test` does it for one.
SETS ?= cranfield squad11_100
recorded: $(VENV)/.installed-test
	QUALITY_SETS="$(SETS)" $(PY) -m pytest tests/quality/test_recorded.py

# The weights of search_api/answering.py and confidence.py, from the indexes that `make quality` has built.
fit: $(VENV)/.installed-test
	$(PY) -m tests.quality.fitting ../shared/eval \
		quality-index/archive_questions/index quality-index/squad20_dev_half/index

# search_api/scorer.onnx anew, on the sets that tests/scorer/README.md names: an hour or more on two cores.
scorer: $(VENV)/.installed-test
	mkdir -p quality-index/scorer
	$(PY) -m tests.scorer.candidates ../shared/eval quality-index quality-index/scorer/candidates.jsonl
	$(PY) -m tests.scorer.train quality-index/scorer/candidates.jsonl quality-index/scorer/weights.pt
	$(PY) -m tests.scorer.export quality-index/scorer/weights.pt search_api/scorer.onnx

# Campaigns of hours: kills, failing file operations, damages, random histories, swaps under load,
# the query parser, every passage, and mutated files. RESILIENCE.md says what each proves; the counts are settings.
KILLS ?= 1000
EVERY_FAULT ?= 1
DAMAGED_BLOCKS ?= 1000
SEQUENCES ?= 200
STEPS ?= 80
HISTORIES ?= 100
SWAPS ?= 100
QUERIES ?= 1000000
EXTRACTED ?= 1000000
torture: $(VENV)/.installed-test
	$(PY) -m tests.torture.kills $(KILLS)
	$(PY) -m tests.torture.faults $(EVERY_FAULT)
	$(PY) -m tests.torture.damages $(DAMAGED_BLOCKS)
	TORTURE_SEQUENCES=$(SEQUENCES) TORTURE_STEPS=$(STEPS) $(PY) -m pytest -q tests/torture/test_model.py
	TORTURE_HISTORIES=$(HISTORIES) $(PY) -m pytest -q tests/indexer/test_update.py
	$(PY) -m tests.torture.swaps $(SWAPS)
	$(PY) -m tests.torture.queries $(QUERIES)
	$(PY) -m tests.torture.findability
	$(PY) -m tests.torture.extraction $(EXTRACTED)

# How fast, as ratios within one run (tests/benchmarks/README.md): the encoders and a build of SOURCE, in minutes.
BENCHMARK_CACHE ?= benchmark-cache
SIZES ?= 10000 100000 380000 1000000
SIZE ?= 100000
SOAK_MINUTES ?= 20
BENCHMARK := $(PY) -m tests.benchmarks --cache $(BENCHMARK_CACHE)
benchmark: $(VENV)/.installed-test
	$(BENCHMARK) embedding
	$(BENCHMARK) short $(CORPUS)

# The table by number of passages: hours, of which the first embeds 20,000 real passages, once.
benchmark-growth: $(VENV)/.installed-test
	$(BENCHMARK) growth $(SIZES)

benchmark-http: $(VENV)/.installed-test
	$(BENCHMARK) http $(SIZE)

benchmark-load: $(VENV)/.installed-test
	$(BENCHMARK) load $(SIZE) --minutes $(SOAK_MINUTES)

benchmark-peers: $(VENV)/.installed-test $(VENV)-peers/.installed
	$(BENCHMARK) peers $(SIZE) --python $(VENV)-peers/bin/python

# Other engines, in an environment of their own. pip 25.1 or newer reads dependency groups.
$(VENV)-peers/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)-peers
	$(VENV)-peers/bin/python -m pip install --quiet --upgrade pip
	$(VENV)-peers/bin/python -m pip install --quiet $(PIP_ARGS) "$$(grep '^torch==' requirements.lock)"
	$(VENV)-peers/bin/python -m pip install --quiet $(PIP_ARGS) --group peers
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-peers index quality-index benchmark-cache
