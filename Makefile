# make run     set everything up once, then serve on http://127.0.0.1:8000
# make test    set everything up once, then lint, types and tests
# make lint    lint and types alone
# make bench   the benchmarks; make bench-scale: search at 10,000 to 1,000,000 passages
# make bench-llm   many answers at once against llama.cpp's own server and benchmarks (llama-tools)
# make bench-memory an hour of everything at once: does memory grow?
# make llama-tools compile those of llama.cpp, once, in build/llama-tools (10 minutes on 2 cores)
# make eval    quality of retrieval, answers and refusals on the reference sets
# make fuzz    a hundred thousand generated requests against a running appliance
# make binary  one executable file, dist/voiceassist, tried without Python on the PATH
# make lock    resolve the lock files anew (needs uv)
# make clean   remove what building and testing left; make distclean removes .venv and the model too

PYTHON ?= python3
BIN := .venv/bin
SAMPLE := data/sample_ward_handbook.txt

.PHONY: run test lint bench bench-scale bench-llm bench-memory llama-tools eval fuzz binary lock clean distclean ready ready-dev
.DEFAULT_GOAL := run

ready:
	@$(PYTHON) packaging/bootstrap.py run

ready-dev:
	@$(PYTHON) packaging/bootstrap.py dev

# exec: the server gets the signals itself, with no shell between.
run: ready
	@exec $(BIN)/voiceassist serve --first-run --sample $(SAMPLE)

test: lint
	$(BIN)/pytest -n auto --dist loadfile

lint: ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: ready-dev
	$(BIN)/python -m tests.benchmarks

bench-scale: ready-dev
	$(BIN)/python -m tests.benchmarks.bench_scale

llama-tools: ready-dev
	$(BIN)/python -m tests.benchmarks.llama_tools

bench-llm: llama-tools
	$(BIN)/python -m tests.benchmarks.bench_loop_lag --model
	$(BIN)/python -m tests.benchmarks.bench_first_token
	$(BIN)/python -m tests.benchmarks.bench_batching
	$(BIN)/python -m tests.benchmarks.bench_llm_server
	$(BIN)/python -m tests.benchmarks.bench_llama_bench
	$(BIN)/python -m tests.benchmarks.bench_shared_model

bench-memory: ready-dev
	$(BIN)/python -m tests.benchmarks.bench_mixed_load

eval: ready-dev
	$(BIN)/python -m tests.quality

fuzz: ready-dev
	$(BIN)/python -m tests.contract.fuzz --cases 100000

binary: ready-dev
	$(BIN)/pyinstaller --noconfirm --log-level WARN --distpath dist --workpath build build.spec
	ls -l dist/voiceassist
	cd dist && ../$(BIN)/python ../packaging/smoke.py -- $(CURDIR)/dist/voiceassist

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
DEV_LOCK := packaging/requirements-dev.lock
lock:
	$(LOCK) --extra models --extra dev --extra build pyproject.toml packaging/build-system.in -o $(DEV_LOCK)
	$(LOCK) --extra models pyproject.toml -c $(DEV_LOCK) -o packaging/requirements.lock
	$(LOCK) packaging/build-system.in -c $(DEV_LOCK) -o packaging/build-system.lock
	$(LOCK) --no-deps packaging/embedding-model.in -o packaging/embedding-model.lock

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find appliance models packaging tests -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv models/*.gguf
