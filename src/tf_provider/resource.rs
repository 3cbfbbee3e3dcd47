//! Managed resources.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::client::{ClientCapabilities, Deferred};
use super::diagnostics::{Diagnostic, Diagnostics};
use super::object::{Configuration, Identity, Object, Plan, PrivateState, State};
use super::plan::PlanBuilder;
use super::raw_state::RawState;
use super::schema::{Block, IdentitySchema, Nesting, Requirement, Schema};
use super::value::{Path, Value};

/// A type of remote object that Terraform creates, updates and deletes.
///
/// The framework plans by the schema. [`modify_plan`](Self::modify_plan) and
/// [`check_plan`](Self::check_plan) add rules that a schema cannot express. No
/// method needs to catch panics: a panic ends its own call only.
///
/// A method that returns messages instead of a response has changed nothing:
/// state, private state and identity stay what they are.
#[async_trait]
pub trait Resource: Send + Sync {
    /// Returns the schema. It is built once and then kept.
    fn schema(&self) -> Schema;

    /// Returns the schema of the resource identity, if the type has one.
    fn identity(&self) -> Option<IdentitySchema> {
        None
    }

    /// Checks a configuration offline. Values may be unknown.
    fn validate(&self, _request: ValidateRequest<'_>) -> Diagnostics {
        Diagnostics::new()
    }

    /// Modifies a plan offline, such as by defaults that depend on other
    /// arguments. `private` belongs to the prior state.
    fn modify_plan(&self, _plan: &mut PlanBuilder<'_>, _private: &PrivateState) {}

    /// Checks a finished plan: returns warnings, early errors, and the private
    /// state for the apply.
    async fn check_plan(&self, _request: CheckPlanRequest<'_>) -> CheckPlanResponse {
        CheckPlanResponse::default()
    }

    /// Reads the object.
    ///
    /// # Errors
    /// When it could not be read.
    async fn read(&self, request: ReadRequest) -> Result<ReadResponse, Diagnostics>;

    /// Creates the object.
    ///
    /// # Errors
    /// When it was not created. If [`CreateRequest::checkpoint`] has a result, that
    /// result is kept.
    async fn create(&self, request: CreateRequest) -> Result<ApplyResponse, Diagnostics>;

    /// Updates the object in place.
    ///
    /// # Errors
    /// When it was not changed. If [`UpdateRequest::checkpoint`] has a result, that
    /// result is kept, and otherwise the prior state.
    async fn update(&self, request: UpdateRequest) -> Result<ApplyResponse, Diagnostics>;

    /// Deletes the object.
    ///
    /// # Errors
    /// When it was not deleted. If [`DeleteRequest::checkpoint`] has a result, that
    /// result is kept, and otherwise the prior state.
    async fn delete(&self, request: DeleteRequest) -> Result<ApplyResponse, Diagnostics>;

    /// Returns the first state of an existing object. Terraform reads it next.
    ///
    /// # Errors
    /// When there is no such object.
    async fn import(&self, _request: ImportRequest) -> Result<ImportResponse, Diagnostics> {
        Err(Diagnostic::error(
            "This resource cannot be imported",
            "The provider cannot find existing objects of this type.",
        )
        .into())
    }

    /// Converts the state of an older schema version. State of the current version
    /// is not converted.
    ///
    /// By default, attributes that the schema lacks are dropped, and those that
    /// the state lacks are null.
    ///
    /// # Errors
    /// When the state cannot be converted.
    fn upgrade(&self, state: RawState<'_>) -> Result<Object, Diagnostics> {
        state.decode()
    }

    /// Converts the identity of an older version, as [`upgrade`](Self::upgrade)
    /// converts state.
    ///
    /// # Errors
    /// When the identity cannot be converted.
    fn upgrade_identity(&self, identity: RawState<'_>) -> Result<Identity, Diagnostics> {
        identity.decode().map(Identity::new)
    }

    /// Returns the names of the types whose objects
    /// [`move_state`](Self::move_state) converts.
    fn moves_from(&self) -> &[&str] {
        &[]
    }

    /// Converts an object of one of the types of
    /// [`moves_from`](Self::moves_from), for `moved` blocks. By default, the
    /// attributes of the same names are kept.
    ///
    /// # Errors
    /// When the object cannot be converted.
    async fn move_state(
        &self,
        request: MoveStateRequest<'_>,
    ) -> Result<MoveStateResponse, Diagnostics> {
        Ok(MoveStateResponse::new(request.state.decode()?))
    }

    /// Returns a configuration for an imported object; by default that of
    /// [`generate_block`].
    fn generate(&self, schema: &Schema, state: &State) -> Object {
        generate_block(&schema.block, state)
    }
}

/// The request to convert an object of another type.
#[derive(Debug)]
#[non_exhaustive]
pub struct MoveStateRequest<'a> {
    /// The address of the provider of the other type.
    pub provider_address: &'a str,
    /// The other type.
    pub type_name: &'a str,
    /// The state, with the version of the other type's schema.
    pub state: RawState<'a>,
    /// The identity, which is JSON; empty if there is none.
    pub raw_identity: &'a [u8],
    /// The private state.
    pub private: PrivateState,
}

