# The two commands of the README, and what a developer runs.

.PHONY: demo test test-feast test-grpc test-prometheus test-time-zones check check-performance build

demo: ## The main job end to end on feature_repo/: from definitions to a value over HTTP.
	scripts/demo

test: ## All tests.
	scripts/install-dependencies
	swift test --parallel

test-feast: ## Feast's SDK, training sets and loads against the program; Feast comes from PyPI.
	scripts/test-feast

test-grpc: ## A client of gRPC against a program built with the trait GRPC; grpcio comes from PyPI.
	scripts/test-grpc

test-prometheus: ## A real Prometheus scrapes a real server; alerts and dashboard against it.
	scripts/test-prometheus

test-time-zones: ## The tests and the program under three time zones, after a `make test`.
	scripts/time-zones

build: ## The program, as one file: .build/release/fstore
	scripts/install-dependencies
	swift build -c release --product fstore --static-swift-stdlib -Xlinker -s

check: ## What must be green before a change lands.
	scripts/install-dependencies
	scripts/check

check-performance: ## What the hot loops cost in instructions and allocations, against their limits.
	scripts/check-performance
