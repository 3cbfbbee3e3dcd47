terraform {
  required_version = ">= 1.7" # the first that knows for_each in import blocks
  required_providers {
    webex = {
      source = "webex-contact-center/webex"
    }
  }
}

# Region, token and organization come from the environment.
provider "webex" {}

# Everything that was made by hand.
data "webex_cc_custom_connectors" "existing" {}

locals {
  connectors = {
    for connector in data.webex_cc_custom_connectors.existing.connectors :
    connector.name => connector
  }
}

import {
  for_each = local.connectors
  to       = webex_cc_custom_connector.this[each.key]
  id       = "${each.value.organization_id}/${each.value.id}"
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
  value = {
    for name, connector in local.connectors : name => {
      for argument, value in connector : argument => value
      if !contains(["id", "created_time", "last_updated_time"], argument)
    }
  }
}
