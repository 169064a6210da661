# Needs Linux, Python 3.11 or newer with pip, and libatomic. pip's own settings (pip.conf, PIP_...) count.
PYTHON ?= python3

VENV := .venv
BIN := $(VENV)/bin
# Written last, so that an installation that was interrupted does not look whole.
INSTALLED := $(VENV)/installed

.PHONY: help demo test lint check format clean

help: ## Print this list.
	@echo "make TARGET, one of:"
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' Makefile

demo: $(INSTALLED) ## Inspect photos of three chairs against their 3D models; the first run installs all it needs.
	$(BIN)/looking3d demo

test: $(INSTALLED) ## Run the tests.
	$(BIN)/pytest -n 2

lint: $(INSTALLED) ## Check style, format and types.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright

check: lint test ## Everything that has to pass before a commit.

format: $(INSTALLED) ## Bring the code into its format.
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean: ## Remove what these targets made: .venv, the demo's photos and pages, caches.
	rm -rf $(VENV) demo .pytest_cache .ruff_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Debian's Python comes without ensurepip, so the system's pip fills an environment that has none of its
# own; where there is no such pip (22.3 or newer), ensurepip is tried. It is laid anew whenever what it
# should hold has changed.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "looking3d needs Python 3.11 or newer, which $(PYTHON) is not; try: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ctypes; ctypes.CDLL("libatomic.so.1")' 2>/dev/null || \
		{ echo "Mitsuba, which renders photos, needs libatomic; run: apt-get install libatomic1" >&2; exit 1; }
	@if $(PYTHON) -m venv --clear --without-pip $(VENV) && \
		$(PYTHON) -m pip --python $(BIN)/python --version >/dev/null 2>&1; then \
		pip="$(PYTHON) -m pip --python $(BIN)/python"; \
	elif $(PYTHON) -m venv --clear $(VENV) >/dev/null 2>&1; then \
		pip="$(BIN)/python -m pip"; \
	else \
		echo "looking3d needs pip for $(PYTHON); run: apt-get install python3-pip python3-venv" >&2; exit 1; \
	fi; \
	echo "installing into $(VENV) ..."; \
	$$pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@
