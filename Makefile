# Everything starts here: `make run` and `make test` set up what they need, once, and again when it changes.
# Needed beforehand: git, make and Python 3.11 or later; no root, no database, no Redis, no Node.js.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
VENDOR := core/web/static/vendor/manifest.json
PRICES ?=
# Where the system keeps its certificates, uv believes those (it has its own otherwise).
UV := VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv --quiet $(if $(wildcard /etc/ssl/certs/ca-certificates.crt \
  /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem),--system-certs)

.PHONY: help run test setup lint typecheck check format bench pictures lock clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## Start everything and print the addresses and sign-ins; Ctrl-C stops (PRICES=FILE plays a price file)
	@exec $(BIN)/tradeyard up $(if $(PRICES),--prices $(PRICES)) $(ARGS)

test: setup ## Run every test, side by side (ARGS="tests/ops -k ports" runs some, one after the other)
	@$(BIN)/python -m pytest $(if $(ARGS),$(ARGS),-n auto --dist loadfile)

setup: $(READY) $(VENDOR) ## Make the environment and the front end, if they are missing or outdated

lint: $(READY) ## Style, and which package may import which
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports --no-logo

typecheck: $(READY) ## mypy --strict
	@$(BIN)/mypy

check: lint typecheck test ## What CI runs

format: $(READY) ## Format the code
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

bench: setup ## Measure copying to 10,000 followers, a quote past 100,000 bots, lists of 10,000 rows
	@$(BIN)/tradeyard bench copy --followers 10000
	@$(BIN)/tradeyard bench quotes --bots 100000
	@$(BIN)/tradeyard bench pages --rows 10000

pictures: $(READY) ## Take the README's pictures from a demo that runs (make run, some minutes before)
	@$(BIN)/python docs/take_pictures.py

lock: $(READY) ## Lock the newest versions that pyproject.toml allows
	@$(UV) pip compile --upgrade --generate-hashes --universal --all-extras --no-emit-index-url \
	  --no-emit-find-links --no-header --python-version 3.11 pyproject.toml -o requirements.lock

clean: ## Remove the environment and what was built; the data in var/ stays
	@rm -rf $(VENV) node_modules core/web/static/vendor dist build

# An environment that was made elsewhere (a moved checkout) leads to files that are gone: it is made again.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif

$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "Python is missing: install Python 3.11 or later, or name it: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$$($(PYTHON) --version) is too old: Tradeyard needs 3.11 or later. Name one: make PYTHON=/path/to/python3.11"; \
	  exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "This Python cannot make environments. On Debian and Ubuntu: sudo apt install python3-venv."; \
	  echo "Or name another one: make PYTHON=/path/to/python3"; exit 1; }
	@if [ "$$(cat $(READY) 2>/dev/null)" != "$(CURDIR)" ]; then \
	  echo "making the environment in $(VENV)"; \
	  $(PYTHON) -m venv --clear $(VENV) && \
	  awk '/^uv==/ {on = 1} on {print} on && !/\\$$/ {exit}' requirements.lock > $(VENV)/uv.txt && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt; fi
	@echo "installing the locked packages"
	@$(UV) pip sync --require-hashes requirements.lock
	@$(UV) pip install --no-deps --no-build-isolation --editable .
	@printf '%s' "$(CURDIR)" > $@

$(VENDOR): $(READY) package.json package-lock.json core/commands/frontend.py
	@echo "building the front end"
	@$(BIN)/tradeyard frontend
	@touch $@
