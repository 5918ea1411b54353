# Each step leaves a stamp, so that it runs again only when what it depends on has changed.

PYTHON ?= python3
# What the servers of make bench run on.
BENCH_PYTHON ?= $(shell .ci/system-python $(PYTHON))
PORT ?= 5000
PYTEST_ARGS ?=
WSTEST ?= wstest
AUTOBAHN_ARGS ?=
MINUTES ?= 2
# Of each target of make fuzz.
RUNS ?= 1000000
# Of each target of make fuzz-atheris.
SECONDS ?= 60
FUZZ_ARGS ?=
BENCH_ARGS ?=
# Of make cycles, of each generation.
COUNT ?= 100000

bin := .venv/bin
pip := $(bin)/python -m pip install --quiet --disable-pip-version-check
npm_ci := npm ci --silent
# The generations of socket.io-client that the package serves, each in its folder.
bundles := $(patsubst %,flask_realtime/client_files/%/LICENSE,0.9 1 2 4)
metadata := pyproject.toml setup.py
# Clients of the tests that are not JavaScript, each in a folder, for no two go together.
clients := $(patsubst %,.venv/clients/%/.installed,python-socketio-5 python-socketio-4 \
	socketIO-client-0.5 socketIO-client-0.7 socketIO-client-nexus-0.7)

# What make bench needs beside the package: the peers, and the load.
bench := .venv/bench/.installed benchmarks/node_modules/.package-lock.json \
	benchmarks/load/build/load benchmarks/load/build/yardstick

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: help demo demo-legacy test autobahn fuzz fuzz-server fuzz-atheris fairness drain stalled deflate-memory cycles soak bench bench-quick micro lint docs bundles dist clean

help:
	@echo "make demo      run the example chat       (PORT=$(PORT))"
	@echo "make demo-legacy   every client, from 0.9 on, in one room"
	@echo "make test      run the tests in parallel  (PYTEST_ARGS='tests/wsgi -k limit')"
	@echo "make autobahn  WebSocket conformance, an hour  (WSTEST=wstest AUTOBAHN_ARGS='--cases 1.*')"
	@echo "make fuzz      mutated input into every decoder  (RUNS=$(RUNS) FUZZ_ARGS='--seed 2')"
	@echo "make fuzz-server   ... into a whole server       (RUNS=20000)"
	@echo "make fuzz-atheris  ... guided by coverage, each for some time  (SECONDS=$(SECONDS))"
	@echo "make fairness  what others notice of floods of every kind, 6 minutes"
	@echo "make drain     what 1,000 clients see when the server stops"
	@echo "make stalled   what a client that never reads costs 10,000 others, 4 minutes"
	@echo "make deflate-memory   what compression costs each idle client"
	@echo "make cycles    whether anything is left of clients that are lost  (COUNT=$(COUNT))"
	@echo "make soak      whether memory stays              (MINUTES=$(MINUTES))"
	@echo "make bench     us and the peers side by side, half an hour  (BENCH_ARGS='--only echo')"
	@echo "make bench-quick   whether we are as fast as the last time, 2 minutes"
	@echo "make micro     what each part of a message's way costs, in one process"
	@echo "make lint      ruff, mypy, import layers"
	@echo "make docs      build the documentation, docs/_build/html"
	@echo "make bundles   fetch the browser clients with npm"
	@echo "make dist      build sdist and wheel, with the bundles, in dist/"
	@echo "make clean     remove all that make made"

# The bundles first, here and below: a missing npm is told before pip has worked for a minute.
# By exec, so that who kills make's child kills the server, which says where to open it.
demo: $(bundles) .venv/.installed
	@exec env PORT=$(PORT) $(bin)/python examples/chat/app.py

demo-legacy: $(bundles) .venv/.installed
	@exec env PORT=$(PORT) $(bin)/python examples/legacy/app.py

# Modules are kept compiled, whatever the environment says: the tests start a thousand processes.
test: export PYTHONDONTWRITEBYTECODE =
test: $(bundles) tests/node_modules/.package-lock.json .venv/.installed-test $(clients) .venv/.commands
	$(bin)/python -m pytest --numprocesses=auto --dist=loadfile $(PYTEST_ARGS)

# Not among the tests: the suite runs on Python 2.7 only, and its compression takes an hour.
autobahn: .venv/.installed-test
	@command -v $(WSTEST) >/dev/null || { \
		echo "Missing: $(WSTEST). In a virtualenv of Python 2.7: pip install autobahntestsuite" >&2; \
		exit 1; }
	$(bin)/python -m tests.autobahn.run --wstest $(WSTEST) $(AUTOBAHN_ARGS)

# A part of each is among the tests. What they find is written to tests/fuzz/findings.
fuzz: .venv/.installed-test
	$(bin)/python -m tests.fuzz.run --runs $(RUNS) $(FUZZ_ARGS)

fuzz-server: RUNS = 20000
fuzz-server: .venv/.installed-test
	$(bin)/python -m tests.fuzz.server --runs $(RUNS) $(FUZZ_ARGS)

fuzz-atheris: .venv/.installed-fuzz
	$(bin)/python -m tests.fuzz.guided --seconds $(SECONDS) $(FUZZ_ARGS)

# What is too long for the tests: how long others wait beside floods, or beside one who never reads,
# a stop with 1,000 clients, and whether memory stays.
fairness drain: .venv/.installed-test
	$(bin)/python benchmarks/$@.py

stalled: .venv/.installed-test .venv/.installed-bench $(bench)
	$(bin)/python benchmarks/stalled.py

deflate-memory: .venv/.installed-test
	$(bin)/python benchmarks/idle_clients.py 5000 websocket-deflate

