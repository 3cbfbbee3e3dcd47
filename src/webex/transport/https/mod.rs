//! The transport over the network: reqwest over rustls.

#[cfg(test)]
mod tests;
mod trust;

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect;
use rustls::{CertificateError, InvalidMessage};
use thiserror::Error as ThisError;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use url::Url;

use super::{Deadline, Failure, FailureKind, LARGEST_RESPONSE, RawResponse, Transport};
use crate::body::WipedBuffer;
use crate::error::Cause;
use crate::problems::CertificateProblem;
use crate::settings::{Deadlines, Settings, is_loopback};

/// Sends requests over the network.
///
/// Reading the platform's certificate authorities takes about ten milliseconds and may fail. Each
/// of the three HTTP clients is built for its first request, so a run without requests builds none.
pub(crate) struct Https {
    deadlines: Deadlines,
    authorities: Option<Vec<u8>>,
    /// `https` through the proxy of the environment, if there is one.
    remote: OnceCell<reqwest::Client>,
    /// `https` to a loopback address, never through a proxy.
    local: OnceCell<reqwest::Client>,
    /// `http` to a loopback address, which needs no certificate authorities.
    plain: OnceCell<reqwest::Client>,
}

impl Https {
    /// Creates a transport. It reads no file and makes no connection.
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            deadlines: settings.deadlines,
            authorities: settings.certificate_authorities.clone(),
            remote: OnceCell::new(),
            local: OnceCell::new(),
            plain: OnceCell::new(),
        }
    }

    async fn http_client(&self, url: &Url) -> Result<&reqwest::Client, Failure> {
        let (cell, uses_tls, uses_proxy) = match (url.scheme(), is_loopback(url)) {
            ("http", _) => (&self.plain, false, false),
            (_, true) => (&self.local, true, false),
            (_, false) => (&self.remote, true, true),
        };
        cell.get_or_try_init(|| async { self.build(uses_tls, uses_proxy) }).await.map_err(|error| {
            let cause = Cause::new(chain(&error.without_url()));
            Failure::new(FailureKind::Unsendable).because(cause)
        })
    }

    fn build(&self, uses_tls: bool, uses_proxy: bool) -> reqwest::Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .dns_resolver(SystemResolver)
            .connect_timeout(self.deadlines.connect)
            // Shorter than the idle timeout of common gateways, so that requests are seldom sent on
            // a connection that is being closed.
            .pool_idle_timeout(Duration::from_secs(20));
        if !uses_proxy {
            builder = builder.no_proxy();
        }
        if !uses_tls {
            builder = builder.tls_certs_only([]);
        } else if let Some(pem) = &self.authorities {
            builder = match trust::client_config(pem) {
                Ok(config) => builder.tls_backend_preconfigured(config),
                // The library fails for the same reason, with its own type of error.
                Err(_) => builder.tls_certs_merge(reqwest::Certificate::from_pem_bundle(pem)?),
            };
        }
        builder.build()
    }

    async fn exchange(
        &self,
        client: &reqwest::Client,
        request: reqwest::Request,
    ) -> Result<RawResponse, Failure> {
        // The library does not report when it is connected. Its own connect timeout passes before
        // this one.
        let patience = self.deadlines.connect.saturating_add(self.deadlines.first_byte);
        let mut response = timeout(patience, client.execute(request))
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
        let client = self.http_client(request.url()).await?;
        self.exchange(client, request).await
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
