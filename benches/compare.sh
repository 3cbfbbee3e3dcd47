#!/usr/bin/env bash
# Measures this tree beside an older commit of it, pair by pair:
#   benches/compare.sh <git ref>
# The commit is built in a worktree of its own, which is removed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

base=${1:?say which commit to compare with, as in: make bench-compare BASE=main}
name=$(git rev-parse --short "$base^{commit}")
cargo=${CARGO:-cargo}
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
tree=$target/bench/tree
binary=terraform-provider-webex

remove_tree() { git worktree remove --force "$tree" 2>/dev/null || true; }
trap remove_tree EXIT
remove_tree
git worktree add --quiet --detach "$tree" "$name"

# Both use one target folder, so that what did not change is built once.
(cd "$tree" && CARGO_TARGET_DIR=$target "$cargo" build --release --locked --bin $binary)
mkdir -p "$target/bench/$name" "$target/bench/this"
cp "$target/release/$binary" "$target/bench/$name/"
"$cargo" build --release --locked --bin $binary
cp "$target/release/$binary" "$target/bench/this/"

BENCH_OWN=$target/bench/this/$binary BENCH_BASE=$target/bench/$name/$binary BENCH_BASE_NAME=$name \
  "$cargo" bench --locked --bench process
