# What the target organization has.

terraform {
  required_providers {
    webex = {
      source = "webex-contact-center/webex"
    }
  }
}

resource "webex_cc_custom_connector" "this" {
  for_each = toset(["Help desk", "Incidents", "Not used"])

  name                = each.key
  resource_domain_url = "https://example.com"
  username            = "agent"
  password            = "test-password"
  validation_url      = "https://example.com"
}

output "ids" {
  value = { for name, connector in webex_cc_custom_connector.this : name => connector.id }
}
