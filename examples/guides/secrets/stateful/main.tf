variable "client_secret" {
  type      = string
  sensitive = true
}

resource "webex_cc_custom_connector" "incidents" {
  name                = "Incidents"
  authentication_type = "oauth2"
  resource_domain_url = "https://dev1.service-now.com"
  token_url           = "https://dev1.service-now.com/oauth_token.do"
  client_id           = "contact-center"
  client_secret       = var.client_secret
}
