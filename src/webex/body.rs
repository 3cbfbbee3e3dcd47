//! Bodies of requests and responses, which may hold secrets.
//!
//! Their memory is overwritten with zeros when it is freed, also when a buffer grows. Copies that
//! the HTTP library makes on the way to the socket are not covered.

use std::fmt;
use std::io;

use bytes::Bytes;
use serde::Serialize;
use url::form_urlencoded;
use zeroize::Zeroizing;

use safe_text::Secret;

/// The body of a request.
#[derive(Clone)]
pub(crate) struct RequestBody {
    media_type: &'static str,
    bytes: Bytes,
    secrets: Vec<Secret>,
}

impl RequestBody {
    /// Creates a JSON body. `secrets` are the ones in it, to be removed from responses that repeat
    /// them.
    ///
    /// # Errors
    /// Fails when the value cannot be JSON, which no value of this client is.
    pub(crate) fn json(value: &impl Serialize, secrets: Vec<Secret>) -> serde_json::Result<Self> {
        let mut buffer = WipedBuffer::default();
        serde_json::to_writer(&mut buffer, value)?;
        Ok(Self { media_type: "application/json", bytes: buffer.into_bytes(), secrets })
    }

    /// Creates a form body (`application/x-www-form-urlencoded`).
    pub(crate) fn form(pairs: &[(&str, FormValue<'_>)]) -> Self {
        let mut buffer = WipedBuffer::default();
        let mut secrets = Vec::new();
        for (index, (name, value)) in pairs.iter().enumerate() {
            if index > 0 {
                buffer.push(b"&");
            }
            for part in form_urlencoded::byte_serialize(name.as_bytes()) {
                buffer.push(part.as_bytes());
            }
            buffer.push(b"=");
            let text = match value {
                FormValue::Plain(text) => text,
                FormValue::Secret(secret) => {
                    secrets.push((*secret).clone());
                    secret.expose()
                }
            };
            for part in form_urlencoded::byte_serialize(text.as_bytes()) {
                buffer.push(part.as_bytes());
            }
        }
        let media_type = "application/x-www-form-urlencoded";
        Self { media_type, bytes: buffer.into_bytes(), secrets }
    }

    pub(crate) fn media_type(&self) -> &'static str {
        self.media_type
    }

    /// Returns the bytes, shared and not copied.
    pub(crate) fn bytes(&self) -> Bytes {
        self.bytes.clone()
    }

    pub(crate) fn secrets(&self) -> &[Secret] {
        &self.secrets
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RequestBody({} bytes)", self.bytes.len())
    }
}

/// A value of a form.
#[derive(Clone, Copy)]
pub(crate) enum FormValue<'a> {
    Plain(&'a str),
    Secret(&'a Secret),
}

/// A buffer that is overwritten with zeros when it is freed and when it grows.
#[derive(Default)]
pub(crate) struct WipedBuffer(Zeroizing<Vec<u8>>);

impl WipedBuffer {
    /// Appends bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let length = self.0.len() + bytes.len();
        if length > self.0.capacity() {
            // `Vec` would free its old memory without overwriting it.
            let capacity = length.max(self.0.capacity() * 2).max(256);
            let mut larger = Zeroizing::new(Vec::with_capacity(capacity));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self.0)
    }
}

impl io::Write for WipedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_is_percent_encoded() {
        let secret = Secret::from("a b&c=d\n+ü");
        let body = RequestBody::form(&[
            ("grant_type", FormValue::Plain("refresh_token")),
            ("client_secret", FormValue::Secret(&secret)),
        ]);
        assert_eq!(body.bytes(), "grant_type=refresh_token&client_secret=a+b%26c%3Dd%0A%2B%C3%BC");
        assert_eq!(body.secrets(), [secret]);
    }

    #[test]
    fn wiped_buffer_keeps_its_content_when_it_grows() {
        let mut buffer = WipedBuffer::default();
        for _ in 0..1000 {
            buffer.push(b"0123456789");
        }
        assert_eq!(buffer.len(), 10_000);
        assert_eq!(buffer.into_bytes(), "0123456789".repeat(1000));
    }

    #[test]
    fn debug_of_a_body_shows_no_content() {
        let body = RequestBody::json(&"hunter2", vec![Secret::from("hunter2")]).unwrap();
        assert_eq!(format!("{body:?}"), "RequestBody(9 bytes)");
    }
}
