//! The Webex provider, made of the framework and the API client.
//!
//! [`registry`] is the table of everything that the provider serves.

pub mod api_errors;
pub mod claims;
pub mod command_line;
pub mod configuration;
pub mod connector_lists;
pub mod custom_connector;
pub mod doctor;
pub mod flow_publish;
pub mod functions;
pub mod organization;
pub mod provider_data;
pub mod timeouts;
pub mod unseen;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use self::configuration::schema as provider_schema;
use self::configuration::source::process_environment;
use self::configuration::status::{ProviderStatus, missing};
use self::connector_lists::custom_connectors::{self, CustomConnectorsData};
use self::connector_lists::flow_connectors::{self, FlowConnectorsData};
use self::custom_connector::data_source::CustomConnectorData;
use self::custom_connector::list::CustomConnectorList;
use self::custom_connector::resource::CustomConnector;
use self::flow_publish::FlowPublish;
use self::functions::decode_id::DecodeId;
use self::functions::encode_id::EncodeId;
use self::functions::rebind_connectors::RebindConnectors;
use self::provider_data::ProviderData;
use tf_provider::TIME_FOR_CHANGES;
use tf_provider::client::Deferred;
use tf_provider::diagnostics::{Diagnostic, Diagnostics, Result};
use tf_provider::provider::{ConfigureRequest, ConfigureResponse, Provider, Registry};
use tf_provider::resource::ValidateRequest;
use tf_provider::schema::Schema;
use webex_contact_center::{CLEAN_UP_GRACE, STOP_GRACE};

/// The provider's name in addresses and in logs.
pub const NAME: &str = "webex";

/// The provider's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The provider's full address. It is read from this line by the scripts in `.ci/`; a test finds
/// the examples and pages that have another one.
pub const ADDRESS: &str = "registry.terraform.io/webex-contact-center/webex";

/// How long reading the files of a configuration may take.
const TIME_TO_READ: Duration = Duration::from_secs(10);

// A process that ends waits for the response of a write in flight, and for the
// calls that undo an incomplete change.
const _: () = {
    let needed = STOP_GRACE.as_millis() + CLEAN_UP_GRACE.as_millis();
    assert!(TIME_FOR_CHANGES.as_millis() > needed, "a connector would be left deactivated");
};

/// Returns everything that the provider serves.
#[must_use]
pub fn registry() -> Registry {
    let provider_data = Arc::new(ProviderData::default());
    let connector = custom_connector::schema::TYPE_NAME;
    Registry::new(Webex { provider_data: provider_data.clone() })
        .resource(connector, CustomConnector::new(provider_data.clone()))
        .data_source(connector, CustomConnectorData::new(provider_data.clone()))
        .data_source(custom_connectors::TYPE_NAME, CustomConnectorsData::new(provider_data.clone()))
        .data_source(flow_connectors::TYPE_NAME, FlowConnectorsData::new(provider_data.clone()))
        .list_resource(connector, CustomConnectorList::new(provider_data.clone()))
        .action(flow_publish::TYPE_NAME, FlowPublish::new(provider_data))
        .function("decode_id", DecodeId)
        .function("encode_id", EncodeId)
        .function("rebind_connectors", RebindConnectors)
}

/// The provider block.
struct Webex {
    provider_data: Arc<ProviderData>,
}

#[async_trait]
impl Provider for Webex {
    fn schema(&self) -> Schema {
        provider_schema::schema()
    }

    /// Checks the block alone. Configure checks the environment, because it may
    /// differ between `validate` and `apply`.
    fn validate(&self, request: ValidateRequest<'_>) -> Diagnostics {
        configuration::validate(request.configuration)
    }

    async fn configure(&self, request: ConfigureRequest) -> Result<ConfigureResponse> {
        let user_agent = user_agent(&request.terraform_version);
        let (status, mut messages) = off_the_thread(move || {
            configuration::read(&request.configuration, &process_environment, &user_agent)
        })
        .await;
        // Without this error, a plan of new connectors would succeed and its apply would fail.
        if let ProviderStatus::Missing(arguments) = &status {
            messages.push(missing(arguments));
        }
        let is_unknown = matches!(&status, ProviderStatus::Unknown(_));
        let deferred = is_unknown.then_some(Deferred::ProviderConfigUnknown);
        self.provider_data.set(status);
        Ok(ConfigureResponse { diagnostics: messages, deferred })
    }

    fn take_notices(&self) -> Diagnostics {
        self.provider_data
            .ready()
            .map_or_else(|_| Diagnostics::new(), |provider| api_errors::notices(&provider.client))
    }
}

/// Reads the configuration in a thread of its own, because it may name a file on a disk that does
/// not respond, and this thread serves all calls.
async fn off_the_thread(
    read: impl FnOnce() -> (ProviderStatus, Diagnostics) + Send + 'static,
) -> (ProviderStatus, Diagnostics) {
    match tokio::time::timeout(TIME_TO_READ, tokio::task::spawn_blocking(read)).await {
        Ok(Ok(read)) => read,
        Ok(Err(failed)) => match failed.try_into_panic() {
            // The framework makes it the error of the call.
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => (ProviderStatus::Unconfigured, Diagnostics::new()),
        },
        Err(_) => {
            let message = Diagnostic::error(
                "A file of the provider configuration cannot be opened",
                "Check the disk that the file of ca_certificate_file or of WEBEX_CC_API_PROFILE is \
                 on: it could not be read within ten seconds.",
            );
            (ProviderStatus::Unconfigured, message.into())
        }
    }
}

/// Returns the `User-Agent` header, with the text of `TF_APPEND_USER_AGENT` at
/// the end, as in other providers.
pub(crate) fn user_agent(terraform_version: &str) -> String {
    let own = format!("terraform-provider-{NAME}/{VERSION}");
    let terraform = Some(terraform_version)
        .filter(|version| !version.is_empty())
        .map(|version| format!("Terraform/{version}"));
    let appended = process_environment("TF_APPEND_USER_AGENT").map(|text| text.trim().to_owned());
    [Some(own), terraform, appended].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
