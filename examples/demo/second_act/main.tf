# One connector and one flow, to show how the provider handles what goes wrong.

terraform {
  required_version = ">= 1.11" # for write-only arguments

  required_providers {
    webex = {
      source = "webex-contact-center/webex"
    }
  }
}

# Address and access token come from the environment.
provider "webex" {}

variable "client_secret" {
  description = "The client secret. It is in neither plan nor state."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "client_secret_version" {
  description = "Raise it to send a new client secret."
  type        = number
  default     = 1
}

variable "scope" {
  description = "The scope of the access tokens that Webex requests."
  type        = string
  default     = "useraccount"
}

resource "webex_cc_custom_connector" "incidents" {
  name                = "Incidents"
  authentication_type = "oauth2"
  resource_domain_url = "https://dev1.service-now.com"
  token_url           = "https://dev1.service-now.com/oauth_token.do"
  client_id           = "contact-center"
  scope               = var.scope

  client_secret_wo         = var.client_secret
  client_secret_wo_version = var.client_secret_version
}

output "flow" {
  description = "An exported flow of another organization, with the id of this connector."
  value = provider::webex::rebind_connectors(
    file("${path.module}/flow.json"),
    { "5c7c2677-0e2a-4f57-a9ab-3d7d7a3ad9f1" = webex_cc_custom_connector.incidents.id },
  )
}
