# OAuth 2.0 with the password grant: both a client and a service account.
resource "webex_cc_custom_connector" "customers" {
  name                = "Customers"
  authentication_type = "oauth2"
  grant_type          = "password"
  resource_domain_url = "https://org.api.crm.example.com/api/data/v9.2/"
  token_url           = "https://login.example.com/oauth2/token"
  client_id           = "contact-center"
  username            = "service@example.com"

  client_secret_wo         = var.customers_client_secret
  client_secret_wo_version = 1
  password_wo              = var.customers_password
  password_wo_version      = 1
}

variable "customers_client_secret" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "customers_password" {
  type      = string
  sensitive = true
  ephemeral = true
}
