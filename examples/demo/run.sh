#!/usr/bin/env bash
# Manages custom connectors of a simulated Webex Contact Center with the real
# Terraform (or OpenTofu) CLI, and leaves nothing behind. The first act is the
# life cycle of the four kinds of connectors; the second act shows what happens
# when something goes wrong. Exits with an error at the first surprise.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
# A test names other programs, and a simulator that runs already.
binaries=${DEMO_PROGRAMS:-${CARGO_TARGET_DIR:-$root/target}/debug}
url=${DEMO_SIMULATOR:-}

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
  echo "The demo needs Terraform or OpenTofu, 1.11 or later." >&2
  echo "Install one of them, or name the program in TF_CLI." >&2
  exit 1
fi
if ! command -v curl >/dev/null 2>&1; then
  echo "The demo needs curl, with which it controls the simulator." >&2
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

# Shows the lines of the output that match a pattern, without frames.
show() {
  grep -E "$1" "$work/output" | sed 's/^[│ ]*/  /' || surprise "no line matches: $1"
}

# Runs the CLI, which has to fail, and shows the summary of its error.
refused() {
  if "$cli" "$@" >"$work/output" 2>&1; then surprise "$cli $* succeeded"; fi
  show 'Error: '
}

# Calls the control interface of the simulator: method, path, body.
control() {
  local body=()
  if [ $# -gt 2 ]; then body=(--data "$3"); fi
  curl --silent --show-error --fail --noproxy '*' --request "$1" ${body[@]+"${body[@]}"} "$url/_simulator/$2"
}

# Counts how often the standard input contains a text.
count() { { grep -o -F -- "$1" || true; } | wc -l | tr -d ' '; }

# Runs the CLI quietly; shows the lines that match the pattern.
run() {
  local pattern=$1
  shift
  "$cli" "$@" >"$work/output" 2>&1 || surprise "$cli $* failed"
  show "$pattern"
}

step "1. Start a simulated Webex Contact Center on a free port"
if [ -z "$url" ]; then
  "$binaries/webex-cc-simulator" --listen 127.0.0.1:0 >"$work/simulator" &
  simulator=$!
  for _ in $(seq 100); do
    grep -q '^listening on ' "$work/simulator" && break
    sleep 0.05
  done
  url=$(sed -n 's/^listening on //p' "$work/simulator")
fi
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

mkdir second_act
cp "$here"/second_act/* second_act
cd second_act
export TF_DATA_DIR=$work/data.second_act TF_VAR_client_secret=first-demo-secret
id() { "$cli" state show -no-color webex_cc_custom_connector.incidents | sed -n 's/^ *id *= "\(.*\)"/\1/p'; }

step "8. The response to a create is lost: Terraform finds the connector, and no second one is created"
control DELETE requests
control PUT faults '[{"method":"POST","path":"/organization/*/connector","times":1,"action":{"close":"after"}}]'
run '^Apply complete! Resources: 1 added' apply -auto-approve -no-color
posts=$(control GET requests | count '"method":"POST"')
[ "$posts" = 1 ] || surprise "$posts creates were sent"
echo "  Creates that were sent: $posts"
id=$(id)

step "9. Somebody edits the connector between plan and apply: the apply overwrites nothing"
run '^Plan: 0 to add, 1 to change' plan -no-color -out=plan -var scope=incidents >planned
control PUT "organizations/$organization/connectors/$id" '{"scope":"edited in Control Hub"}' >edited
refused apply -no-color plan
control GET "organizations/$organization/connectors/$id" >stored
[ "$(count '"scope":"edited in Control Hub"' <stored)" = 1 ] || surprise "the edit was overwritten"
echo "  Scope in Webex: edited in Control Hub"
run '^Apply complete! Resources: 0 added, 1 changed' apply -auto-approve -no-color >applied

step "10. Rotate the client secret: Webex has the new one, and state has none"
export TF_VAR_client_secret=second-demo-secret TF_VAR_client_secret_version=2
run '^Apply complete! Resources: 0 added, 1 changed' apply -auto-approve -no-color
"$cli" state pull >pulled
in_state=$(count demo-secret <pulled)
in_webex=$(control GET "organizations/$organization/connectors/$id" | count second-demo-secret)
[ "$in_state $in_webex" = "0 1" ] || surprise "state has $in_state secrets, Webex $in_webex"
echo "  Secrets in state: $in_state. The new secret in Webex: $in_webex."

step "11. Rebind an exported flow: its connector gets the id of this organization"
show_id() { sed -n 's/^ *\("connectorId": "[^"]*"\).*/  \1/p'; }
show_id <flow.json
"$cli" output -raw flow >rebound.json
[ "$(count "$id" <rebound.json)" = 1 ] || surprise "the flow does not have the id"
show_id <rebound.json

step "12. Destroy a connector that a flow uses: it is not deleted, and stays active"
control POST "organizations/$organization/references" \
  "{\"connectorId\":\"$id\",\"name\":\"Greeting\",\"type\":\"flow\"}" >referred
refused destroy -auto-approve -no-color
control GET "organizations/$organization/connectors/$id" >stored
[ "$(count '"active":true' <stored)" = 1 ] || surprise "the connector is not active"
echo "  State in Webex: active"
control DELETE "organizations/$organization/references"
run '^Destroy complete! Resources: 1 destroyed' destroy -auto-approve -no-color >destroyed

printf '\nDone. Nothing is left behind.\n'
