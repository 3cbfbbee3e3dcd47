//! The transport over the network: reqwest over rustls.

mod connections;
mod one_connection;
#[cfg(test)]
mod tests;
mod trust;

use std::collections::HashMap;
use std::error::Error as StdError;
use std::io;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect;
use rustls::{CertificateError, ClientConfig, InvalidMessage};
use thiserror::Error as ThisError;
use tokio::time::timeout;
use url::Url;

use super::{Deadline, Failure, FailureKind, LARGEST_RESPONSE, RawResponse, Transport};
use crate::body::WipedBuffer;
use crate::error::Cause;
use crate::lock::lock;
use crate::problems::CertificateProblem;
use crate::settings::{Deadlines, Proxy, Settings, is_loopback};

use connections::Connections;
use one_connection::OneConnectionFirst;
use trust::{Loader, Loading};

/// The largest header of a response over HTTP/2, in bytes.
const LARGEST_HEADER: u32 = 16 * 1024;

/// Sends requests over the network, by HTTP/2 where the server offers it by ALPN, otherwise by
/// HTTP/1.1.
///
/// There is one HTTP client for each origin (scheme, host and port), built for its first request, and
/// a thread that serves its connections. Those that use TLS share its configuration, with the
/// certificate authorities. Reading these takes some milliseconds and may fail, so a thread does it
/// meanwhile.
pub(crate) struct Https {
    deadlines: Deadlines,
    base_url: Url,
    proxy: Option<Proxy>,
    load: Loader,
    tls: OnceLock<Loading>,
    origins: Mutex<HashMap<String, Arc<Origin>>>,
}

/// A server, with the connections to it.
struct Origin {
    client: reqwest::Client,
    connections: Connections,
}

impl Https {
    /// Creates a transport. It reads no file and makes no connection.
    pub(crate) fn new(settings: &Settings) -> Self {
        let given = settings.certificate_authorities.clone();
        Self::trusting(settings, move || trust::client_config(given.as_deref()))
    }

    /// Creates a transport with another way to get the TLS configuration.
    fn trusting(
        settings: &Settings,
        load: impl Fn() -> Result<ClientConfig, String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            deadlines: settings.deadlines,
            base_url: settings.base_url.clone(),
            proxy: settings.proxy.clone(),
            load: Arc::new(load),
            tls: OnceLock::new(),
            origins: Mutex::default(),
        }
    }

    /// Starts to read the certificate authorities, if requests will need them.
    pub(crate) fn prepare(&self) {
        if self.base_url.scheme() == "https" {
            drop(self.tls());
        }
    }

    fn tls(&self) -> Loading {
        self.tls.get_or_init(|| trust::in_a_thread(Arc::clone(&self.load))).clone()
    }

    async fn origin(&self, url: &Url) -> Result<Arc<Origin>, Failure> {
        let name = url.origin().ascii_serialization();
        let origins = || lock(&self.origins);
        if let Some(origin) = origins().get(&name) {
            return Ok(Arc::clone(origin));
        }
        let unsendable =
            |cause: String| Failure::new(FailureKind::Unsendable).because(Cause::new(cause));
        let tls = match url.scheme() {
            "http" => None,
            _ => Some(self.tls().await.map_err(unsendable)?),
        };
        // A loopback address is never reached through a proxy.
        let built = self.build(tls, !is_loopback(url));
        let client = built.map_err(|error| unsendable(chain(&error.without_url())))?;
        let connections = Connections::start().map_err(|error| unsendable(error.to_string()))?;
        let origin = Arc::new(Origin { client, connections });
        Ok(Arc::clone(origins().entry(name).or_insert(origin)))
    }

    fn build(
        &self,
        tls: Option<ClientConfig>,
        uses_proxy: bool,
    ) -> reqwest::Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .dns_resolver(SystemResolver)
            .connect_timeout(self.deadlines.connect)
            .http2_max_header_list_size(LARGEST_HEADER)
            // Shorter than the idle timeout of common gateways, so that requests are seldom sent on
            // a connection that is being closed.
            .pool_idle_timeout(Duration::from_secs(20));
        builder = match &self.proxy {
            _ if !uses_proxy => builder.no_proxy(),
            Some(proxy) => builder.proxy(proxy.of_library()),
            None => builder,
        };
        builder = match tls {
            Some(config) => builder
                .tls_backend_preconfigured(config)
                .connector_layer(OneConnectionFirst::default()),
            None => builder.tls_certs_only([]),
        };
        builder.build()
    }

    async fn exchange(
        &self,
        origin: &Origin,
        request: reqwest::Request,
    ) -> Result<RawResponse, Failure> {
        // The library does not report when it is connected. Its own connect timeout passes before
        // this one.
        let patience = self.deadlines.connect.saturating_add(self.deadlines.first_byte);
        let executing = origin.connections.serve(async { origin.client.execute(request).await });
        let mut response = timeout(patience, executing)
            .await
            .map_err(|_| Failure::new(FailureKind::Timeout(Deadline::FirstByte)))?
            .map_err(failure)?;
        let status = response.status();
        let headers = response.headers().clone();
        let is_compressed =
            headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity");
        if is_compressed {
            return Err(Failure::new(FailureKind::Compressed).after_status(status));
        }
        let mut body = WipedBuffer::default();
        loop {
            let chunk = timeout(self.deadlines.idle, response.chunk())
                .await
                .map_err(|_| Failure::new(FailureKind::Timeout(Deadline::Idle)))
                .and_then(|chunk| chunk.map_err(failure))
                .map_err(|failure| failure.after_status(status))?;
            let Some(chunk) = chunk else { return Ok(RawResponse { status, headers, body }) };
            if body.len() + chunk.len() > LARGEST_RESPONSE {
                return Err(Failure::new(FailureKind::BodyTooLarge).after_status(status));
            }
            body.push(&chunk);
        }
    }
}

