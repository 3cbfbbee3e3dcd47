# `make demo` shows the provider at work, `make test` checks everything.
# `make help` lists the rest.

CARGO ?= cargo

.PHONY: help build test lint format docs install dist demo bench bench-compare

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build the provider and the simulator
	$(CARGO) build --workspace --locked

test: lint ## Check formatting and lints, and run all tests
	$(CARGO) test --workspace --locked

lint: ## Check formatting, and clippy with warnings as errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- --deny warnings

format: ## Format all sources
	$(CARGO) fmt --all

docs: ## Make the pages of docs/ from schemas and prose
	UPDATE_DOCS=1 $(CARGO) test --locked --test integration documentation::pages

install: ## Install a release build for `terraform init` (MIRROR=folder for another place)
	@.ci/install $(if $(MIRROR),--mirror "$(MIRROR)")

dist: ## Make the files of a release for this machine in dist/ (GPG_KEY signs)
	@.ci/dist

demo: build ## Manage connectors of a simulated Webex with the real CLI
	@examples/demo/run.sh

bench: ## Measure the release build: target/bench/report.md and report.json
	$(CARGO) build --release --locked --bin terraform-provider-webex
	BENCH_OWN=$(or $(CARGO_TARGET_DIR),target)/release/terraform-provider-webex \
		$(CARGO) bench --locked --bench process

bench-compare: ## Measure this tree beside another commit, BASE=<git ref>
	@CARGO="$(CARGO)" benches/compare.sh "$(BASE)"
