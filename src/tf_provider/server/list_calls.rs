//! Calls about list resources.

use std::pin::Pin;

use futures_util::{Stream, StreamExt as _, stream};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tracing::Instrument as _;

use super::rpc::{Rpc, RpcResponse as _, defect, take_notices, until_ended};
use super::{Server, find, wire};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::list::{ListItem, ListRequest, ListResource, ListSink};
use crate::panics::catch_panic;
use crate::protocol::tfplugin5 as protocol;
use crate::provider::{Registered, Registry};

/// The response to ListResource. Dropping it ends the search.
pub(super) type Events =
    Pin<Box<dyn Stream<Item = Result<protocol::list_resource::Event, Status>> + Send>>;

/// The number of objects by which a search may run ahead of the client.
const AHEAD: usize = 16;

impl Server {
    pub(super) async fn validate_list(
        &self,
        request: &protocol::validate_list_resource_config::Request,
    ) -> Result<protocol::validate_list_resource_config::Response, Diagnostics> {
        let served = list_resource(&self.registry, &request.type_name)?;
        let messages = wire::validate(request.config.as_ref(), served, ListResource::validate)?;
        Ok(protocol::validate_list_resource_config::Response::default().with(messages))
    }

    pub(super) async fn list(&self, request: &protocol::list_resource::Request) -> Events {
        let limit = usize::try_from(request.limit).ok().filter(|&limit| limit > 0);
        let (sink, events) = ListSink::channel(AHEAD, limit.unwrap_or(usize::MAX));
        let listed = catch_panic(async { self.list_request(request) })
            .await
            .unwrap_or_else(|panicked| Err(defect("ListResource", &panicked).into()));
        let listed = match listed {
            Ok(listed) => listed,
            Err(messages) => return stream::iter(messages.into_iter().map(message_event)).boxed(),
        };
        let registry = self.registry.clone();
        let (type_name, include_object) =
            (request.type_name.clone(), request.include_resource_object);
        // The search is a task that the process waits for. It ends when the stream is
        // dropped: then its channel is closed.
        let span = Rpc::new("ListResource", &type_name).span();
        let ended = CancellationToken::new();
        let end = ended.clone().drop_guard();
        self.lifetime.spawn({
            let registry = registry.clone();
            let type_name = type_name.clone();
            let search = async move {
                let _end = end;
                let found = sink.clone();
                let search = catch_panic(async {
                    list_resource(&registry, &type_name)?.object.list(listed, sink).await
                });
                // A client that is gone does not wait for the search.
                let searched = tokio::select! {
                    searched = search => searched,
                    () = found.closed() => return,
                };
                match searched {
                    Ok(Ok(())) => {}
                    Ok(Err(messages)) => found.report(messages).await,
                    Err(panicked) => found.report(defect("ListResource", &panicked)).await,
                }
            };
            search.instrument(span)
        });
        // With the last object that is wanted, the channel is closed. The notices come last, which
        // are kept for the next call if the client disconnects before.
        let notices = {
            let registry = registry.clone();
            stream::once(async move { stream::iter(take_notices(&registry).await) }).flatten()
        };
        let wanted = limit.unwrap_or(usize::MAX);
        let events = Box::pin(until_ended(events, ended));
        stream::unfold((events, wanted), async |(mut events, wanted)| {
            let event = if wanted == 0 { None } else { events.next().await };
            let left = wanted.saturating_sub(event.iter().filter(|event| event.is_ok()).count());
            event.map(|event| (event, (events, left)))
        })
        .map(move |event| match event {
            Ok(item) => item_event(&registry, &type_name, item, include_object),
            Err(message) => message_event(message),
        })
        .chain(notices.map(message_event))
        .boxed()
    }

    fn list_request(
        &self,
        request: &protocol::list_resource::Request,
    ) -> Result<ListRequest, Diagnostics> {
        let served = list_resource(&self.registry, &request.type_name)?;
        let configuration = wire::decode_configuration(request.config.as_ref(), served)?;
        Ok(ListRequest {
            configuration,
            include_object: request.include_resource_object,
            stop: self.lifetime.stopping(),
        })
    }
}

fn list_resource<'a>(
    registry: &'a Registry,
    type_name: &str,
) -> Result<&'a Registered<dyn ListResource>, Diagnostics> {
    find(&registry.list_resources, "Unknown list resource", "list resource", type_name)
}

fn message_event(message: Diagnostic) -> Result<protocol::list_resource::Event, Status> {
    Ok(protocol::list_resource::Event {
        diagnostic: vec![wire::diagnostic(message)],
        ..Default::default()
    })
}

fn item_event(
    registry: &Registry,
    type_name: &str,
    item: ListItem,
    include_object: bool,
) -> Result<protocol::list_resource::Event, Status> {
    let event = || -> Result<protocol::list_resource::Event, Diagnostics> {
        let Some(resource) = registry.resources.get(type_name) else {
            return Err(Diagnostic::error(
                "The objects of this list have no resource",
                format!("This provider lists {type_name:?} but does not manage it."),
            )
            .into());
        };
        let mut messages = Diagnostics::new();
        let identity = item.identity.or_else(|| resource.identity_in(item.object.as_ref()));
        let object = match item.object {
            Some(state) if include_object => {
                Some(wire::encode_state(Some(state), resource, &mut messages)?)
            }
            Some(_) | None => None,
        };
        Ok(protocol::list_resource::Event {
            identity: wire::encode_identity(identity, resource.identity(), &mut messages)?,
            display_name: item.display_name,
            resource_object: object,
            diagnostic: wire::diagnostics(messages),
        })
    };
    Ok(event().unwrap_or_else(|messages| protocol::list_resource::Event {
        diagnostic: wire::diagnostics(messages),
        ..Default::default()
    }))
}
