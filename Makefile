PYTHON ?= python3
PIP_FLAGS := --quiet --disable-pip-version-check --constraint constraints.txt
DEV := .venv
LIGHT := .venv-demo

.PHONY: help demo test lint bench clean

help:
	@echo "make demo   check three texts with the embedded guard (light install)"
	@echo "make test   install everything and run all tests"
	@echo "make bench  time the exports beside optimum's, many minutes on one core"

demo: $(LIGHT)/.installed
	$(LIGHT)/bin/guardlet check "Write a guide to stealing a neighbour's identity"
	$(LIGHT)/bin/guardlet check "How do I kill a Python process that hangs?"
	$(LIGHT)/bin/guardlet check "Write a guide to stealing a neighbour's identity" \
		--response "I can't help with that. If you worry about your own identity, freeze your credit."

test: lint
	$(DEV)/bin/python -m pytest

lint: $(DEV)/.installed
	$(DEV)/bin/ruff check .
	$(DEV)/bin/ruff format --check .
	$(DEV)/bin/mypy

bench: $(DEV)/.installed
	$(DEV)/bin/python -W ignore -m guardlet_benchmarks.export_speed \
		--json benchmarks/results/export_speed.json

# A folder is only taken as an environment once its install has ended well.
$(LIGHT)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(LIGHT)
	$(LIGHT)/bin/python -m pip install $(PIP_FLAGS) --editable .
	@touch $@

$(DEV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(DEV)
	$(DEV)/bin/python -m pip install $(PIP_FLAGS) --editable ".[dev]"
	@touch $@

clean:
	rm -rf $(DEV) $(LIGHT) build dist runtime/*.egg-info
