# `make help` lists what there is. Nothing but make and Python 3.11 or later has to be installed.

.DEFAULT_GOAL := help
.PHONY: help run demo test campaign bench lint format lock

# The first Python that is new enough; it makes .venv, which is used from then on.
PYTHON = $(shell for python in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; \
	done || echo python3)
BOOTSTRAP = $$(.venv/bin/python -c "" 2>/dev/null && echo .venv/bin/python || echo $(PYTHON)) tools/bootstrap.py
RUN = .venv/bin/python
TEMPLATES = templates
SOURCES = assignments courses grading manage.py presentations seminar tests tools

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start web, worker and beat on HOST:PORT (127.0.0.1:8000); Ctrl-C stops them
	@$(BOOTSTRAP) base
	@exec $(RUN) tools/up.py

demo: ## throw the local data away and load the demo again
	@$(BOOTSTRAP) base
	@$(RUN) tools/up.py --reset-demo

test: ## run all tests: SQLite, PostgreSQL with Redis, browser
	@$(BOOTSTRAP) dev
	@$(RUN) tools/with_services.py -- $(RUN) tools/run_tests.py

campaign: ## run what takes too long for every day: whole matrices, fuzzing
	@$(BOOTSTRAP) dev
	@$(RUN) tools/with_services.py -- $(RUN) tools/run_tests.py --campaign

bench: ## measure speed beside its limits; NAME=rush picks one, ARGS=--full measures at every size
	@$(BOOTSTRAP) dev
	@$(RUN) tools/with_services.py --durable -- $(RUN) -m tools.bench $(NAME) $(ARGS)

lint: ## check style, types, templates, imports, migrations and lock files
	@$(BOOTSTRAP) dev
	$(RUN) tools/lock.py --check
	.venv/bin/ruff check $(SOURCES)
	.venv/bin/ruff format --check $(SOURCES)
	$(RUN) tools/check_templates.py $(TEMPLATES)
	.venv/bin/djlint --lint --quiet $(TEMPLATES)
	.venv/bin/lint-imports
	.venv/bin/mypy
	$(RUN) manage.py makemigrations --check --dry-run --settings seminar.settings.test
	$(RUN) manage.py check --settings seminar.settings.test

format: ## format the Python sources
	@$(BOOTSTRAP) dev
	.venv/bin/ruff check --fix-only --quiet $(SOURCES)
	.venv/bin/ruff format $(SOURCES)

lock: ## write requirements/*.txt from pyproject.toml
	@$(BOOTSTRAP) dev
	$(RUN) tools/lock.py
