# All connectors of the organization.
data "webex_cc_custom_connectors" "all" {}

# The deactivated ones: flows that use them fail.
data "webex_cc_custom_connectors" "inactive" {
  active = false
}

check "every_connector_is_active" {
  assert {
    condition     = length(data.webex_cc_custom_connectors.inactive.ids) == 0
    error_message = "Deactivated: ${join(", ", keys(data.webex_cc_custom_connectors.inactive.ids))}"
  }
}

output "ids" {
  value = data.webex_cc_custom_connectors.all.ids
}
