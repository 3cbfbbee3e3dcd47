variable "flow_json" {
  description = "The text of a flow as Flow Designer exported it, from any organization."
  type        = string
}

variable "organization_id" {
  description = "The organization that the flow is meant for. Default: the provider's organization."
  type        = string
  default     = null
}

variable "connectors" {
  description = "Known ids, by the connector's name in the flow, or by its old id if the export has no names. They take precedence over what is found in the organization."
  type        = map(string)
  default     = {}
}
