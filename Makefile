# The commands of freqops; `make` alone lists them, and the procedures.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test quick prove lint unit contract molecule pin use add-bot from-compose dca-plan lab-up lab-down clean

BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# What Python compiled once is kept: compiling Ansible again at each start takes longer than most plays.
unexport PYTHONDONTWRITEBYTECODE

help: ## List the commands and the procedures
	@sed -n 's/^\([a-z-]*\):.*## /\1 /p' $(MAKEFILE_LIST) | awk '{name=$$1; $$1=""; printf "  make %-12s%s\n", name, $$0}'
	@scripts/procedures

.venv/.done: uv.lock pyproject.toml scripts/bootstrap
	@scripts/bootstrap

demo: .venv/.done ## Lab from nothing, one real bot: deployed, halted, released, each step proven
	@$(BIN)/python -m lab.demo

test: .venv/.done ## All tests, in lanes, each on a lab of its own: make test [WITHOUT=lint,unit]
	@$(BIN)/python -m tests.lanes $(if $(WITHOUT),--without $(WITHOUT))

check: lint unit
.PHONY: check

quick: .venv/.done ## Lint, unit and contract tests on a lab that is up
	@$(MAKE) --no-print-directory -j2 check
	@$(MAKE) --no-print-directory contract

prove: .venv/.done ## Everything that `make test` samples, in full, and every mutant
	@$(BIN)/python -m lab up
	@$(BIN)/ansible-playbook playbooks/deploy.yml -i inventories/lab
	@$(BIN)/python -m tests.prove

lint: .venv/.done ## ruff, mypy, yamllint, ansible-lint, and the canaries that they must catch
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/yamllint --strict .
	ANSIBLE_INVENTORY=inventories/example $(BIN)/ansible-lint --offline --strict
	$(BIN)/python -m pytest -q tests/lint

unit: .venv/.done ## Rules, bad input, crashes at every call, the halt on models; no engine, no network
	$(BIN)/python -m pytest -q tests/unit tests/shipped tests/crash tests/halt_model

contract: .venv/.done ## What freqops relies on, against the real Freqtrade
	$(BIN)/python -m pytest -q tests/contract

# One scenario runs on the lab that is up, and what it stands on is deployed there first where it is not; what molecule
# remembers from one run to the next goes with the lab.
molecule: export MOLECULE_EPHEMERAL_DIRECTORY := $(CURDIR)/.$(or $(FREQOPS_LAB),lab)/molecule
molecule: .venv/.done ## All scenarios in lanes, from bare hosts, or one on the lab: make molecule SCENARIO=live
ifdef SCENARIO
	@$(BIN)/python -m lab up
	$(BIN)/molecule test --scenario-name $(SCENARIO) --destroy=never
else
	@$(BIN)/python -m tests.lanes --without lint,unit,contract
endif

pin: .venv/.done ## Write hashes and digests of what is fetched
	@$(BIN)/python -m scripts.pin

use: ## Point the plays at an inventory: make use INVENTORY=path
	@test -n "$(INVENTORY)" || { echo "make use INVENTORY=path/to/inventory" >&2; exit 1; }
	@test -e "$(INVENTORY)" || { echo "make use: there is no $(INVENTORY)" >&2; exit 1; }
	@ln -sfn "$$(realpath "$(INVENTORY)")" inventories/current && echo "plays now use $$(realpath "$(INVENTORY)")"

# Words reach the shell by its environment: nothing in them is read as a command.
add-bot: export FREQOPS_INVENTORY := $(value INVENTORY)
add-bot: export FREQOPS_HOST := $(value HOST)
add-bot: export FREQOPS_NAME := $(value NAME)
add-bot: export FREQOPS_STRATEGY := $(or $(value STRATEGY),MaCrossoverStrategy)
add-bot: .venv/.done ## Print the entry of one more bot on paper: make add-bot INVENTORY=path HOST=host NAME=name
	@$(BIN)/python -m scripts.add_bot --inventory="$$FREQOPS_INVENTORY" --host="$$FREQOPS_HOST" \
	  --name="$$FREQOPS_NAME" --strategy="$$FREQOPS_STRATEGY"

from-compose: export FREQOPS_INVENTORY := $(value INVENTORY)
from-compose: export FREQOPS_BOTS := $(value BOTS)
from-compose: export FREQOPS_LATER := $(value LATER)
from-compose: .venv/.done ## Make an inventory: make from-compose INVENTORY=path BOTS="host/name=config.json …" [LATER=…]
	@$(BIN)/python -m scripts.from_compose --inventory="$$FREQOPS_INVENTORY" --bots="$$FREQOPS_BOTS" \
	  --later="$$FREQOPS_LATER"

dca-plan: export FREQOPS_PLAN := $(value PLAN)
dca-plan: export FREQOPS_FORMAT := $(or $(value FORMAT),json)
dca-plan: .venv/.done ## Print a plan of regular purchases: make dca-plan PLAN=plan.json [FORMAT=csv]
	@$(BIN)/python -m scripts.dca_plan --plan="$$FREQOPS_PLAN" --format="$$FREQOPS_FORMAT"

lab-up: .venv/.done ## Bring the lab up, or mend what is broken in it
	@$(BIN)/python -m lab up

lab-down: .venv/.done ## Take all labs of this checkout away; leaves nothing but images
	@$(BIN)/python -m lab down

clean: ## Remove what was generated here: caches and the virtual environment (run lab-down first)
	@rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .ansible
