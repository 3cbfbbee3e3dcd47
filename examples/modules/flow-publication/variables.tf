variable "flow_json" {
  description = "The text of a flow as Flow Designer exported it, from any organization."
  type        = string
}

variable "organization_id" {
  description = "The organization that gets the flow. The provider's organization if not set."
  type        = string
  default     = null
}

variable "connectors" {
  description = "Ids that are known already, by the connector's name in the flow, or by its old id where the export has no names. They win over what is found in the organization."
  type        = map(string)
  default     = {}
}

variable "overwrite" {
  description = "Whether a flow of the same name gets a new version."
  type        = bool
  default     = true
}

variable "tags" {
  description = "The labels that the version gets: Live, Test, Dev, Latest."
  type        = list(string)
  default     = ["Live"]
}
