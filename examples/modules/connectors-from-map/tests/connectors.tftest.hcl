# Runs against the simulator: see ../../README.md for how to start it.

variables {
  connectors = {
    "Help desk" = {
      resource_domain_url = "https://example.zendesk.com/api/v2/"
      username            = "agent@example.com"
      validation_url      = "https://example.zendesk.com/api/v2/users/me"
    }
    "Incidents" = {
      authentication_type = "oauth2"
      resource_domain_url = "https://dev1.service-now.com"
      client_id           = "contact-center"
      token_url           = "https://dev1.service-now.com/oauth_token.do"
      scope               = "useraccount"
      secret_version      = 1
    }
  }
  secrets = {
    "Help desk" = { password = "test-password" }
    "Incidents" = { client_secret = "test-client-secret" }
  }
}

run "creates_a_connector_for_each_entry" {
  assert {
    condition     = toset(keys(output.ids)) == toset(["Help desk", "Incidents"])
    error_message = "There is not one connector for each entry."
  }

  assert {
    condition     = webex_cc_custom_connector.this["Incidents"].grant_type == "client_credentials"
    error_message = "The grant of OAuth 2.0 is not the default."
  }

  assert {
    condition     = webex_cc_custom_connector.this["Incidents"].client_secret == null
    error_message = "A credential is in state."
  }
}

run "plans_to_rotate_a_credential_in_place" {
  command = plan

  variables {
    connectors = {
      "Incidents" = {
        authentication_type = "oauth2"
        resource_domain_url = "https://dev1.service-now.com"
        client_id           = "contact-center"
        token_url           = "https://dev1.service-now.com/oauth_token.do"
        scope               = "useraccount"
        secret_version      = 2
      }
    }
    secrets = {
      "Incidents" = { client_secret = "next-client-secret" }
    }
  }

  # A replaced connector would have an id that is not known yet.
  assert {
    condition     = length(output.ids["Incidents"]) == 36
    error_message = "The connector would be replaced."
  }
}

run "rotates_a_credential_and_removes_a_connector" {
  variables {
    connectors = {
      "Incidents" = {
        authentication_type = "oauth2"
        resource_domain_url = "https://dev1.service-now.com"
        client_id           = "contact-center"
        token_url           = "https://dev1.service-now.com/oauth_token.do"
        scope               = "useraccount"
        secret_version      = 2
      }
    }
    secrets = {
      "Incidents" = { client_secret = "next-client-secret" }
    }
  }

  assert {
    condition     = toset(keys(output.ids)) == toset(["Incidents"])
    error_message = "The other connector is still there."
  }
}

run "refuses_credentials_of_no_connector" {
  command = plan

  variables {
    secrets = {
      "Incident" = { client_secret = "misspelled" }
    }
  }

  expect_failures = [var.secrets]
}

run "refuses_an_eleventh_connector" {
  command = plan

  variables {
    connectors = {
      for number in range(11) : "Connector ${number}" => {
        resource_domain_url = "https://example.com"
        username            = "agent"
        validation_url      = "https://example.com"
      }
    }
    secrets = {}
  }

  expect_failures = [var.connectors]
}
