//! Managed resources.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::object::{Configuration, Identity, Object, Plan, PrivateState, State};
use super::plan::PlanBuilder;
use super::schema::{Block, IdentitySchema, Requirement, Schema};
use super::value::json;

/// A type of remote object that Terraform creates, updates and deletes.
///
/// The framework plans by the schema. [`modify_plan`](Self::modify_plan) and
/// [`check_plan`](Self::check_plan) add rules that a schema cannot express. No
/// method needs to catch panics: a panic ends its own call only.
///
/// The framework does not carry over private state and identity: a response has
/// to repeat those of the request, or they are removed from state.
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
    async fn check_plan(&self, request: CheckPlanRequest<'_>) -> CheckPlanResponse {
        CheckPlanResponse { private: request.private.clone(), ..CheckPlanResponse::default() }
    }

    /// Reads the object.
    async fn read(&self, request: ReadRequest) -> ReadResponse;

    /// Creates the object.
    async fn create(&self, request: CreateRequest) -> ApplyResponse;

    /// Updates the object in place.
    async fn update(&self, request: UpdateRequest) -> ApplyResponse;

    /// Deletes the object.
    async fn delete(&self, request: DeleteRequest) -> ApplyResponse;

    /// Returns the first state of an existing object. Terraform reads it next.
    async fn import(&self, _request: ImportRequest) -> Result<ImportResponse, Diagnostics> {
        Err(Diagnostic::error(
            "This resource cannot be imported",
            "There is no way to find an existing object of this type.",
        )
        .into())
    }

    /// Converts the state of an older schema version, which is JSON.
    ///
    /// By default, attributes that the schema lacks are dropped, and those that
    /// the state lacks are null.
    ///
    /// # Errors
    /// When the state cannot be converted.
    fn upgrade(&self, schema: &Schema, _version: i64, raw: &[u8]) -> Result<Object, Diagnostics> {
        let unreadable = |cause: String| {
            Diagnostic::error(
                "The stored state cannot be read",
                format!(
                    "{cause}. Nothing was changed. Restore the state from a backup, or remove \
                     this resource with `terraform state rm` and import it again."
                ),
            )
        };
        let value = json::decode_state(raw, &schema.value_type())
            .map_err(|error| unreadable(error.to_string()))?;
        Object::from_value(value, &schema.block)
            .ok_or_else(|| unreadable("It holds no object".to_owned()).into())
    }

    /// Returns a configuration for an imported object; by default that of
    /// [`generate_block`].
    fn generate(&self, schema: &Schema, state: &State) -> Object {
        generate_block(&schema.block, state.object())
    }
}

/// Returns the configuration for an object with this state: every attribute that
/// a user may set, except for credentials, defaults and nested blocks.
#[must_use]
pub fn generate_block(block: &Block, state: &Object) -> Object {
    let mut configuration = Object::null(block);
    for attribute in &block.attributes {
        let wanted = attribute.requirement != Requirement::Computed
            && !attribute.is_sensitive()
            && !attribute.write_only
            && attribute.default.as_ref() != Some(state.get(attribute.name));
        if wanted {
            configuration.set(attribute.name, state.get(attribute.name).clone());
        }
    }
    configuration
}

/// The request to check a configuration.
#[derive(Debug)]
pub struct ValidateRequest<'a> {
    /// The configuration.
    pub configuration: &'a Configuration,
}

/// The request to check a plan.
#[derive(Debug)]
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
    pub requires_replace: &'a [super::value::Path],
    /// The private state.
    pub private: &'a PrivateState,
    /// Cancelled when Terraform asks to stop.
    pub stop: CancellationToken,
}

/// The result of a check of a plan.
#[derive(Debug, Default)]
pub struct CheckPlanResponse {
    /// Messages. An error refuses the plan.
    pub diagnostics: Diagnostics,
    /// The private state for the apply.
    pub private: PrivateState,
}

/// The request to read an object.
#[derive(Debug)]
pub struct ReadRequest {
    /// The prior state.
    pub state: State,
    /// The private state.
    pub private: PrivateState,
    /// The stored identity, if any.
    pub identity: Option<Identity>,
    /// Cancelled when Terraform asks to stop.
    pub stop: CancellationToken,
}

/// The result of a read.
#[derive(Debug)]
pub struct ReadResponse {
    /// The current state; `None` if the object no longer exists.
    pub state: Option<State>,
    /// The private state to store. An empty one removes the stored one.
    pub private: PrivateState,
    /// The object's identity. `None` removes the stored one.
    pub identity: Option<Identity>,
    /// Messages. With an error, `state` must be that of the request.
    pub diagnostics: Diagnostics,
}

/// The request to create an object.
#[derive(Debug)]
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

/// The result of a create, an update or a delete, also of a failed one: an
/// object that was created before the failure is in `state`, and the error is
/// in `diagnostics`.
#[derive(Clone, Debug, Default)]
pub struct ApplyResponse {
    /// The current state; `None` if no object exists.
    pub state: Option<State>,
    /// The private state to store. An empty one removes the stored one.
    pub private: PrivateState,
    /// The object's identity. `None` removes the stored one.
    pub identity: Option<Identity>,
    /// Messages.
    pub diagnostics: Diagnostics,
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
pub struct ImportRequest {
    /// The id, or the identity.
    pub by: ImportBy,
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
#[derive(Debug)]
pub struct ImportResponse {
    /// The values from the request. Terraform reads the others next.
    pub state: State,
    /// The private state to store.
    pub private: PrivateState,
    /// The object's identity.
    pub identity: Option<Identity>,
}
