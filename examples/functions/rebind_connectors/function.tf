# The connectors of the organization that the flow is meant for.
data "webex_cc_flow_connectors" "production" {}

output "greeting" {
  value = provider::webex::rebind_connectors(
    file("${path.module}/greeting.json"), # as Flow Designer exported it, from any organization
    data.webex_cc_flow_connectors.production.ids,
  )
}
