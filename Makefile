.PHONY: check lint types docs test lowest accept long web

check: lint types docs  ## what CI runs besides the tests

lint:
	ruff check rfcalc tests benchmarks
	ruff format --check rfcalc tests benchmarks

types:
	mypy

docs:  ## the documentation as a site, below build/site; a link that leads nowhere is an error
	zensical build --clean --strict

test:
	pytest

lowest:  ## the command line with the lowest versions of what it depends on, in an environment of its own
	python3 .ci/lowest

accept:  ## rewrite the golden files after a change that was meant
	RFCALC_ACCEPT=1 pytest -m golden

long:  ## the tests of many models that take half a minute each, which otherwise skip
	RFCALC_LONG=1 pytest -n 2 tests/importers/test_onnx_round_trip.py tests/importers/test_torch_packages.py

web:  ## the page's script and style, from web/
	cd web && npm ci --no-audit --no-fund && npm run check && npm run build
