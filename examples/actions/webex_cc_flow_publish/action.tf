terraform {
  required_version = ">= 1.14" # actions

  required_providers {
    webex = {
      source = "webex-contact-center/webex"
    }
  }
}

data "webex_cc_flow_connectors" "all" {}

locals {
  greeting = provider::webex::rebind_connectors(
    file("${path.module}/greeting.json"),
    data.webex_cc_flow_connectors.all.ids,
  )
}

action "webex_cc_flow_publish" "greeting" {
  config {
    flow_json = local.greeting
    overwrite = true
    tags      = ["Live"]
  }
}

# A changed text publishes the flow again.
resource "terraform_data" "greeting" {
  input = sha256(local.greeting)

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.webex_cc_flow_publish.greeting]
    }
  }
}
