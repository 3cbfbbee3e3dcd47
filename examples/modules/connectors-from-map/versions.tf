terraform {
  required_version = ">= 1.11" # write-only arguments and ephemeral variables

  required_providers {
    webex = {
      source = "webex-contact-center/webex"
    }
  }
}
