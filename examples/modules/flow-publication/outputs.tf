output "flow_json" {
  description = "The flow with the ids of the organization, as it was published."
  value       = local.flow_json
}

output "published" {
  description = "The SHA-256 of the flow that was published last."
  value       = terraform_data.flow.output
}
