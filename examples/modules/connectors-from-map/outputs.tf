output "ids" {
  description = "The id of each connector by its name. Flows refer to connectors by these ids."
  value       = { for name, connector in webex_cc_custom_connector.this : name => connector.id }
}