/// The result of a move.
#[derive(Clone, Debug, Default)]
pub struct MoveStateResponse {
    /// The state of this type.
    pub state: State,
    /// The private state of this type. That of the other type is not kept.
    pub private: PrivateState,
    /// The object's identity. `None` is that of the attributes of the same names.
    pub identity: Option<Identity>,
    /// Warnings.
    pub diagnostics: Diagnostics,
}

impl MoveStateResponse {
    /// Returns the result with this state.
    #[must_use]
    pub fn new(state: impl Into<State>) -> Self {
        Self { state: state.into(), ..Self::default() }
    }
}

/// Returns the configuration for an object with this state: every attribute that
/// a user may set, at every depth, except for credentials, defaults, and deprecated attributes
/// that are not required.
#[must_use]
pub fn generate_block(block: &Block, state: &Object) -> Object {
    let mut configuration = Object::null(block);
    for attribute in &block.attributes {
        let stored = state.get(&attribute.name);
        let wanted = attribute.requirement != Requirement::Computed
            && !attribute.is_sensitive()
            && !attribute.write_only
            && (attribute.deprecated.is_none() || attribute.requirement == Requirement::Required)
            && attribute.default.as_ref().is_none_or(|set| !set.equals(stored, &attribute.ty));
        if wanted {
            configuration.set(&attribute.name, stored.clone());
        }
    }
    for nested in &block.blocks {
        let generated = match nested.nesting {
            Nesting::Single => state
                .block(&nested.name)
                .known()
                .map(|inner| generate_block(&nested.block, &inner).into_value()),
            Nesting::List | Nesting::Set => state.blocks(&nested.name).known().map(|items| {
                let items = items.iter();
                Value::List(
                    items.map(|item| generate_block(&nested.block, item).into_value()).collect(),
                )
            }),
        };
        configuration.set(&nested.name, generated.unwrap_or_else(|| nested.absent()));
    }
    configuration
}

/// The request to check a configuration.
#[derive(Debug)]
#[non_exhaustive]
pub struct ValidateRequest<'a> {
    /// The configuration.
    pub configuration: &'a Configuration,
    /// The capabilities of the client, for a managed resource.
    pub client: ClientCapabilities,
}

impl<'a> ValidateRequest<'a> {
    /// Returns a request of a client without capabilities.
    #[must_use]
    pub fn new(configuration: &'a Configuration) -> Self {
        Self { configuration, client: ClientCapabilities::default() }
    }
}

/// The request to check a plan.
#[derive(Debug)]
#[non_exhaustive]
pub struct CheckPlanRequest<'a> {
    /// The configuration.
    pub configuration: &'a Configuration,
    /// The prior state; `None` for a create.
    pub prior: Option<&'a State>,
    /// The planned state; `None` for a delete.
    pub plan: Option<&'a Plan>,
    /// Whether applying the plan changes the remote object.
    pub changes_remote: bool,
    /// The changed attributes that require a replacement.
    pub requires_replace: &'a [Path],
    /// The private state.
    pub private: &'a PrivateState,
    /// The capabilities of the client.
    pub client: ClientCapabilities,
    /// Cancelled when Terraform asks to stop.
    pub stop: CancellationToken,
}

/// The result of a check of a plan.
#[derive(Clone, Debug, Default)]
pub struct CheckPlanResponse {
    /// Messages. An error refuses the plan.
    pub diagnostics: Diagnostics,
    /// The private state for the apply. An empty one keeps that of the request.
    pub private: PrivateState,
    /// The reason why the change cannot be planned yet.
    pub deferred: Option<Deferred>,
}

/// The request to read an object.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReadRequest {
    /// The prior state.
    pub state: State,
    /// The private state.
    pub private: PrivateState,
    /// The stored identity, if any.
    pub identity: Option<Identity>,
    /// The capabilities of the client.
    pub client: ClientCapabilities,
    /// Cancelled when Terraform asks to stop.
    pub stop: CancellationToken,
}

/// The result of a read.
#[derive(Clone, Debug, Default)]
pub struct ReadResponse {
    /// The current state; `None` if the object no longer exists.
    pub state: Option<State>,
    /// The private state to store. An empty one keeps that of the request.
    pub private: PrivateState,
    /// The object's identity. `None` keeps that of the request. If that has none,
    /// the attributes of the same names are the identity.
    pub identity: Option<Identity>,
    /// Messages. With an error, `state` must be that of the request.
    pub diagnostics: Diagnostics,
    /// The reason why the object cannot be read yet.
    pub deferred: Option<Deferred>,
}

