import {
  to = webex_cc_custom_connector.incidents
  identity = {
    organization_id = "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430"
    id              = "5c7c2677-0e2a-4f57-a9ab-3d7d7a3ad9f1"
  }
}
