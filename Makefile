# Tasks for contributors; CONTRIBUTING.md explains them. `make` alone lists them.
.PHONY: help test coverage lint docs page site bench

help:
	@echo "make test            all tests and doctests, on every core"
	@echo "make coverage        the same, and which lines they reach; half as long again"
	@echo "make lint            ruff and mypy"
	@echo "make page NAME=...   one degradation's page and picture, and the index of all pages"
	@echo "make docs            every page of a degradation, and the tables of columns"
	@echo "make site            the docs as a site, with players, in site/, every link checked; needs the extra docs"
	@echo "make bench           the benchmarks that need no weights; results go to benchmarks/*.md"

test:
	pytest -n auto --dist worksteal

coverage:
	pytest -n auto --dist worksteal --cov

lint:
	ruff check .
	ruff format --check .
	mypy

page:
	@test -n "$(NAME)" || { echo "give the degradation: make page NAME=low_pass"; exit 2; }
	python scripts/build_pages.py --only $(NAME)

docs:
	python scripts/build_pages.py
	python scripts/column_tables.py

site:
	python scripts/docs_site.py --players site

bench:
	python benchmarks/degrade.py
	python benchmarks/stretch.py
	python benchmarks/analysis.py
	python benchmarks/startup.py
	python benchmarks/gate.py
