# With Terraform 1.14 or later, the first that knows terraform query.

terraform {
  required_providers {
    webex = {
      source = "webex-contact-center/webex"
    }
  }
}

# Region, token and organization come from the environment.
provider "webex" {}
