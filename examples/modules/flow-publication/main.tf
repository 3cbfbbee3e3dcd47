# The connectors that Flow Designer offers in the organization that gets the flow.
# Connectors are matched by name.

data "webex_cc_flow_connectors" "target" {
  organization_id = var.organization_id
}

locals {
  connectors = merge(data.webex_cc_flow_connectors.target.ids, var.connectors)
  flow_json  = provider::webex::rebind_connectors(var.flow_json, local.connectors)
}

action "webex_cc_flow_publish" "flow" {
  config {
    organization_id = var.organization_id
    flow_json       = local.flow_json
    overwrite       = var.overwrite
    tags            = var.tags
  }
}

# A changed text or id publishes the flow again.
resource "terraform_data" "flow" {
  input = sha256(local.flow_json)

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.webex_cc_flow_publish.flow]
    }
  }
}
