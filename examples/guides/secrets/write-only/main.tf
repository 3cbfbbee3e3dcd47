variable "client_secret" {
  type      = string
  ephemeral = true # kept out of the plan file as well
}

resource "webex_cc_custom_connector" "incidents" {
  name                = "Incidents"
  authentication_type = "oauth2"
  resource_domain_url = "https://dev1.service-now.com"
  token_url           = "https://dev1.service-now.com/oauth_token.do"
  client_id           = "contact-center"

  client_secret_wo         = var.client_secret
  client_secret_wo_version = 1
}
