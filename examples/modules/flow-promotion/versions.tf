terraform {
  required_version = ">= 1.8" # functions of providers

  required_providers {
    webex = {
      source = "webex-contact-center/webex"
    }
  }
}
