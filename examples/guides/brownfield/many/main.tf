terraform {
  required_version = ">= 1.7" # the first that knows for_each in import blocks
  required_providers {
    webex = {
      source = "webex-contact-center/webex"
    }
  }
}

# Region and token come from the environment.
provider "webex" {}

variable "organizations" {
  description = "The id of each organization, by a name of your own."
  type        = map(string)
  default = {
    acme   = "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430"
    globex = "9b2e7c10-51d3-4f0a-8f7e-6a4c2d9e1b58"
  }
}

# Everything that was made by hand, in each of them.
data "webex_cc_custom_connectors" "existing" {
  for_each = var.organizations

  organization_id = each.value
}

# Names are unique within an organization only.
locals {
  connectors = merge([
    for organization, existing in data.webex_cc_custom_connectors.existing : {
      for connector in existing.connectors :
      "${organization}/${connector.name}" => connector
    }
  ]...)
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
  description = "The connectors by organization and name, without what only Webex decides."
  value = {
    for key, connector in local.connectors : key => {
      for argument, value in connector : argument => value
      if !contains(["id", "created_time", "last_updated_time"], argument)
    }
  }
}
