terraform {
  required_version = ">= 1.7" # the first that knows removed blocks
  required_providers {
    webex = {
      source = "webex-contact-center/webex"
    }
  }
}

# Region, token and organization come from the environment.
provider "webex" {}

# Instead of the resource block: Webex keeps the connector.
removed {
  from = webex_cc_custom_connector.incidents

  lifecycle {
    destroy = false
  }
}
