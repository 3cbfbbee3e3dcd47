output "flow_json" {
  description = "The flow with the ids of the target organization, ready to be imported there. Nothing else is changed."
  value       = provider::webex::rebind_connectors(var.flow_json, local.connectors)
}

output "connectors" {
  description = "The ids that were used, by name."
  value       = local.connectors
}
