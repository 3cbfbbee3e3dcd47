variable "connectors" {
  description = "The connectors by name. The page of the resource shows which arguments apply to which kind of connector. A change of `secret_version` sends the credential of a connector again."
  type = map(object({
    resource_domain_url = string
    authentication_type = optional(string, "basic")
    grant_type          = optional(string)
    client_id           = optional(string)
    token_url           = optional(string)
    scope               = optional(string)
    certificate         = optional(string)
    username            = optional(string)
    validation_url      = optional(string)
    active              = optional(bool, true)
    secret_version      = optional(number)
  }))

  validation {
    condition     = length(var.connectors) <= 10
    error_message = "Webex allows ten custom connectors in an organization."
  }
}

variable "secrets" {
  description = "The credentials of each connector, by the same names. They are in neither plan nor state."
  type = map(object({
    client_secret = optional(string)
    private_key   = optional(string)
    password      = optional(string)
  }))
  default   = {}
  sensitive = true
  ephemeral = true

  validation {
    condition     = length(setsubtract(keys(var.secrets), keys(var.connectors))) == 0
    error_message = "There are credentials for a name that is not among the connectors."
  }
}

variable "organization_id" {
  description = "The organization that gets the connectors. Default: the provider's organization."
  type        = string
  default     = null
}
