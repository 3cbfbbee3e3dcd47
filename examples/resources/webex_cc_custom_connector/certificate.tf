# OAuth 2.0 with a certificate instead of a client secret.
resource "webex_cc_custom_connector" "ledger" {
  name                = "Ledger"
  authentication_type = "oauth2"
  grant_type          = "client_credentials_certificate"
  resource_domain_url = "https://ledger.example.com"
  token_url           = "https://login.example.com/oauth2/token"
  client_id           = "contact-center"
  certificate         = file("${path.module}/certificate.pem")

  private_key_wo         = var.ledger_private_key
  private_key_wo_version = 1

  timeouts {
    create = "5m"
  }
}

variable "ledger_private_key" {
  type      = string
  sensitive = true
  ephemeral = true
}
