# One connector for each entry of a map. Credentials are in another variable,
# because for_each does not accept ephemeral values.

locals {
  grants = {
    for name, connector in var.connectors : name =>
    connector.authentication_type == "basic" ? "basic" : coalesce(connector.grant_type, "client_credentials")
  }
}

resource "webex_cc_custom_connector" "this" {
  for_each = var.connectors

  name                = each.key
  organization_id     = var.organization_id
  authentication_type = each.value.authentication_type
  grant_type          = each.value.grant_type
  resource_domain_url = each.value.resource_domain_url
  client_id           = each.value.client_id
  token_url           = each.value.token_url
  scope               = each.value.scope
  certificate         = each.value.certificate
  username            = each.value.username
  validation_url      = each.value.validation_url
  active              = each.value.active

  client_secret_wo = try(var.secrets[each.key].client_secret, null)
  private_key_wo   = try(var.secrets[each.key].private_key, null)
  password_wo      = try(var.secrets[each.key].password, null)

  # A stored value must not depend on an ephemeral one, so the version depends on
  # the kind of connector, and not on which credential is set.
  client_secret_wo_version = contains(["client_credentials", "password"], local.grants[each.key]) ? each.value.secret_version : null
  private_key_wo_version   = local.grants[each.key] == "client_credentials_certificate" ? each.value.secret_version : null
  password_wo_version      = contains(["basic", "password"], local.grants[each.key]) ? each.value.secret_version : null
}
