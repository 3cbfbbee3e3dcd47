# A flow that was exported from the test organization, made ready for another
# one: terraform output -raw greeting > greeting.production.json

terraform {
  required_providers {
    webex = {
      source = "webex-contact-center/webex"
    }
  }
}

provider "webex" {}

variable "organization_id" {
  description = "The organization that the flow is meant for."
  type        = string
  default     = "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430"
}

module "greeting" {
  source = "../modules/flow-promotion"

  organization_id = var.organization_id
  flow_json       = file("${path.module}/greeting.json")
}

output "greeting" {
  value = module.greeting.flow_json
}

# An export of an older Flow Designer, with ids and without names.
module "older_greeting" {
  source = "../modules/flow-promotion"

  organization_id = var.organization_id
  flow_json       = file("${path.module}/older_greeting.json")
  connectors = {
    "5c7c2677-0e2a-4f57-a9ab-3d7d7a3ad9f1" = module.greeting.connectors["Incidents"]
  }
}

output "older_greeting" {
  value = module.older_greeting.flow_json
}
