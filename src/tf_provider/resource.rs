//! Managed resources.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::object::{Configuration, Identity, Object, Plan, PrivateState, State};
use super::plan::PlanBuilder;
use super::schema::{Block, IdentitySchema, Requirement, Schema};
use super::value::json;

/// A kind of remote object that Terraform creates, updates and deletes.
///
/// The framework plans by the schema alone; a resource adds what a table cannot
/// say. No method needs to catch panics: each call is isolated.
#[async_trait]
pub trait Resource: Send + Sync {
    /// Its arguments.
    fn schema(&self) -> Schema;

    /// What tells one object from every other one, where the type has that.
    fn identity(&self) -> Option<IdentitySchema> {
        None
    }

    /// Checks a configuration without any call. Values may be unknown.
    fn validate(&self, _request: ValidateRequest<'_>) -> Diagnostics {
        Diagnostics::new()
    }

    /// Fills in defaults that depend on other arguments, without any call.
    /// `private` is what was remembered beside the prior state.
    fn modify_plan(&self, _draft: &mut PlanBuilder<'_>, _private: &PrivateState) {}

    /// Looks at a finished plan: warnings, early errors, what to remember.
    async fn check_plan(&self, request: CheckPlanRequest<'_>) -> CheckPlanResponse {
        CheckPlanResponse { private: request.private.clone(), ..CheckPlanResponse::default() }
    }

    /// Reads the object.
    async fn read(&self, request: ReadRequest) -> ReadResponse;

    /// Creates the object.
    async fn create(&self, request: CreateRequest) -> ApplyResponse;

    /// Changes the object in place.
    async fn update(&self, request: UpdateRequest) -> ApplyResponse;

    /// Deletes the object.
    async fn delete(&self, request: DeleteRequest) -> ApplyResponse;

    /// Makes the first state of an existing object; Terraform reads it next.
    async fn import(&self, _request: ImportRequest) -> Result<ImportResponse, Diagnostics> {
        Err(Diagnostic::error(
            "This resource cannot be imported",
            "There is no way to find an existing object of this type.",
        )
        .into())
    }

    /// Converts the state of an older schema version.
    ///
    /// By default today's arguments are taken from it: missing ones are null,
    /// unknown ones are dropped.
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

    /// The configuration that would manage an imported object.
    ///
    /// By default [`generate_block`].
    fn generate(&self, schema: &Schema, state: &State) -> Object {
        generate_block(&schema.block, state.object())
    }
}

/// The configuration that would manage an object of this state: everything that
/// a user may set, that is not a credential, and that is not the default.
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

/// A configuration to check.
#[derive(Debug)]
pub struct ValidateRequest<'a> {
    /// What the user wrote.
    pub configuration: &'a Configuration,
}

/// A plan to look at.
#[derive(Debug)]
pub struct CheckPlanRequest<'a> {
    /// What the user wrote.
    pub configuration: &'a Configuration,
    /// What is; `None` when the object is to be created.
    pub prior: Option<&'a State>,
    /// What will be; `None` when the object is to be deleted.
    pub plan: Option<&'a Plan>,
    /// Whether applying it reaches the remote object.
    pub changes_remote: bool,
    /// The arguments whose change needs a new object.
    pub requires_replace: &'a [super::value::Path],
    /// What was remembered beside the state.
    pub private: &'a PrivateState,
    /// Ends when Terraform wants to stop.
    pub stop: CancellationToken,
}

/// What came of looking at a plan.
#[derive(Debug, Default)]
pub struct CheckPlanResponse {
    /// Messages; an error refuses the plan.
    pub diagnostics: Diagnostics,
    /// What to remember until apply.
    pub private: PrivateState,
}

/// An object to read.
#[derive(Debug)]
pub struct ReadRequest {
    /// What was known.
    pub state: State,
    /// What was remembered beside it.
    pub private: PrivateState,
    /// The stored identity, if any.
    pub identity: Option<Identity>,
    /// Ends when Terraform wants to stop.
    pub stop: CancellationToken,
}

/// What came of reading.
#[derive(Debug)]
pub struct ReadResponse {
    /// What is. `None` says that the object is gone.
    pub state: Option<State>,
    /// What to remember beside it.
    pub private: PrivateState,
    /// The object's identity.
    pub identity: Option<Identity>,
    /// Messages. With an error, `state` must be what was known before.
    pub diagnostics: Diagnostics,
}

/// An object to create.
#[derive(Debug)]
pub struct CreateRequest {
    /// What the user wrote, credentials included.
    pub configuration: Configuration,
    /// What is to be.
    pub plan: Plan,
    /// What was remembered when planning.
    pub private: PrivateState,
    /// Where to put what is known to be true already.
    pub checkpoint: Checkpoint,
    /// Ends when Terraform wants to stop.
    pub stop: CancellationToken,
}

/// An object to change.
#[derive(Debug)]
pub struct UpdateRequest {
    /// What the user wrote, credentials included.
    pub configuration: Configuration,
    /// What is.
    pub prior: State,
    /// What is to be.
    pub plan: Plan,
    /// What was remembered when planning.
    pub private: PrivateState,
    /// The stored identity, if any.
    pub identity: Option<Identity>,
    /// Where to put what is known to be true already.
    pub checkpoint: Checkpoint,
    /// Ends when Terraform wants to stop.
    pub stop: CancellationToken,
}

/// An object to delete.
#[derive(Debug)]
pub struct DeleteRequest {
    /// What is.
    pub prior: State,
    /// What was remembered beside it.
    pub private: PrivateState,
    /// The stored identity, if any.
    pub identity: Option<Identity>,
    /// Where to put what is known to be true already.
    pub checkpoint: Checkpoint,
    /// Ends when Terraform wants to stop.
    pub stop: CancellationToken,
}

/// What is true after a create, an update or a delete, also after one that
/// failed: an object that was created before something else went wrong is in
/// `state`, beside the error.
#[derive(Clone, Debug, Default)]
pub struct ApplyResponse {
    /// What is. `None` says that no object exists.
    pub state: Option<State>,
    /// What to remember beside it.
    pub private: PrivateState,
    /// The object's identity.
    pub identity: Option<Identity>,
    /// Messages.
    pub diagnostics: Diagnostics,
}

/// What a call has achieved so far, kept where a panic cannot take it along.
#[derive(Clone, Debug, Default)]
pub struct Checkpoint(Arc<Mutex<Option<ApplyResponse>>>);

impl Checkpoint {
    /// Keeps what is true now.
    pub fn save(&self, outcome: ApplyResponse) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }

    /// What was true last.
    #[must_use]
    pub fn last(&self) -> Option<ApplyResponse> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What to import by.
#[derive(Debug)]
pub struct ImportRequest {
    /// An id, or an identity block.
    pub by: ImportBy,
    /// Ends when Terraform wants to stop.
    pub stop: CancellationToken,
}

/// The two ways to name an existing object.
#[derive(Debug)]
pub enum ImportBy {
    /// `terraform import ADDRESS ID`, or `id = …` in an import block.
    Id(String),
    /// `identity = {…}` in an import block. Since Terraform 1.12.
    Identity(Identity),
}

/// The first state of an existing object.
#[derive(Debug)]
pub struct ImportResponse {
    /// As much as the request says; the rest is read next.
    pub state: State,
    /// What to remember beside it.
    pub private: PrivateState,
    /// The object's identity.
    pub identity: Option<Identity>,
}
