//! The provider block, and the registry of everything that a provider serves.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use async_trait::async_trait;

use super::data_source::DataSource;
use super::diagnostics::Diagnostics;
use super::function::Function;
use super::list::ListResource;
use super::object::Configuration;
use super::resource::{Resource, ValidateRequest};
use super::schema::{IdentitySchema, Schema};
use super::value::Type;

/// The provider block.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Returns the schema.
    fn schema(&self) -> Schema;

    /// Checks a configuration offline. Values may be unknown.
    fn validate(&self, _request: ValidateRequest<'_>) -> Diagnostics {
        Diagnostics::new()
    }

    /// Configures the provider. Values may be unknown while Terraform plans.
    async fn configure(&self, request: ConfigureRequest) -> Diagnostics;
}

/// The request to configure the provider.
#[derive(Debug)]
pub struct ConfigureRequest {
    /// The configuration.
    pub configuration: Configuration,
    /// The version of Terraform or OpenTofu.
    pub terraform_version: String,
}

/// Everything that a provider serves.
///
/// Schemas are built on first use and then kept, so a process that Terraform
/// starts for one call builds one schema. A name that is registered twice keeps
/// the last object.
pub struct Registry {
    /// The provider block.
    pub provider: Registered<dyn Provider>,
    /// Managed resources by type name.
    pub resources: BTreeMap<&'static str, Registered<dyn Resource>>,
    /// Data sources by type name.
    pub data_sources: BTreeMap<&'static str, Registered<dyn DataSource>>,
    /// List resources by type name.
    pub list_resources: BTreeMap<&'static str, Registered<dyn ListResource>>,
    /// Functions by name.
    pub functions: BTreeMap<&'static str, Box<dyn Function>>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Registry")
            .field("resources", &self.resources.keys())
            .field("data_sources", &self.data_sources.keys())
            .field("list_resources", &self.list_resources.keys())
            .field("functions", &self.functions.keys())
            .finish_non_exhaustive()
    }
}

impl Registry {
    /// Returns a registry with the provider block only.
    #[must_use]
    pub fn new(provider: Box<dyn Provider>) -> Self {
        Self {
            provider: Registered::new(provider, Provider::schema),
            resources: BTreeMap::new(),
            data_sources: BTreeMap::new(),
            list_resources: BTreeMap::new(),
            functions: BTreeMap::new(),
        }
    }

    /// Adds a managed resource.
    #[must_use]
    pub fn resource(mut self, type_name: &'static str, resource: Box<dyn Resource>) -> Self {
        self.resources.insert(type_name, Registered::new(resource, Resource::schema));
        self
    }

    /// Adds a data source.
    #[must_use]
    pub fn data_source(mut self, type_name: &'static str, source: Box<dyn DataSource>) -> Self {
        self.data_sources.insert(type_name, Registered::new(source, DataSource::schema));
        self
    }

    /// Adds a list resource. A managed resource of the same name with an identity
    /// must be registered, too.
    #[must_use]
    pub fn list_resource(mut self, type_name: &'static str, list: Box<dyn ListResource>) -> Self {
        self.list_resources.insert(type_name, Registered::new(list, ListResource::schema));
        self
    }

    /// Adds a function.
    #[must_use]
    pub fn function(mut self, name: &'static str, function: Box<dyn Function>) -> Self {
        self.functions.insert(name, function);
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
