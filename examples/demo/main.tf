# The four kinds of custom connectors, as the demo manages them.

terraform {
  required_providers {
    webex = {
      source = "webex-contact-center/webex"
    }
  }
}

# Address and access token come from the environment.
provider "webex" {}

variable "agent" {
  description = "The service account with which flows call the help desk."
  type        = string
  default     = "agent@example.com"
}

resource "webex_cc_custom_connector" "help_desk" {
  name                = "Help desk"
  resource_domain_url = "https://example.zendesk.com/api/v2/"
  username            = var.agent
  password            = "demo-password"
  validation_url      = "https://example.zendesk.com/api/v2/users/me"
}

resource "webex_cc_custom_connector" "incidents" {
  name                = "Incidents"
  authentication_type = "oauth2"
  resource_domain_url = "https://dev1.service-now.com"
  client_id           = "incidents"
  client_secret       = "demo-client-secret"
  token_url           = "https://dev1.service-now.com/oauth_token.do"
  scope               = "useraccount"
}

resource "webex_cc_custom_connector" "customers" {
  name                = "Customers"
  authentication_type = "oauth2"
  grant_type          = "password"
  resource_domain_url = "https://org.api.crm.example.com/api/data/v9.2/"
  client_id           = "customers"
  client_secret       = "demo-client-secret"
  token_url           = "https://login.example.com/oauth2/token"
  username            = var.agent
  password            = "demo-password"
}

resource "webex_cc_custom_connector" "ledger" {
  name                = "Ledger"
  authentication_type = "oauth2"
  grant_type          = "client_credentials_certificate"
  resource_domain_url = "https://ledger.example.com"
  client_id           = "ledger"
  certificate         = file("${path.module}/certificate.pem")
  private_key         = file("${path.module}/private_key.pem")
  token_url           = "https://login.example.com/oauth2/token"
}

output "connectors" {
  description = "The id of each connector, by which flows refer to it."
  value = {
    for connector in [
      webex_cc_custom_connector.help_desk,
      webex_cc_custom_connector.incidents,
      webex_cc_custom_connector.customers,
      webex_cc_custom_connector.ledger,
    ] : connector.name => connector.id
  }
}
