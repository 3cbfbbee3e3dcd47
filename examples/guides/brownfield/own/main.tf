terraform {
  required_providers {
    webex = {
      source = "webex-contact-center/webex"
    }
  }
}

# Region, token and organization come from the environment.
provider "webex" {}

# The connectors when they were adopted, without credentials. Review and edit
# this file from now on.
locals {
  connectors = jsondecode(file("${path.module}/connectors.json"))
}

# Webex keeps the credentials. Add one before you update its connector.
resource "webex_cc_custom_connector" "this" {
  for_each = local.connectors

  organization_id     = each.value.organization_id
  name                = each.value.name
  active              = each.value.active
  authentication_type = each.value.authentication_type
  resource_domain_url = each.value.resource_domain_url
  grant_type          = each.value.grant_type
  client_id           = each.value.client_id
  token_url           = each.value.token_url
  scope               = each.value.scope
  certificate         = each.value.certificate
  username            = each.value.username
  validation_url      = each.value.validation_url

  lifecycle {
    prevent_destroy = true # flows refer to a connector by its id
  }
}

output "connectors" {
  description = "The connectors by name, without what only Webex decides."
  value       = local.connectors
}
