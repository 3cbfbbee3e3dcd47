# Two connectors from a map. Raise secret_version to send a credential again.

terraform {
  required_providers {
    webex = {
      source = "webex-contact-center/webex"
    }
  }
}

provider "webex" {}

module "connectors" {
  source = "../modules/connectors-from-map"

  connectors = {
    "Help desk" = {
      resource_domain_url = "https://example.zendesk.com/api/v2/"
      username            = "agent@example.com"
      validation_url      = "https://example.zendesk.com/api/v2/users/me"
      secret_version      = 1
    }
    "Incidents" = {
      authentication_type = "oauth2"
      resource_domain_url = "https://dev1.service-now.com"
      client_id           = "contact-center"
      token_url           = "https://dev1.service-now.com/oauth_token.do"
      secret_version      = 1
    }
  }

  secrets = var.secrets
}

variable "secrets" {
  description = "By connector, for example { \"Incidents\" = { client_secret = \"…\" } }."
  type        = map(map(string))
  sensitive   = true
  ephemeral   = true
}

output "connectors" {
  description = "The id of each connector by its name."
  value       = module.connectors.ids
}
