terraform {
  required_providers {
    webex = {
      source = "webex-contact-center/webex" # in no registry yet: `make install` first
    }
  }
}

provider "webex" {} # reads WEBEX_CC_REGION and WEBEX_ACCESS_TOKEN

resource "webex_cc_custom_connector" "incidents" {
  name                = "Incidents"
  authentication_type = "oauth2"
  resource_domain_url = "https://dev1.service-now.com"
  token_url           = "https://dev1.service-now.com/oauth_token.do"
  client_id           = "contact-center"

  client_secret_wo         = var.client_secret # never in plan or state
  client_secret_wo_version = 1                 # raise it to rotate
}

variable "client_secret" {
  type      = string
  sensitive = true
  ephemeral = true
}

output "incidents_id" {
  description = "The id by which flows refer to the connector."
  value       = webex_cc_custom_connector.incidents.id
}
