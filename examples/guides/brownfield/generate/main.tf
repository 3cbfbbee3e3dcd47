terraform {
  required_providers {
    webex = {
      source = "webex-contact-center/webex"
    }
  }
}

# Region, token and organization come from the environment.
provider "webex" {}

data "webex_cc_custom_connectors" "existing" {}

# An import block for each connector, under a name that Terraform accepts. The
# beginning of its id distinguishes "Help desk" from "help-desk".
output "import_blocks" {
  value = join("\n", [
    for connector in data.webex_cc_custom_connectors.existing.connectors : <<-EOT
    import {
      to = webex_cc_custom_connector.c_${replace(lower(connector.name), "/[^a-z0-9]+/", "_")}_${substr(connector.id, 0, 8)}
      id = "${connector.organization_id}/${connector.id}"
    }
    EOT
  ])
}
