# The connectors that Flow Designer offers in the organization the flow is meant
# for. Connectors are matched by name.

data "webex_cc_flow_connectors" "target" {
  organization_id = var.organization_id
}

locals {
  connectors = merge(data.webex_cc_flow_connectors.target.ids, var.connectors)
}
