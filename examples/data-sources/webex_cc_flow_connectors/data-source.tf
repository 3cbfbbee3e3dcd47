# What Flow Designer offers to HTTP requests.
data "webex_cc_flow_connectors" "offered" {}

output "connectors_for_flows" {
  description = "The ids by name."
  value       = data.webex_cc_flow_connectors.offered.ids
}
