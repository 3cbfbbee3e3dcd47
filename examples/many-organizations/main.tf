# One configuration, one provider, any number of organizations.

terraform {
  required_providers {
    webex = {
      source = "webex-contact-center/webex"
    }
  }
}

provider "webex" {}

variable "customers" {
  description = "The organization of each customer, and its help desk."
  type = map(object({
    organization_id = string
    help_desk_url   = string
  }))
  default = {
    acme = {
      organization_id = "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430"
      help_desk_url   = "https://acme.zendesk.com/api/v2/"
    }
    globex = {
      organization_id = "9b2e7c10-51d3-4f0a-8f7e-6a4c2d9e1b58"
      help_desk_url   = "https://globex.zendesk.com/api/v2/"
    }
  }
}

variable "passwords" {
  description = "The help desk's password of each customer."
  type        = map(string)
  sensitive   = true
  ephemeral   = true
}

resource "webex_cc_custom_connector" "help_desk" {
  for_each = var.customers

  organization_id     = each.value.organization_id
  name                = "Help desk"
  resource_domain_url = each.value.help_desk_url
  username            = "flows@example.com"
  validation_url      = each.value.help_desk_url

  password_wo         = var.passwords[each.key]
  password_wo_version = 1
}

output "help_desk_ids" {
  value = { for customer, connector in webex_cc_custom_connector.help_desk : customer => connector.id }
}
