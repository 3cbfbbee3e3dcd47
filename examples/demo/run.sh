#!/usr/bin/env bash
# Manages the four kinds of custom connectors of a simulated Webex Contact
# Center with the real Terraform (or OpenTofu) CLI, and leaves nothing behind.
# Ends with a non-zero exit code at the first surprise.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
binaries=${CARGO_TARGET_DIR:-$root/target}/debug

cli=${TF_CLI:-}
if [ -z "$cli" ]; then
  for candidate in terraform tofu; do
    if command -v "$candidate" >/dev/null 2>&1; then
      cli=$candidate
      break
    fi
  done
fi
if [ -z "$cli" ] || ! command -v "$cli" >/dev/null 2>&1; then
  echo "The demo needs Terraform (1.11 or later is best) or OpenTofu." >&2
  echo "Install one of them, or name the program in TF_CLI." >&2
  exit 1
fi

work=$(mktemp -d)
simulator=
clean_up() {
  if [ -n "$simulator" ]; then
    kill "$simulator" 2>/dev/null || true
    wait "$simulator" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap clean_up EXIT

step() { printf '\n\033[1m%s\033[0m\n' "$1"; }
surprise() {
  echo "Unexpected: $1" >&2
  [ -f "$work/output" ] && cat "$work/output" >&2
  exit 1
}

# Runs the CLI quietly; shows the lines that match the pattern.
run() {
  local pattern=$1
  shift
  "$cli" "$@" >"$work/output" 2>&1 || surprise "$cli $* failed"
  grep -E "$pattern" "$work/output" | sed 's/^/  /' || surprise "$cli $* did not say: $pattern"
}

step "1. Start a simulated Webex Contact Center on a free port"
"$binaries/webex-cc-simulator" --listen 127.0.0.1:0 >"$work/simulator" &
simulator=$!
for _ in $(seq 100); do
  grep -q '^listening on ' "$work/simulator" && break
  sleep 0.05
done
url=$(sed -n 's/^listening on //p' "$work/simulator")
[ -n "$url" ] || surprise "the simulator did not start"
echo "  $url"

organization=3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430
export WEBEX_CC_BASE_URL=$url
export WEBEX_ACCESS_TOKEN=simulator-token_$organization
export TF_CLI_CONFIG_FILE=$work/terraform.rc
export TF_DATA_DIR=$work/data
export TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1
unset TF_LOG TF_LOG_PROVIDER TF_WORKSPACE TF_CLI_ARGS || true
source=$(sed -n 's/^.*source *= "\(.*\/webex\)"$/\1/p' "$here/main.tf")
cat >"$TF_CLI_CONFIG_FILE" <<RC
provider_installation {
  dev_overrides { "$source" = "$binaries" }
  direct {}
}
RC
cp "$here"/*.tf "$here"/*.pem "$work"
cd "$work"

step "2. Plan: four connectors are to be created"
run '^Plan: 4 to add, 0 to change, 0 to destroy' plan -no-color

step "3. Apply: they are created"
run '^Apply complete! Resources: 4 added' apply -auto-approve -no-color
"$cli" output -no-color connectors | sed 's/^/  /'

step "4. Plan again: nothing is left to do"
run '^No changes' plan -no-color -detailed-exitcode

step "5. Change the service account: two connectors are updated in place, their ids stay"
"$cli" output -json connectors >ids.before
run '^Apply complete! Resources: 0 added, 2 changed, 0 destroyed' \
  apply -auto-approve -no-color -var agent=robot@example.com
"$cli" output -json connectors >ids.after
cmp -s ids.before ids.after || surprise "an id has changed"
export TF_VAR_agent=robot@example.com

step "6. Forget a connector and import it again: no changes, and its password is not needed"
id=$("$cli" state show -no-color webex_cc_custom_connector.help_desk | sed -n 's/^ *id *= "\(.*\)"/\1/p')
run '^Removed webex_cc_custom_connector' state rm webex_cc_custom_connector.help_desk
run '^Import successful' import -no-color webex_cc_custom_connector.help_desk "$organization/$id"
sed -i.bak '/name *= "Help desk"/,/^}/ { /password/d; }' main.tf
run '^No changes' plan -no-color -detailed-exitcode

step "7. Destroy everything"
run '^Destroy complete! Resources: 4 destroyed' destroy -auto-approve -no-color

printf '\nDone. Nothing is left behind.\n'
