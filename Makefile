# `make demo` shows the provider at work, `make test` checks everything.
# `make help` lists the rest.

CARGO ?= cargo

.PHONY: help build test acceptance lint format docs install dist demo recording bench bench-compare bench-budget soak fuzz deny

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build the provider and the simulator
	$(CARGO) build --workspace --locked

test: lint ## Check formatting and lints, and run all tests; cargo-deny too if it is there
	$(CARGO) test --workspace --locked
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(MAKE) --no-print-directory deny; fi

acceptance: build ## Run HashiCorp's test kit against the simulator (needs Go and a module proxy)
	@.ci/acceptance

lint: ## Check formatting, and clippy with warnings as errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- --deny warnings

format: ## Format all sources
	$(CARGO) fmt --all

docs: ## Make the pages of docs/ from schemas and prose, and the output that pages show
	UPDATE_DOCS=1 $(CARGO) test --locked --test integration -- documentation::generated_pages documentation::typed

install: ## Install a release build for `terraform init` (MIRROR=folder for another place)
	@.ci/install $(if $(MIRROR),--mirror "$(MIRROR)")

dist: ## Make the files of a release for this machine in dist/ (GPG_KEY signs)
	@.ci/dist

demo: build ## Manage connectors of a simulated Webex with the real CLI
	@examples/demo/run.sh

recording: build ## Record the picture of the README (needs Python 3)
	@docs/recording/record.py

bench: ## Measure the release build: target/bench/report.md and report.json
	@CARGO="$(CARGO)" benches/run.sh

bench-compare: ## Measure this tree and another commit, BASE=<git ref>
	@CARGO="$(CARGO)" benches/run.sh "$(or $(BASE),$(error name the commit to compare with: make bench-compare BASE=main))"

bench-budget: ## Fail if instructions exceed benches/budgets.json (needs valgrind)
	@command -v valgrind >/dev/null || { echo "bench-budget counts instructions by valgrind: install it" >&2; exit 1; }
	@BENCH_ONLY=budget CARGO="$(CARGO)" benches/run.sh

soak: ## Run many random scenarios (SCENARIOS=1000, FIRST_SCENARIO=65)
	SCENARIOS=$(or $(SCENARIOS),1000) FIRST_SCENARIO=$(or $(FIRST_SCENARIO),65) \
		$(CARGO) test --locked --test integration model_based -- --nocapture

fuzz: ## Feed bytes to each fuzz target for SECONDS=60 (needs cargo-fuzz)
	@for target in $$(ls fuzz/fuzz_targets | sed 's/\.rs$$//'); do \
		echo "$$target"; mkdir -p "fuzz/found/$$target"; \
		$(CARGO) fuzz run --sanitizer none "$$target" "fuzz/found/$$target" "fuzz/corpus/$$target" -- \
			-max_total_time=$(or $(SECONDS),60) -max_len=65536 -rss_limit_mb=1024 -timeout=10 \
			-verbosity=0 -print_final_stats=1 || exit 1; \
	done

deny: ## Check licenses, bans, sources and advisories (needs cargo-deny)
	$(CARGO) deny check licenses bans sources
	@if $(CARGO) deny fetch db; then $(CARGO) deny --offline check advisories; \
	else echo "NOTE: no advisory database within reach; advisories were NOT checked." >&2; fi
