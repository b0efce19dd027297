# Two commands do everything from nothing: `make rollout` and `make test`. Each sets itself up first.
PYTHON ?=
ARGS ?=
VENV := .venv
VLLM := .venv-vllm
VERL := .venv-verl
READY := $(VENV)/.ready
MODELS := $(VENV)/.models
# Slow tests with targets of their own: those that need torch and libraries of trainers and readers, and the others.
READERS := $(addprefix tests/trajectory/, test_torch_items.py test_card.py test_ray_data.py test_documented.py)
LEARNED := tests/models tests/env/wrappers/test_learners.py tests/exports tests/examples/test_to_trainers.py $(READERS)
OTHER_SLOW := tests/test_packaging.py $(LEARNED)

.PHONY: help setup rollout test models vllm verl lint types package tasks slow lab bench clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## make the virtual environment

$(READY): pyproject.toml tools/setup
	@PYTHON="$(PYTHON)" bash tools/setup $(VENV)

rollout: $(READY)  ## play the quickstart tasks with the real CLI; settings in ARGS="model=nop seed=3"
	@$(VENV)/bin/claudebox-rl rollout $(ARGS)

test: $(READY)  ## the quick tests, in several processes; more arguments in ARGS="-k gateway", one process by "-n 0"
	@$(VENV)/bin/python -m pytest $(ARGS)

models: $(MODELS)  ## local models, learners, exports and readers, which need torch: installs the extras, then tests with them
	@$(VENV)/bin/python -m pytest -n 0 -m slow $(or $(ARGS),$(LEARNED))

$(MODELS): $(READY) pyproject.toml tools/setup-models
	@bash tools/setup-models $(VENV)
	@touch $(MODELS)

vllm: $(MODELS) $(VLLM)/.ready  ## the tests with a real vLLM server, which is installed beside (Linux, 3 GB)
	@$(VENV)/bin/python -m pytest -n 0 -m slow tests/models/test_vllm.py $(ARGS)

$(VLLM)/.ready: tools/setup-vllm
	@PYTHON="$(PYTHON)" bash tools/setup-vllm $(VLLM)
	@touch $(VLLM)/.ready

verl: $(MODELS) $(VERL)/.ready  ## the exports for verl, with verl itself, which is installed beside (50 MB)
	@$(VERL)/bin/python -m pytest -n 0 -m slow tests/exports/test_verl.py $(ARGS)

$(VERL)/.ready: $(MODELS) tools/setup-verl
	@bash tools/setup-verl $(VERL) $(VENV)
	@touch $(VERL)/.ready

lint: $(READY)  ## ruff: style and format
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .

types: $(READY)  ## pyright, strict on the package
	@$(VENV)/bin/pyright --pythonpath $(VENV)/bin/python

package: $(READY)  ## build the wheel through the sdist, install it afresh and run it
	@$(VENV)/bin/python -m pytest -n 0 -m slow tests/test_packaging.py

tasks: $(READY)  ## prove the shipped tasks, or those in ARGS="bugfix": solution, nothing, random commands, every cheat
	@$(VENV)/bin/claudebox-rl tasks check $(ARGS)

slow: $(READY)  ## skills and templates with real packages, databases, probes, kills: most of an hour, needs registries
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[metrics]'
	@$(VENV)/bin/python -m pytest -n 0 -m "slow and not lab" $(patsubst %,--ignore %,$(OTHER_SLOW)) $(ARGS)

lab: $(READY)  ## the tests that need micro-VMs, in the micro-VM lab (Debian, root, QEMU from apt)
	@PYTHON=$(VENV)/bin/python bash tests/lab/run

bench: $(READY)  ## the benchmarks, one JSON line each, with what they are paired against
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	@for script in benchmarks/*.py; do $(VENV)/bin/python $$script || exit 1; done

clean:  ## remove the virtual environment and caches; datasets stay
	rm -rf $(VENV) $(VLLM) $(VERL) .pytest_cache .ruff_cache dist build