impl ReadResponse {
    /// Returns the result for an existing object.
    #[must_use]
    pub fn new(state: impl Into<State>) -> Self {
        Self { state: Some(state.into()), ..Self::default() }
    }

    /// Returns the result for an object that no longer exists.
    #[must_use]
    pub fn gone() -> Self {
        Self::default()
    }
}

/// The request to create an object.
#[derive(Debug)]
#[non_exhaustive]
pub struct CreateRequest {
    /// The configuration, including credentials.
    pub configuration: Configuration,
    /// The planned state.
    pub plan: Plan,
    /// The private state from the plan.
    pub private: PrivateState,
    /// Keeps intermediate results.
    pub checkpoint: Checkpoint,
    /// Cancelled when Terraform asks to stop.
    pub stop: CancellationToken,
}

/// The request to update an object.
#[derive(Debug)]
#[non_exhaustive]
pub struct UpdateRequest {
    /// The configuration, including credentials.
    pub configuration: Configuration,
    /// The prior state.
    pub prior: State,
    /// The planned state.
    pub plan: Plan,
    /// The private state from the plan.
    pub private: PrivateState,
    /// The stored identity, if any.
    pub identity: Option<Identity>,
    /// Keeps intermediate results.
    pub checkpoint: Checkpoint,
    /// Cancelled when Terraform asks to stop.
    pub stop: CancellationToken,
}

/// The request to delete an object.
#[derive(Debug)]
#[non_exhaustive]
pub struct DeleteRequest {
    /// The prior state.
    pub prior: State,
    /// The private state.
    pub private: PrivateState,
    /// The stored identity, if any.
    pub identity: Option<Identity>,
    /// Keeps intermediate results.
    pub checkpoint: Checkpoint,
    /// Cancelled when Terraform asks to stop.
    pub stop: CancellationToken,
}

/// The result of a create, an update or a delete, also of one that failed halfway:
/// an object that was created before the failure is in `state`, and the error is
/// in `diagnostics`.
#[derive(Clone, Debug, Default)]
pub struct ApplyResponse {
    /// The current state; `None` if no object exists.
    pub state: Option<State>,
    /// The private state to store. An empty one keeps that of the request.
    pub private: PrivateState,
    /// The object's identity. `None` keeps that of the request. If that has none,
    /// the attributes of the same names are the identity.
    pub identity: Option<Identity>,
    /// Messages.
    pub diagnostics: Diagnostics,
}

impl ApplyResponse {
    /// Returns the result for an existing object.
    #[must_use]
    pub fn new(state: impl Into<State>) -> Self {
        Self { state: Some(state.into()), ..Self::default() }
    }

    /// Returns the result for an object that does not exist (any more).
    #[must_use]
    pub fn deleted() -> Self {
        Self::default()
    }
}

/// Keeps the intermediate result of a call, which is its result if it panics.
#[derive(Clone, Debug, Default)]
pub struct Checkpoint(Arc<Mutex<Option<ApplyResponse>>>);

impl Checkpoint {
    /// Keeps a result in place of the last one.
    pub fn save(&self, response: ApplyResponse) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(response);
    }

    /// Returns the last result.
    #[must_use]
    pub fn last(&self) -> Option<ApplyResponse> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The request to import an object.
#[derive(Debug)]
#[non_exhaustive]
pub struct ImportRequest {
    /// The id, or the identity.
    pub by: ImportBy,
    /// The capabilities of the client.
    pub client: ClientCapabilities,
    /// Cancelled when Terraform asks to stop.
    pub stop: CancellationToken,
}

/// The two ways to identify an existing object.
#[derive(Debug)]
pub enum ImportBy {
    /// `terraform import ADDRESS ID`, or `id = …` in an import block.
    Id(String),
    /// `identity = {…}` in an import block. Since Terraform 1.12.
    Identity(Identity),
}

/// The result of an import.
#[derive(Clone, Debug, Default)]
pub struct ImportResponse {
    /// The values that are known. Terraform reads the others next.
    pub state: State,
    /// The private state to store.
    pub private: PrivateState,
    /// The object's identity. `None` is that of the request, or that of the
    /// attributes of the same names.
    pub identity: Option<Identity>,
    /// The reason why the object cannot be imported yet.
    pub deferred: Option<Deferred>,
}

impl ImportResponse {
    /// Returns the result with this state.
    #[must_use]
    pub fn new(state: impl Into<State>) -> Self {
        Self { state: state.into(), ..Self::default() }
    }
}
