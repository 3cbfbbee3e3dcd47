//! The schema of the provider block, and the variable of each argument.

use tf_provider::schema::{Attribute, Block, Schema};
use tf_provider::value::Type;

const DESCRIPTION: &str = "\
Manages custom connectors of Webex Contact Center: the stored credentials with which \
contact-center flows call other companies' HTTP endpoints.";

/// Each argument, and the environment variable that may give it.
pub const ENVIRONMENT: [(&str, &str); 18] = [
    ("region", "WEBEX_CC_REGION"),
    ("base_url", "WEBEX_CC_BASE_URL"),
    ("organization_id", "WEBEX_ORGANIZATION_ID"),
    ("access_token", "WEBEX_ACCESS_TOKEN"),
    ("client_id", "WEBEX_CLIENT_ID"),
    ("client_secret", "WEBEX_CLIENT_SECRET"),
    ("refresh_token", "WEBEX_REFRESH_TOKEN"),
    ("service_app_id", "WEBEX_SERVICE_APP_ID"),
    ("token_url", "WEBEX_TOKEN_URL"),
    ("applications_url", "WEBEX_APPLICATIONS_URL"),
    ("requests_per_minute", "WEBEX_CC_REQUESTS_PER_MINUTE"),
    ("max_retries", "WEBEX_CC_MAX_RETRIES"),
    ("request_timeout", "WEBEX_CC_REQUEST_TIMEOUT"),
    ("ca_certificate_file", "WEBEX_CC_CA_CERTIFICATE_FILE"),
    ("ca_certificate_pem", "WEBEX_CC_CA_CERTIFICATE_PEM"),
    ("preflight_checks", "WEBEX_CC_PREFLIGHT_CHECKS"),
    ("api_profile", "WEBEX_CC_API_PROFILE"),
    ("connector_path", "WEBEX_CC_CONNECTOR_PATH"),
];

/// Returns the environment variable that may give an argument.
#[must_use]
pub fn variable(argument: &str) -> &'static str {
    ENVIRONMENT.iter().find(|(name, _)| *name == argument).map_or("", |(_, variable)| variable)
}

/// Returns the arguments of the provider. All are optional in configuration,
/// because each may be given by the environment.
#[must_use]
pub fn schema() -> Schema {
    Schema::new(Block {
        description: DESCRIPTION.into(),
        attributes: attributes(),
        blocks: Vec::new(),
    })
}

fn attributes() -> Vec<Attribute> {
    let text = |name, description| Attribute::optional(name, Type::String, description);
    vec![
        text(
            "region",
            "The region of the Contact Center: `us1`, `eu1`, `eu2`, `anz1`, `ca1`, `jp1`, `sg1` or \
             `in1`. Required, unless `base_url` is set. Environment: `WEBEX_CC_REGION`.",
        ),
        text(
            "base_url",
            "The address of the Contact Center API, instead of `region`. `https://`, or `http://` \
             on a loopback address for tests. Environment: `WEBEX_CC_BASE_URL`.",
        ),
        text(
            "organization_id",
            "The organization of resources and data sources that name none: a UUID, or the base64 \
             form of the Webex APIs. Default: the one at the end of `access_token`. Required with \
             `refresh_token` and `service_app_id`, unless every resource and data source names \
             its own. Environment: `WEBEX_ORGANIZATION_ID`.",
        ),
        Attribute::secret(
            "access_token",
            "An access token with the scopes `cjp:config_read` and `cjp:config_write`. With \
             `service_app_id` it is the token of scope `spark:applications_token` instead. \
             Environment: `WEBEX_ACCESS_TOKEN`.",
        ),
        text(
            "client_id",
            "The client identifier of a Webex Integration or Service App, to request access \
             tokens with. Environment: `WEBEX_CLIENT_ID`.",
        ),
        Attribute::secret(
            "client_secret",
            "The client secret that belongs to `client_id`. Environment: `WEBEX_CLIENT_SECRET`.",
        ),
        Attribute::secret(
            "refresh_token",
            "The refresh token that belongs to `client_id`. Environment: `WEBEX_REFRESH_TOKEN`.",
        ),
        text(
            "service_app_id",
            "The id of a Service App. Its token is requested for each target organization, \
             with \
             `client_id`, `client_secret` and `access_token`. Environment: `WEBEX_SERVICE_APP_ID`.",
        ),
        text(
            "token_url",
            "The token endpoint for `refresh_token`. Default \
             `https://webexapis.com/v1/access_token`. Environment: `WEBEX_TOKEN_URL`.",
        ),
        text(
            "applications_url",
            "The address below which the tokens of `service_app_id` are requested. Default \
             `https://webexapis.com/v1/applications`. Environment: \
             `WEBEX_APPLICATIONS_URL`.",
        ),
        Attribute::optional(
            "requests_per_minute",
            Type::Number,
            "The largest number of requests that this process sends in a minute, 1 to 100,000. \
             Default 300, the limit that Cisco documents for a client. Environment: \
             `WEBEX_CC_REQUESTS_PER_MINUTE`.",
        ),
        Attribute::optional(
            "max_retries",
            Type::Number,
            "The largest number of times that a request is repeated if that is safe, 0 to 20. \
             Default 5. Environment: `WEBEX_CC_MAX_RETRIES`.",
        ),
        text(
            "request_timeout",
            "How long one request can take, from connecting to the last byte of the response, \
             such as `30s` or `2m`. Raise it if a third party is slow to check the credentials of \
             a connector. Default `60s`. Environment: `WEBEX_CC_REQUEST_TIMEOUT`.",
        ),
        text(
            "ca_certificate_file",
            "A file of certificates (PEM) to trust in addition to those of the system, for \
             example of a proxy that inspects traffic. If the credentials come from the \
             environment, this has to as well. Environment: `WEBEX_CC_CA_CERTIFICATE_FILE`.",
        ),
        text(
            "ca_certificate_pem",
            "The same certificates, as text. Environment: `WEBEX_CC_CA_CERTIFICATE_PEM`.",
        ),
        Attribute::optional(
            "preflight_checks",
            Type::Bool,
            "Whether a plan warns about a name that is already taken and about an eleventh \
             connector. \
             Default `true`. Environment: `WEBEX_CC_PREFLIGHT_CHECKS`.",
        ),
        text(
            "api_profile",
            "An API profile as JSON, such as `file(\"webex-api.json\")`: the paths, bodies and \
             names of your organization's API. The provider's command `learn` writes one. \
             Default: the built-in profile, which is assumed, because Cisco does not publish this \
             API. Environment: `WEBEX_CC_API_PROFILE`, which is the path of a file.",
        ),
        text(
            "connector_path",
            "The path of connectors in the built-in API profile, below an organization. Default \
             `connector`. Cannot be set together with `api_profile`. Environment: \
             `WEBEX_CC_CONNECTOR_PATH`.",
        ),
    ]
}
