# A Service App that customers have authorized: an access token is requested for
# each organization that a resource names.
provider "webex" {
  region         = "us1"
  service_app_id = "Y2lzY29zcGFyazovL3VzL0FQUExJQ0FUSU9OL2RlbW8"
  client_id      = var.webex_client_id
  client_secret  = var.webex_client_secret
  access_token   = var.webex_applications_token # of scope spark:applications_token
}

variable "webex_client_id" {
  type = string
}

variable "webex_client_secret" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "webex_applications_token" {
  type      = string
  sensitive = true
  ephemeral = true
}
