# User name and password. Webex checks them against the validation URL.
resource "webex_cc_custom_connector" "help_desk" {
  name                = "Help desk"
  resource_domain_url = "https://example.zendesk.com/api/v2/"
  username            = "agent@example.com"
  validation_url      = "https://example.zendesk.com/api/v2/users/me"

  password_wo         = var.help_desk_password
  password_wo_version = 1
}

variable "help_desk_password" {
  type      = string
  sensitive = true
  ephemeral = true
}
