list "webex_cc_custom_connector" "active" {
  provider = webex

  config {
    active = true
  }
}
