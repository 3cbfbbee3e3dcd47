terraform {
  required_version = ">= 1.11"

  required_providers {
    webex = {
      source = "webex-contact-center/webex"
    }
  }
}

provider "webex" {
  api_profile = file("${path.module}/webex-api.json")
}
