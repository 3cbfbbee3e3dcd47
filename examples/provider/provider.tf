terraform {
  required_providers {
    webex = {
      source  = "webex-contact-center/webex"
      version = "~> 0.1.0"
    }
  }
}

# The access token comes from WEBEX_ACCESS_TOKEN.
provider "webex" {
  region = "us1"
}
