# An Integration or a Service App that renews its access tokens by itself.
# Without the arguments: WEBEX_CLIENT_ID, WEBEX_CLIENT_SECRET, WEBEX_REFRESH_TOKEN.
provider "webex" {
  region        = "eu1"
  client_id     = var.webex_client_id
  client_secret = var.webex_client_secret
  refresh_token = var.webex_refresh_token

  organization_id = "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430"
}

variable "webex_client_id" {
  type = string
}

variable "webex_client_secret" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "webex_refresh_token" {
  type      = string
  sensitive = true
  ephemeral = true
}
