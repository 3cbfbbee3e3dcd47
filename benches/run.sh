#!/usr/bin/env bash
# Builds the release binary and measures it:
#   benches/run.sh [git ref]
# With a reference, that commit is compared with this tree, in pairs. It is
# built in a worktree of its own, which is removed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo=${CARGO:-cargo}
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
tree=$target/bench/tree
binary=terraform-provider-webex

# Both commits use one target folder, so that unchanged crates are built once. A
# copy of the binary is measured: `cargo bench` overwrites the original.
build() {
  (cd "$1" && CARGO_TARGET_DIR=$target "$cargo" build --release --locked --bin $binary)
  mkdir -p "$target/bench/$2"
  cp "$target/release/$binary" "$target/bench/$2/"
}

# What is made for this run, and removed at its end.
scratch=
clean() {
  git worktree remove --force "$tree" 2>/dev/null || true
  [ -z "$scratch" ] || rm -rf "$scratch"
}
trap clean EXIT

if [ -n "${1:-}" ]; then
  name=$(git rev-parse --short "$1^{commit}")
  clean
  git worktree add --quiet --detach "$tree" "$name"
  build "$tree" "$name"
  export BENCH_BASE=$target/bench/$name/$binary BENCH_BASE_NAME=$name
fi
build . this
# Terraform writes the state after each change. That would measure a disk.
if [ -d /dev/shm ] && [ -w /dev/shm ]; then
  scratch=$(mktemp -d -p /dev/shm webex-bench.XXXXXX)
  export TMPDIR=$scratch
fi
BENCH_OWN=$target/bench/this/$binary "$cargo" bench --locked --bench process
