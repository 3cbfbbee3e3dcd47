//! The provider block, and the registry of everything that a provider serves.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::action::Action;
use super::client::{ClientCapabilities, Deferred};
use super::data_source::DataSource;
use super::diagnostics::Diagnostics;
use super::ephemeral::EphemeralResource;
use super::function::Function;
use super::list::ListResource;
use super::object::Configuration;
use super::resource::{Resource, ValidateRequest};
use super::schema::{IdentitySchema, Schema};
use super::value::Type;

/// The provider block.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Returns the schema; by default that of an empty block.
    fn schema(&self) -> Schema {
        Schema::default()
    }

    /// Checks a configuration offline. Values may be unknown.
    fn validate(&self, _request: ValidateRequest<'_>) -> Diagnostics {
        Diagnostics::new()
    }

    /// Configures the provider. Values may be unknown while Terraform plans: then
    /// [`ConfigureResponse::deferred`] lets the calls wait that need them.
    ///
    /// # Errors
    /// When the provider cannot be configured.
    async fn configure(
        &self,
        _request: ConfigureRequest,
    ) -> Result<ConfigureResponse, Diagnostics> {
        Ok(ConfigureResponse::default())
    }

    /// Returns warnings that belong to no object, and forgets them: for example that a token was
    /// replaced. The framework asks after each call, and adds them to its response, also if the call
    /// has failed.
    fn take_notices(&self) -> Diagnostics {
        Diagnostics::new()
    }
}

/// The request to configure the provider.
#[derive(Debug)]
#[non_exhaustive]
pub struct ConfigureRequest {
    /// The configuration.
    pub configuration: Configuration,
    /// The version of Terraform or OpenTofu.
    pub terraform_version: String,
    /// The capabilities of the client.
    pub client: ClientCapabilities,
    /// Cancelled when Terraform asks to stop.
    pub stop: CancellationToken,
}

/// The result of a configuration.
#[derive(Clone, Debug, Default)]
pub struct ConfigureResponse {
    /// Warnings.
    pub diagnostics: Diagnostics,
    /// The reason why calls that read or plan have to wait. The framework defers
    /// them for a client that allows it, and carries them out for any other.
    pub deferred: Option<Deferred>,
}

impl ConfigureResponse {
    /// Returns the result for a configuration of which a value is not known yet.
    #[must_use]
    pub fn unknown() -> Self {
        Self { deferred: Some(Deferred::ProviderConfigUnknown), ..Self::default() }
    }
}

/// The objects of one kind by name.
pub type Table<T> = BTreeMap<Cow<'static, str>, Registered<T>>;

/// Everything that a provider serves.
///
/// Schemas are built on first use and then kept, so a process that Terraform
/// starts for one call builds one schema. [`check`](Self::check) finds names that
/// are registered twice, and schemas that contradict themselves.
pub struct Registry {
    /// The provider block.
    pub provider: Registered<dyn Provider>,
    /// Managed resources by type name.
    pub resources: Table<dyn Resource>,
    /// Data sources by type name.
    pub data_sources: Table<dyn DataSource>,
    /// List resources by type name.
    pub list_resources: Table<dyn ListResource>,
    /// Ephemeral resources by type name.
    pub ephemeral_resources: Table<dyn EphemeralResource>,
    /// Actions by type name.
    pub actions: Table<dyn Action>,
    /// Functions by name.
    pub functions: BTreeMap<Cow<'static, str>, Box<dyn Function>>,
    /// The names that were registered twice, with their kind.
    pub(crate) repeated: Vec<String>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Registry")
            .field("resources", &self.resources.keys())
            .field("data_sources", &self.data_sources.keys())
            .field("list_resources", &self.list_resources.keys())
            .field("ephemeral_resources", &self.ephemeral_resources.keys())
            .field("actions", &self.actions.keys())
            .field("functions", &self.functions.keys())
            .finish_non_exhaustive()
    }
}

/// Adds the methods that register an object with a schema.
macro_rules! register {
    ($($(#[$documentation:meta])* $method:ident($table:ident: $kind:ident, $word:literal);)+) => {
        impl Registry {
            $(
                $(#[$documentation])*
                #[must_use]
                pub fn $method(
                    mut self,
                    type_name: impl Into<Cow<'static, str>>,
                    object: impl $kind + 'static,
                ) -> Self {
                    let type_name = type_name.into();
                    let object: Box<dyn $kind> = Box::new(object);
                    let registered = Registered::new(object, $kind::schema);
                    if self.$table.insert(type_name.clone(), registered).is_some() {
                        self.repeated.push(format!("the {} {type_name:?}", $word));
                    }
                    self
                }
            )+
        }
    };
}

register! {
    /// Adds a managed resource.
    resource(resources: Resource, "resource");
    /// Adds a data source.
    data_source(data_sources: DataSource, "data source");
    /// Adds a list resource. A managed resource of the same name with an identity
    /// must be registered, too.
    list_resource(list_resources: ListResource, "list resource");
    /// Adds an ephemeral resource.
    ephemeral_resource(ephemeral_resources: EphemeralResource, "ephemeral resource");
    /// Adds an action.
    action(actions: Action, "action");
}

impl Registry {
    /// Returns a registry with the provider block only.
    #[must_use]
    pub fn new(provider: impl Provider + 'static) -> Self {
        Self {
            provider: Registered::new(Box::new(provider), Provider::schema),
            resources: BTreeMap::new(),
            data_sources: BTreeMap::new(),
            list_resources: BTreeMap::new(),
            ephemeral_resources: BTreeMap::new(),
            actions: BTreeMap::new(),
            functions: BTreeMap::new(),
            repeated: Vec::new(),
        }
    }

    /// Adds a function.
    #[must_use]
    pub fn function(
        mut self,
        name: impl Into<Cow<'static, str>>,
        function: impl Function + 'static,
    ) -> Self {
        let name = name.into();
        if self.functions.insert(name.clone(), Box::new(function)).is_some() {
            self.repeated.push(format!("the function {name:?}"));
        }
        self
    }
}

/// A registered object with its schema, which is built on first use.
pub struct Registered<T: ?Sized> {
    /// The object that serves the calls.
    pub object: Box<T>,
    make_schema: fn(&T) -> Schema,
    schema: OnceLock<(Schema, Type)>,
    identity: OnceLock<Option<(IdentitySchema, Type)>>,
}

impl<T: ?Sized> Registered<T> {
    fn new(object: Box<T>, make_schema: fn(&T) -> Schema) -> Self {
        Self { object, make_schema, schema: OnceLock::new(), identity: OnceLock::new() }
    }

    fn cached(&self) -> &(Schema, Type) {
        self.schema.get_or_init(|| {
            let schema = (self.make_schema)(&self.object);
            let value_type = schema.value_type();
            (schema, value_type)
        })
    }

    /// The schema.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.cached().0
    }

    /// The type of values of the schema.
    #[must_use]
    pub fn value_type(&self) -> &Type {
        &self.cached().1
    }
}

impl Registered<dyn Resource> {
    /// The identity schema and the type of its values, if the resource has one.
    #[must_use]
    pub fn identity(&self) -> Option<&(IdentitySchema, Type)> {
        let make = || {
            let schema = self.object.identity()?;
            let value_type = schema.value_type();
            Some((schema, value_type))
        };
        self.identity.get_or_init(make).as_ref()
    }
}
