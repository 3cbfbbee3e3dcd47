terraform {
  required_version = ">= 1.14" # the first that knows terraform query
  required_providers {
    webex = {
      source = "webex-contact-center/webex"
    }
  }
}

# Region, token and organization come from the environment.
provider "webex" {}
