# OAuth 2.0 with client credentials, the default grant.
resource "webex_cc_custom_connector" "incidents" {
  name                = "Incidents"
  authentication_type = "oauth2"
  resource_domain_url = "https://dev1.service-now.com"
  token_url           = "https://dev1.service-now.com/oauth_token.do"
  client_id           = "contact-center"
  scope               = "useraccount"

  client_secret_wo         = var.incidents_client_secret
  client_secret_wo_version = 1
}

variable "incidents_client_secret" {
  type      = string
  sensitive = true
  ephemeral = true
}
