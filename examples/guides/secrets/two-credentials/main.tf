variable "client_secret" {
  type      = string
  ephemeral = true
}

variable "service_password" {
  type      = string
  ephemeral = true
}

resource "webex_cc_custom_connector" "customers" {
  name                = "Customers"
  authentication_type = "oauth2"
  grant_type          = "password"
  resource_domain_url = "https://org.api.crm.dynamics.com/api/data/v9.2/"
  token_url           = "https://login.microsoftonline.com/common/oauth2/token"
  client_id           = "contact-center"
  username            = "service@example.com"

  client_secret_wo         = var.client_secret
  client_secret_wo_version = 3

  password_wo         = var.service_password
  password_wo_version = 7
}
