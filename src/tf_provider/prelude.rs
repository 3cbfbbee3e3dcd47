//! What most files of a provider need: `use tf_provider::prelude::*;`.

pub use crate::action::{Action, InvokeRequest, PlanActionRequest, PlanActionResponse, Progress};
pub use crate::client::{ClientCapabilities, Deferred};
pub use crate::data_source::{DataSource, DataSourceRequest, DataSourceResponse};
pub use crate::diagnostics::{Diagnostic, Diagnostics, Result};
pub use crate::ephemeral::{
    CloseRequest, EphemeralResource, OpenRequest, OpenResponse, RenewRequest, RenewResponse,
};
pub use crate::function::{Function, FunctionError, Parameter, Signature};
pub use crate::list::{ListItem, ListRequest, ListResource, ListSink};
pub use crate::object::{Argument, Configuration, Identity, Object, Plan, PrivateState, State};
pub use crate::plan::PlanBuilder;
pub use crate::provider::{ConfigureRequest, ConfigureResponse, Provider, Registry};
pub use crate::resource::{
    ApplyResponse, CheckPlanRequest, CheckPlanResponse, Checkpoint, CreateRequest, DeleteRequest,
    ImportBy, ImportRequest, ImportResponse, MoveStateRequest, MoveStateResponse, ReadRequest,
    ReadResponse, Resource, UpdateRequest, ValidateRequest,
};
pub use crate::schema::{Attribute, Block, IdentityAttribute, IdentitySchema, NestedBlock, Schema};
pub use crate::value::{Number, Path, Type, Value};
pub use crate::{Mode, ProviderInfo, RawState, Secret, async_trait, serve};
