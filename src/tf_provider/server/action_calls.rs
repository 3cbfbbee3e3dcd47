//! Calls about actions.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use futures_util::{Stream, StreamExt as _, stream};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tracing::Instrument as _;

use super::rpc::{Rpc, RpcResponse as _, defect, served, take_notices, until_ended};
use super::{Server, find, wire};
use crate::action::{Action, InvokeRequest, PlanActionRequest, PlanActionResponse, Progress};
use crate::diagnostics::{Diagnostics, Severity};
use crate::panics::catch_panic;
use crate::protocol::tfplugin5 as protocol;
use crate::protocol::tfplugin5::invoke_action::Event;
use crate::protocol::tfplugin5::invoke_action::event;
use crate::provider::Registered;

/// The response to InvokeAction. Dropping it does not end the action.
pub(super) type Events = Pin<Box<dyn Stream<Item = Result<Event, Status>> + Send>>;

impl Server {
    fn action(&self, type_name: &str) -> Result<&Registered<dyn Action>, Diagnostics> {
        find(&self.registry.actions, "Unknown action", "action", type_name)
    }

    pub(super) async fn validate_action(
        &self,
        request: &protocol::validate_action_config::Request,
    ) -> Result<protocol::validate_action_config::Response, Diagnostics> {
        let served = self.action(&request.type_name)?;
        let messages = wire::validate(request.config.as_ref(), served, Action::validate)?;
        Ok(protocol::validate_action_config::Response::default().with(messages))
    }

    pub(super) async fn plan_action_call(
        &self,
        request: &protocol::plan_action::Request,
    ) -> Result<protocol::plan_action::Response, Diagnostics> {
        let served = self.action(&request.action_type)?;
        let configuration = wire::decode_configuration(request.config.as_ref(), served)?;
        let client = self.client(request.client_capabilities.as_ref());
        let stop = self.lifetime.stopping();
        let planned = match self.deferred(client) {
            None => served.object.plan(PlanActionRequest { configuration, client, stop }).await,
            deferred => PlanActionResponse { deferred, ..PlanActionResponse::default() },
        };
        let response = protocol::plan_action::Response {
            deferred: wire::deferred(planned.deferred, client)?,
            ..Default::default()
        };
        Ok(response.with(planned.diagnostics))
    }

    /// Carries out an action, in a task that the process waits for. Its stream has
    /// any number of reports and exactly one result.
    pub(super) async fn invoke(&self, request: protocol::invoke_action::Request) -> Events {
        let (progress, reports) = Progress::channel();
        let (server, registry) = (self.clone(), Arc::clone(&self.registry));
        let change = self.lifetime.change();
        let stop = self.lifetime.stopping();
        let span = Rpc::new("InvokeAction", &request.action_type).span();
        let ended = CancellationToken::new();
        let end = ended.clone().drop_guard();
        let action = async move {
            let _end = end;
            let started = Instant::now();
            let invoked = catch_panic(async {
                let registered = server.action(&request.action_type)?;
                let configuration =
                    wire::decode_configuration(request.config.as_ref(), registered)?;
                let request = InvokeRequest { configuration, stop };
                registered.object.invoke(request, progress).await
            });
            let mut messages = match invoked.await {
                Ok(Ok(messages) | Err(messages)) => messages,
                Err(panicked) => defect("InvokeAction", &panicked).into(),
            };
            messages.extend(take_notices(&registry).await);
            let errors = messages.iter().filter(|said| said.severity() == Severity::Error).count();
            served(started, errors);
            drop(change);
            messages
        };
        let action = self.lifetime.spawn(action.instrument(span));
        let reports = until_ended(reports, ended).map(|message| {
            let progress = event::Type::Progress(event::Progress { message });
            Ok(Event { r#type: Some(progress) })
        });
        let completed = async move {
            let messages = action.await.unwrap_or_default();
            let completed = event::Completed { diagnostics: wire::diagnostics(messages) };
            Ok(Event { r#type: Some(event::Type::Completed(completed)) })
        };
        reports.chain(stream::once(completed)).boxed()
    }
}
