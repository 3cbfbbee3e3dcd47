# Puts an exported flow into use in another organization. Needs actions, which
# OpenTofu does not have.
terraform {
  required_version = ">= 1.14"

  required_providers {
    webex = {
      source = "webex-contact-center/webex"
    }
  }
}

variable "organization_id" {
  description = "The organization that gets the flow."
  type        = string
  default     = null
}

module "greeting" {
  source = "../modules/flow-publication"

  organization_id = var.organization_id
  flow_json       = file("${path.module}/greeting.json")
}