#[async_trait]
impl Transport for Https {
    async fn send(&self, request: http::Request<Bytes>) -> Result<RawResponse, Failure> {
        let request = reqwest::Request::try_from(request).map_err(|error| {
            let cause = Cause::new(chain(&error.without_url()));
            Failure::new(FailureKind::Unsendable).because(cause)
        })?;
        let origin = self.origin(request.url()).await?;
        self.exchange(&origin, request).await
    }
}

/// The operating system's name resolution, with an error type of its own. The error names the host,
/// which may be the proxy's.
struct SystemResolver;

#[derive(Debug, ThisError)]
#[error("the name {host} cannot be resolved: {source}")]
struct Unresolved {
    host: String,
    source: io::Error,
}

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str();
            match tokio::net::lookup_host((host, 0)).await {
                Ok(addresses) => {
                    let addresses: Vec<_> = addresses.collect();
                    Ok(Box::new(addresses.into_iter()) as Addrs)
                }
                Err(source) => Err(Unresolved { host: host.to_owned(), source }.into()),
            }
        })
    }
}

/// Classifies an error of the library by the types in its chain.
fn failure(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    // After the handshake a TLS error is a lost connection: the request may have been carried out.
    let handshake = find::<rustls::Error>(&error).filter(|_| error.is_connect());
    let kind = if let Some(tls) = handshake {
        tls_kind(tls)
    } else if find::<Unresolved>(&error).is_some() {
        FailureKind::NameResolution
    } else if error.is_connect() && error.is_timeout() {
        FailureKind::Timeout(Deadline::Connect)
    } else if error.is_connect() {
        FailureKind::Connection
    } else if error.is_builder() {
        FailureKind::Unsendable
    } else {
        FailureKind::ConnectionLost
    };
    // The system's words. The errors around them say again which name cannot be resolved.
    let cause = find::<Unresolved>(&error).map(ToString::to_string);
    Failure::new(kind).because(Cause::new(cause.unwrap_or_else(|| chain(&error))))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "rustls' errors are open-ended, and all others mean the same to us"
)]
fn tls_kind(error: &rustls::Error) -> FailureKind {
    match error {
        rustls::Error::InvalidCertificate(problem) => {
            FailureKind::Certificate(certificate_problem(problem))
        }
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => FailureKind::NotTls,
        _ => FailureKind::Tls,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "rustls' errors are open-ended, and all others mean the same to us"
)]
fn certificate_problem(error: &CertificateError) -> CertificateProblem {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            CertificateProblem::Expired
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            CertificateProblem::NotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateProblem::WrongHost
        }
        // A bad signature means an authority with the name of a trusted one, but another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            CertificateProblem::UnknownIssuer
        }
        CertificateError::Revoked => CertificateProblem::Revoked,
        _ => CertificateProblem::Other,
    }
}

/// Finds a type of error in a chain, also inside of I/O errors, which omit the error that they wrap
/// from `source`.
fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(wrapped) = wrapped
            && let Some(found) = find::<E>(wrapped)
        {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// Joins the texts of a chain of errors, without repetitions. The caller has removed the URL, which
/// could hold ids.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let own = error.to_string();
        if !text.contains(&own) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&own);
        }
        next = error.source();
    }
    text
}