cycles: .venv/.installed-test
	$(bin)/python benchmarks/cycles.py --count $(COUNT)

soak: .venv/.installed-test .venv/.installed-bench
	$(bin)/python benchmarks/soak.py --minutes $(MINUTES)

# Everyone side by side: half an hour; quick: ours beside gevent's, and against the last time.
bench: .venv/.installed-bench $(bench)
	@.ci/need 'command -v redis-server' redis-server
	$(bin)/python benchmarks/bench.py --write $(BENCH_ARGS)

bench-quick: .venv/.installed-bench $(bench)
	$(bin)/python benchmarks/quick.py

micro: .venv/.installed-bench
	$(bin)/python benchmarks/micro.py

lint: .venv/.installed-lint
	$(bin)/ruff check .
	$(bin)/mypy
	$(bin)/lint-imports --no-logo

docs: .venv/.installed-docs
	$(bin)/sphinx-build --quiet --fail-on-warning --keep-going docs docs/_build/html
	@echo "The documentation is in docs/_build/html/index.html"

bundles: $(bundles)

dist: $(bundles) .venv/.installed-build
	rm -rf build dist
	$(bin)/python -m build

clean:
	rm -rf .venv build dist docs/_build *.egg-info flask_realtime/client_files
	rm -rf bundles/node_modules tests/node_modules benchmarks/node_modules benchmarks/load/build tests/fuzz/corpus tests/fuzz/findings
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .tox
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/.created:
	@.ci/need 'command -v $(PYTHON)' python3
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		|| { echo "Python 3.10 or newer is needed: make PYTHON=python3.x" >&2; exit 1; }
	@.ci/need '$(PYTHON) -c "import ensurepip"' python3-venv
	@test -x $(bin)/python || $(PYTHON) -m venv .venv
	@touch $@

.venv/.installed: $(metadata) | .venv/.created
	@echo "Installing the package into .venv ..."
	@$(pip) --editable .
	@touch $@

.venv/.installed-%: $(metadata) | .venv/.created
	@echo "Installing the package, with what make $* needs, into .venv ..."
	@$(pip) --editable '.[$*]'
	@touch $@

# Of the tests' requirements the one that `make dist` needs, without the package and its own.
.venv/.installed-build: $(metadata) | .venv/.created
	@$(pip) 'build>=1.2'
	@touch $@

.venv/clients/python-socketio-5/.installed: client = python-socketio==5.11.4 python-engineio==4.9.1 \
	websocket-client==1.8.0 requests==2.32.3 aiohttp==3.11.11
.venv/clients/python-socketio-4/.installed: client = python-socketio==4.6.1 python-engineio==3.14.2 \
	websocket-client==1.8.0 requests==2.32.3 aiohttp==3.11.11
.venv/clients/socketIO-client-0.5/.installed: client = socketIO-client==0.5.7.2 \
	websocket-client==1.8.0 requests==2.32.3
.venv/clients/socketIO-client-0.7/.installed: client = socketIO-client==0.7.2 \
	websocket-client==1.8.0 requests==2.32.3
.venv/clients/socketIO-client-nexus-0.7/.installed: client = socketIO-client-nexus==0.7.6 \
	websocket-client==1.8.0 requests==2.32.3

.venv/clients/%/.installed: Makefile | .venv/.created
	@echo "Installing the client $* into .venv/clients ..."
	@rm -rf $(@D)
	@$(pip) --target $(@D) $(client)
	@touch $@

# Tried once; after that, a test that misses its command is skipped and says so.
.venv/.commands: Makefile | .venv/.created
	@.ci/need 'command -v chromium' chromium || echo "The tests in a browser will be skipped."
	@.ci/need 'command -v openssl' openssl || echo "The tests over TLS will be skipped."
	@.ci/need 'test -x /usr/sbin/nginx || command -v nginx' nginx-light \
		|| echo "The tests behind nginx will be skipped."
	@.ci/need 'command -v redis-server' redis-server || echo "The tests of Redis will be skipped."
	@touch $@

.venv/bench/.installed: benchmarks/peers.txt $(metadata) .ci/system-python | .venv/.created
	@echo "Installing us and the peers into .venv/bench, with $(BENCH_PYTHON) ..."
	@rm -rf $(@D)
	@$(BENCH_PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $< -e '.[orjson,redis]'
	@touch $@

benchmarks/load/build/%: benchmarks/load/%.c benchmarks/load/wire.h
	@.ci/need 'command -v gcc' gcc libc6-dev
	@mkdir -p $(@D)
	gcc -O2 -Wall -Wextra -o $@ $<

%/node_modules/.package-lock.json: %/package.json %/package-lock.json
	@.ci/need 'command -v npm' nodejs npm
	cd $* && $(npm_ci)
	@touch $@

# All builds but the slim ones, which are not served.
copy_builds = mkdir -p $(@D) && \
	find bundles/node_modules/socket.io-client-$(1)/dist -type f ! -name '*.slim.*' -exec cp {} $(@D) ';'

flask_realtime/client_files/%/LICENSE: bundles/node_modules/.package-lock.json
	$(call copy_builds,$*)
	cp bundles/node_modules/socket.io-client-$*/LICENSE $@
	@touch $@

# Its licence is in its readme only, and the licences of its parts nowhere.
flask_realtime/client_files/0.9/LICENSE: bundles/node_modules/.package-lock.json bundles/notices-0.9.txt
	$(call copy_builds,0.9)
	sed -n '/^(The MIT License)/,$$p' bundles/node_modules/socket.io-client-0.9/README.md > $@
	cat bundles/notices-0.9.txt >> $@
