# A connector that is managed elsewhere, by its name.
data "webex_cc_custom_connector" "incidents" {
  name = "Incidents"
}

output "incidents" {
  description = "What flows refer to, and where their calls go."
  value = {
    id     = data.webex_cc_custom_connector.incidents.id
    url    = data.webex_cc_custom_connector.incidents.resource_domain_url
    active = data.webex_cc_custom_connector.incidents.active
  }
}
