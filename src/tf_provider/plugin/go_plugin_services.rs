//! The services that go-plugin expects of every plugin, in addition to its own.

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

use crate::lifetime::Lifetime;
use crate::protocol::go_plugin::grpc_broker_server::{GrpcBroker, GrpcBrokerServer};
use crate::protocol::go_plugin::grpc_controller_server::{GrpcController, GrpcControllerServer};
use crate::protocol::go_plugin::grpc_stdio_server::{GrpcStdio, GrpcStdioServer};
use crate::protocol::go_plugin::{ConnInfo, Empty, StdioData};
use crate::protocol::tfplugin5::provider_server::{Provider as ProviderService, ProviderServer};

/// The largest message that go-plugin allows in either direction. gRPC's own
/// default for receiving is 4 MB, which a large state exceeds.
const MESSAGE_LIMIT: usize = 256 << 20;

/// The service name in go-plugin's health checks.
const HEALTH_NAME: &str = "plugin";

/// Returns all services of a connection.
pub(super) async fn routes<S: ProviderService>(provider: S, lifetime: &Lifetime) -> Routes {
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status(HEALTH_NAME, ServingStatus::Serving).await;

    let provider = ProviderServer::new(provider)
        .max_decoding_message_size(MESSAGE_LIMIT)
        .max_encoding_message_size(MESSAGE_LIMIT);
    Routes::new(Supervised { inner: provider, lifetime: lifetime.clone() })
        .add_service(GrpcControllerServer::new(Controller(lifetime.clone())))
        .add_service(GrpcBrokerServer::new(Broker(lifetime.clone())))
        .add_service(GrpcStdioServer::new(Stdio(lifetime.clone())))
        .add_service(health_service)
}

/// Runs each call of a service as a task that outlives the client's connection.
/// The process waits for these tasks before it ends.
///
/// A call counts until its response begins; a stream of events does not.
#[derive(Clone)]
struct Supervised<S> {
    inner: S,
    lifetime: Lifetime,
}

impl<S: NamedService> NamedService for Supervised<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<http::Request<Body>> for Supervised<S>
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
                // Calls catch their own panics. This one came from outside of
                // them, such as from decoding or encoding.
                Ok(Status::internal("the provider panicked; its log says where").into_http())
            })
        }))
    }
}

/// A stream that sends nothing and ends when connections have to close.
type PendingStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

fn pending_stream<T: Send + 'static>(lifetime: &Lifetime) -> PendingStream<T> {
    let closing = lifetime.closing();
    Box::pin(stream::pending().take_until(closing.cancelled_owned()))
}

/// Ends the process when Terraform has finished with it.
struct Controller(Lifetime);

#[async_trait]
impl GrpcController for Controller {
    async fn shutdown(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.0.shut_down();
        Ok(Response::new(Empty {}))
    }
}

/// Announces further connections between the two processes: there are none.
struct Broker(Lifetime);

#[async_trait]
impl GrpcBroker for Broker {
    type StartStreamStream = PendingStream<ConnInfo>;

    async fn start_stream(
        &self,
        _announced: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        Ok(Response::new(pending_stream(&self.0)))
    }
}

/// Forwards the output of the process: there is none.
struct Stdio(Lifetime);

#[async_trait]
impl GrpcStdio for Stdio {
    type StreamStdioStream = PendingStream<StdioData>;

    async fn stream_stdio(
        &self,
        _request: Request<()>,
    ) -> Result<Response<Self::StreamStdioStream>, Status> {
        Ok(Response::new(pending_stream(&self.0)))
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

    use super::{Supervised, pending_stream};
    use crate::lifetime::Lifetime;

    /// The behavior of a call to [`TestService`].
    #[derive(Clone)]
    enum Behavior {
        /// Waits, then responds.
        Wait(Arc<Notify>),
        /// Panics at once.
        Panic,
    }

    #[derive(Clone)]
    struct TestService(Behavior);

    impl Service<http::Request<Body>> for TestService {
        type Response = http::Response<Body>;
        type Error = Infallible;
        type Future = BoxFuture<Self::Response, Infallible>;

        fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _request: http::Request<Body>) -> Self::Future {
            let behavior = self.0.clone();
            Box::pin(async move {
                match behavior {
                    Behavior::Wait(until) => until.notified().await,
                    Behavior::Panic => panic!("a defect"),
                }
                Ok(http::Response::default())
            })
        }
    }

    #[tokio::test]
    async fn call_of_a_disconnected_client_runs_to_its_end() {
        let lifetime = Lifetime::new();
        let until = Arc::new(Notify::new());
        let inner = TestService(Behavior::Wait(until.clone()));
        let mut service = Supervised { inner, lifetime: lifetime.clone() };

        drop(service.call(http::Request::default()));
        tokio::task::yield_now().await;
        assert!(lifetime.calls_finished().now_or_never().is_none(), "the call goes on");
        until.notify_one();
        lifetime.calls_finished().await;
    }

    #[tokio::test]
    async fn panic_outside_of_a_call_is_an_internal_status() {
        let lifetime = Lifetime::new();
        let mut service =
            Supervised { inner: TestService(Behavior::Panic), lifetime: lifetime.clone() };
        let response = service.call(http::Request::default()).await.unwrap();
        let status = Status::from_header_map(response.headers()).unwrap();
        assert_eq!(status.code(), Code::Internal);
        assert!(!status.message().contains("defect"), "{status}");
        lifetime.calls_finished().await;
    }

    #[tokio::test]
    async fn pending_stream_ends_when_connections_close() {
        use futures_util::StreamExt;
        let lifetime = Lifetime::new();
        let mut stream = pending_stream::<()>(&lifetime);
        assert!(stream.next().now_or_never().is_none());
        lifetime.closing().cancel();
        assert!(stream.next().await.is_none());
    }
}
