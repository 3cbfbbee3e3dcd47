terraform {
  required_version = ">= 1.14" # actions

  required_providers {
    webex = {
      source = "webex-contact-center/webex"
    }
  }
}
