list "webex_cc_custom_connector" "all" {
  provider         = webex
  include_resource = true
}
