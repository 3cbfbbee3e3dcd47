//! The services that go-plugin expects of every plugin, beside its own.

use std::convert::Infallible;
use std::pin::Pin;

use futures_util::stream::{self, Stream};
use futures_util::{FutureExt, StreamExt};
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Context, Poll, Service, http};
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming, async_trait};
use tonic_health::ServingStatus;

use super::Lifetime;
use crate::protocol::go_plugin::grpc_broker_server::{GrpcBroker, GrpcBrokerServer};
use crate::protocol::go_plugin::grpc_controller_server::{GrpcController, GrpcControllerServer};
use crate::protocol::go_plugin::grpc_stdio_server::{GrpcStdio, GrpcStdioServer};
use crate::protocol::go_plugin::{ConnInfo, Empty, StdioData};
use crate::protocol::tfplugin5::provider_server::{Provider, ProviderServer};

/// What go-plugin allows in either direction; gRPC's own default for receiving
/// is 4 MB, which a large state exceeds.
const MESSAGE_LIMIT: usize = 256 << 20;

/// The name under which go-plugin asks whether a plugin is well.
const HEALTH_NAME: &str = "plugin";

/// Everything that is served on a connection.
pub(super) async fn routes<S: Provider>(provider: S, lifetime: &Lifetime) -> Routes {
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status(HEALTH_NAME, ServingStatus::Serving).await;

    let provider = ProviderServer::new(provider)
        .max_decoding_message_size(MESSAGE_LIMIT)
        .max_encoding_message_size(MESSAGE_LIMIT);
    Routes::new(Surviving { inner: provider, lifetime: lifetime.clone() })
        .add_service(GrpcControllerServer::new(Controller(lifetime.clone())))
        .add_service(GrpcBrokerServer::new(Broker(lifetime.clone())))
        .add_service(GrpcStdioServer::new(Stdio(lifetime.clone())))
        .add_service(health_service)
}

/// A service whose calls run to their end even if the client goes away, and
/// are waited for before the process ends.
#[derive(Clone)]
struct Surviving<S> {
    inner: S,
    lifetime: Lifetime,
}

impl<S: NamedService> NamedService for Surviving<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<http::Request<Body>> for Surviving<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let call = self.lifetime.spawn(self.inner.call(request));
        Box::pin(call.map(|outcome| {
            outcome.unwrap_or_else(|_panicked| {
                // Calls guard themselves; this is for what is outside of them,
                // such as decoding and encoding.
                Ok(Status::internal("the provider panicked; its log says where").into_http())
            })
        }))
    }
}

/// A stream that sends nothing and ends when connections are to be closed.
type Silence<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

fn silence<T: Send + 'static>(lifetime: &Lifetime) -> Silence<T> {
    let closing = lifetime.closing();
    Box::pin(stream::pending().take_until(closing.cancelled_owned()))
}

/// Ends the process when Terraform is done with it.
struct Controller(Lifetime);

#[async_trait]
impl GrpcController for Controller {
    async fn shutdown(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.0.shut_down();
        Ok(Response::new(Empty {}))
    }
}

/// Would announce further connections between the two processes.
struct Broker(Lifetime);

#[async_trait]
impl GrpcBroker for Broker {
    type StartStreamStream = Silence<ConnInfo>;

    async fn start_stream(
        &self,
        _announced: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        Ok(Response::new(silence(&self.0)))
    }
}

/// Would forward what the process prints, which is nothing.
struct Stdio(Lifetime);

#[async_trait]
impl GrpcStdio for Stdio {
    type StreamStdioStream = Silence<StdioData>;

    async fn stream_stdio(
        &self,
        _request: Request<()>,
    ) -> Result<Response<Self::StreamStdioStream>, Status> {
        Ok(Response::new(silence(&self.0)))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;

    use futures_util::FutureExt;
    use tokio::sync::Notify;
    use tonic::body::Body;
    use tonic::codegen::{BoxFuture, Context, Poll, Service, http};
    use tonic::{Code, Status};

    use super::{Surviving, silence};
    use crate::plugin::Lifetime;

    /// What the calls of the service below do.
    #[derive(Clone)]
    enum Behaviour {
        /// Wait, then answer.
        Wait(Arc<Notify>),
        /// Panic at once.
        Panic,
    }

    #[derive(Clone)]
    struct Calls(Behaviour);

    impl Service<http::Request<Body>> for Calls {
        type Response = http::Response<Body>;
        type Error = Infallible;
        type Future = BoxFuture<Self::Response, Infallible>;

        fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _request: http::Request<Body>) -> Self::Future {
            let behaviour = self.0.clone();
            Box::pin(async move {
                match behaviour {
                    Behaviour::Wait(until) => until.notified().await,
                    Behaviour::Panic => panic!("a defect"),
                }
                Ok(http::Response::default())
            })
        }
    }

    #[tokio::test]
    async fn a_call_is_finished_when_its_client_is_gone() {
        let lifetime = Lifetime::new();
        let until = Arc::new(Notify::new());
        let inner = Calls(Behaviour::Wait(until.clone()));
        let mut service = Surviving { inner, lifetime: lifetime.clone() };

        drop(service.call(http::Request::default()));
        tokio::task::yield_now().await;
        assert!(lifetime.idle().now_or_never().is_none(), "the call goes on");
        until.notify_one();
        lifetime.idle().await;
    }

    #[tokio::test]
    async fn a_panic_outside_of_the_guard_is_a_status() {
        let lifetime = Lifetime::new();
        let mut service = Surviving { inner: Calls(Behaviour::Panic), lifetime: lifetime.clone() };
        let answer = service.call(http::Request::default()).await.unwrap();
        let status = Status::from_header_map(answer.headers()).unwrap();
        assert_eq!(status.code(), Code::Internal);
        assert!(!status.message().contains("defect"), "{status}");
        lifetime.idle().await;
    }

    #[tokio::test]
    async fn a_silent_stream_ends_with_the_connections() {
        use futures_util::StreamExt;
        let lifetime = Lifetime::new();
        let mut stream = silence::<()>(&lifetime);
        assert!(stream.next().now_or_never().is_none());
        lifetime.closing().cancel();
        assert!(stream.next().await.is_none());
    }
}
