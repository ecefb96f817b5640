# The two commands of the README, and what a developer runs.

.PHONY: demo test check build

demo: ## The main job end to end on feature_repo/: from definitions to a value over HTTP.
	scripts/demo

test: ## All tests.
	scripts/install-dependencies
	swift test --parallel

build: ## The program, as one file: .build/release/fstore
	scripts/install-dependencies
	swift build -c release --product fstore --static-swift-stdlib -Xlinker -s

check: ## What must be green before a change lands.
	scripts/install-dependencies
	scripts/check
