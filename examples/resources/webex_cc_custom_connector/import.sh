# By the connector's id, in the provider's organization
terraform import webex_cc_custom_connector.incidents 5c7c2677-0e2a-4f57-a9ab-3d7d7a3ad9f1

# By organization and connector
terraform import webex_cc_custom_connector.incidents 3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430/5c7c2677-0e2a-4f57-a9ab-3d7d7a3ad9f1
