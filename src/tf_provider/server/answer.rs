//! One call at a time, kept apart from all others.
//!
//! A failure inside a call is an answer with a diagnostic, never a gRPC error:
//! on a gRPC error of a create, Terraform forgets the object that may exist by
//! then. The same holds for a panic.

use std::future::Future;
use std::time::Instant;

use super::wire;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::panics::{Panicked, guard};
use crate::protocol::tfplugin5 as protocol;

/// A response that can carry diagnostics.
pub(super) trait Answer: Default {
    /// Its diagnostics.
    fn diagnostics(&mut self) -> &mut Vec<protocol::Diagnostic>;

    /// The same answer with more to say.
    fn with(mut self, messages: Diagnostics) -> Self {
        self.diagnostics().extend(wire::diagnostics(messages));
        self
    }
}

macro_rules! answers {
    ($($module:ident),+ $(,)?) => {
        $(impl Answer for protocol::$module::Response {
            fn diagnostics(&mut self) -> &mut Vec<protocol::Diagnostic> {
                &mut self.diagnostics
            }
        })+
    };
}

answers!(
    get_metadata,
    get_provider_schema,
    prepare_provider_config,
    validate_resource_type_config,
    validate_data_source_config,
    upgrade_resource_state,
    get_resource_identity_schemas,
    upgrade_resource_identity,
    configure,
    read_resource,
    plan_resource_change,
    apply_resource_change,
    import_resource_state,
    move_resource_state,
    generate_resource_config,
    read_data_source,
    get_functions,
    validate_list_resource_config,
);

/// Runs a call to its answer.
///
/// `fallback` makes the answer of a call that panicked; it holds whatever
/// Terraform must not forget.
pub(super) async fn isolated<A: Answer>(
    rpc: &'static str,
    type_name: &str,
    call: impl Future<Output = Result<A, Diagnostics>>,
    fallback: impl FnOnce() -> A,
) -> A {
    let started = Instant::now();
    // Randomness is a system call, and only the log shows the id.
    let is_logged = tracing::enabled!(tracing::Level::DEBUG);
    let request_id = if is_logged { uuid::Uuid::new_v4() } else { uuid::Uuid::nil() };
    tracing::trace!(tf_rpc = rpc, tf_req_id = %request_id, tf_resource_type = type_name, "received request");
    let mut answer = match guard(call).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(messages)) => A::default().with(messages),
        Err(panicked) => {
            let mut answer = fallback();
            answer.diagnostics().push(wire::diagnostic(defect(rpc, &panicked)));
            answer
        }
    };
    let errors = answer
        .diagnostics()
        .iter()
        .filter(|message| message.severity() == protocol::diagnostic::Severity::Error)
        .count();
    tracing::debug!(
        tf_rpc = rpc,
        tf_req_id = %request_id,
        tf_resource_type = type_name,
        tf_req_duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        diagnostic_error_count = errors,
        "served request"
    );
    answer
}

/// What users read of a panic.
pub(super) fn defect(rpc: &str, panicked: &Panicked) -> Diagnostic {
    Diagnostic::error(
        "The provider failed in an unexpected way",
        format!(
            "A defect in this provider ended the call {rpc} ({panicked}). What had been done by \
             then is kept in state as far as it is known; other operations were not affected. Run \
             the same command again: it compares state with what exists first. Please report this \
             message."
        ),
    )
}
