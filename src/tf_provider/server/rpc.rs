//! One call: its response, its log lines, and its panics.
//!
//! A failure inside a call is a response with a diagnostic, never a gRPC error:
//! on a gRPC error of a create, Terraform forgets the object that may exist by
//! then. The same holds for a panic.

use std::future::Future;
use std::time::Instant;

use futures_util::{Stream, stream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span, field};

use super::wire;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::panics::{Panicked, catch_panic};
use crate::protocol::tfplugin5 as protocol;
use crate::provider::Registry;

/// A response with diagnostics.
pub(super) trait RpcResponse: Default {
    /// The response's diagnostics.
    fn diagnostics(&mut self) -> &mut Vec<protocol::Diagnostic>;

    /// Adds messages.
    fn with(mut self, messages: Diagnostics) -> Self {
        self.diagnostics().extend(wire::diagnostics(messages));
        self
    }
}

macro_rules! rpc_responses {
    ($($module:ident),+ $(,)?) => {
        $(impl RpcResponse for protocol::$module::Response {
            fn diagnostics(&mut self) -> &mut Vec<protocol::Diagnostic> {
                &mut self.diagnostics
            }
        })+
    };
}

rpc_responses!(
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
    validate_ephemeral_resource_config,
    open_ephemeral_resource,
    renew_ephemeral_resource,
    close_ephemeral_resource,
    validate_action_config,
    plan_action,
);

/// The name of a call, and the type that it is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rpc<'a> {
    name: &'static str,
    type_name: &'a str,
}

impl<'a> Rpc<'a> {
    pub(super) fn new(name: &'static str, type_name: &'a str) -> Self {
        Self { name, type_name }
    }

    /// Returns the span of one call, with a new id. What the provider logs in it
    /// carries both.
    pub(super) fn span(self) -> Span {
        let kind = self.kind();
        let span = tracing::error_span!(
            "call",
            tf_rpc = self.name,
            tf_req_id = field::Empty,
            tf_resource_type = field::Empty,
            tf_data_source_type = field::Empty,
            tf_list_resource_type = field::Empty,
            tf_ephemeral_resource_type = field::Empty,
            tf_action_type = field::Empty,
            tf_function_name = field::Empty,
        );
        // Randomness is a system call, and only the log shows the id.
        if !span.is_disabled() {
            span.record("tf_req_id", field::display(uuid::Uuid::new_v4()));
            if !self.type_name.is_empty() {
                span.record(kind, self.type_name);
            }
        }
        span
    }

    /// Returns the field for the type of this call.
    pub(super) fn kind(self) -> &'static str {
        let kinds = [
            ("DataSource", "tf_data_source_type"),
            ("ListResource", "tf_list_resource_type"),
            ("Ephemeral", "tf_ephemeral_resource_type"),
            ("Action", "tf_action_type"),
            ("Function", "tf_function_name"),
        ];
        let found = kinds.into_iter().find(|(part, _)| self.name.contains(part));
        found.map_or("tf_resource_type", |(_, kind)| kind)
    }
}

/// Runs a call that changes nothing, so that a panic leaves nothing to keep.
pub(super) async fn run_rpc<R: RpcResponse>(
    registry: &Registry,
    rpc: Rpc<'_>,
    call: impl Future<Output = Result<R, Diagnostics>>,
) -> R {
    run_rpc_or(registry, rpc, call, R::default).await
}

/// Runs a call. `fallback` returns the response of a call that panicked, with all
/// state that Terraform must not forget.
pub(super) async fn run_rpc_or<R: RpcResponse>(
    registry: &Registry,
    rpc: Rpc<'_>,
    call: impl Future<Output = Result<R, Diagnostics>>,
    fallback: impl FnOnce() -> R,
) -> R {
    let call = async {
        let started = Instant::now();
        tracing::trace!("received request");
        let mut response = match catch_panic(call).await {
            Ok(Ok(response)) => response,
            Ok(Err(messages)) => R::default().with(messages),
            Err(panicked) => fallback().with(defect(rpc.name, &panicked).into()),
        };
        response = response.with(take_notices(registry).await);
        let errors = response
            .diagnostics()
            .iter()
            .filter(|message| message.severity() == protocol::diagnostic::Severity::Error)
            .count();
        served(started, errors);
        response
    };
    call.instrument(rpc.span()).await
}

/// Returns what a call sends, until the call has ended: a clone of its sender may live longer.
pub(super) fn until_ended<T>(
    receiver: mpsc::Receiver<T>,
    ended: CancellationToken,
) -> impl Stream<Item = T> {
    stream::unfold((receiver, ended), async |(mut receiver, ended)| {
        let sent = tokio::select! {
            biased;
            sent = receiver.recv() => sent,
            () = ended.cancelled() => {
                receiver.close();
                receiver.recv().await
            }
        };
        sent.map(|sent| (sent, (receiver, ended)))
    })
}

/// Returns the notices of the provider.
pub(super) async fn take_notices(registry: &Registry) -> Diagnostics {
    catch_panic(async { registry.provider.object.take_notices() }).await.unwrap_or_default()
}

/// Logs the end of a call.
pub(super) fn served(started: Instant, errors: usize) {
    tracing::debug!(
        tf_req_duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        diagnostic_error_count = errors,
        "served request"
    );
}

/// Returns the message of a panic.
pub(super) fn defect(rpc: &str, panicked: &Panicked) -> Diagnostic {
    Diagnostic::error(
        "The provider failed in an unexpected way",
        format!(
            "Run the same command again: it first compares state with what exists. Please report \
             this message. A defect in this provider ended the call {rpc} ({panicked}). State has \
             what is known of the changes until then. Other operations were not affected."
        ),
    )
}
