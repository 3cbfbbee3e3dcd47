//! A socket in the file system that only its owner can reach.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::net::UnixListener;

use super::{Address, Duplex, ListenError};

/// The least that systems allow for the path of a socket (macOS: 104 bytes with
/// the final zero; Linux: 108).
const PATH_LIMIT: usize = 104;

/// The folder for sockets when the temporary folder has too long a path.
const SHORT_FOLDER: &str = "/tmp";

/// A listening socket. Dropping it removes its folder.
#[derive(Debug)]
pub(in super::super) struct PrivateSocket {
    socket: UnixListener,
    place: String,
    folder: TempDir,
}

impl PrivateSocket {
    /// Opens a socket in a new folder inside the temporary folder.
    pub(super) fn open() -> Result<Self, ListenError> {
        Self::open_in_one_of(&std::env::temp_dir(), Path::new(SHORT_FOLDER))
    }

    /// Opens a socket in a new folder inside `first`. If that has too long a path, as on macOS, is
    /// empty, is missing or cannot be written to, it uses `second`, where our folder is equally
    /// private. The error is about `first`.
    fn open_in_one_of(first: &Path, second: &Path) -> Result<Self, ListenError> {
        // An empty `TMPDIR` would mean the working folder.
        let first = if first.as_os_str().is_empty() { second } else { first };
        Self::open_in(first).or_else(|error| Self::open_in(second).map_err(|_| error))
    }

    /// Opens a socket in a new folder that nobody else may enter, which protects
    /// the socket from its first moment on, whatever the umask.
    fn open_in(parent: &Path) -> Result<Self, ListenError> {
        // The name has a random part of six characters.
        usable(parent, &parent.join("pluginXXXXXX/socket"))?;
        let failed = |cause| ListenError::Folder { folder: shown(parent), cause };
        let folder = tempfile::Builder::new()
            .prefix("plugin")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(parent)
            .map_err(failed)?;
        let path = folder.path().join("socket");
        let place = usable(parent, &path)?;
        let socket = UnixListener::bind(&path).map_err(failed)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self { socket, place, folder })
    }

    pub(super) fn address(&self) -> Address {
        Address { network: "unix", place: self.place.clone() }
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub(super) async fn accept(&self) -> io::Result<Box<dyn Duplex>> {
        let (connection, _peer) = self.socket.accept().await?;
        Ok(Box::new(connection))
    }
}

/// Returns the path as it goes into the handshake line, if it can.
fn usable(folder: &Path, socket: &Path) -> Result<String, ListenError> {
    let fits = |path: &&str| {
        path.len() < PATH_LIMIT && !path.contains(|c: char| c == '|' || c.is_control())
    };
    // The client resolves a relative path against a folder of its own.
    let absolute = std::path::absolute(socket).ok();
    absolute
        .as_deref()
        .and_then(Path::to_str)
        .filter(fits)
        .map(str::to_owned)
        .ok_or_else(|| ListenError::Path { folder: shown(folder), limit: PATH_LIMIT })
}

/// Returns a path as text that is safe to show.
fn shown(path: &Path) -> String {
    path.to_string_lossy().escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::{ListenError, PrivateSocket};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[tokio::test]
    async fn socket_is_private_and_removed_when_dropped() {
        let parent = tempfile::tempdir().unwrap();
        let listener = PrivateSocket::open_in(parent.path()).unwrap();
        let socket = Path::new(&listener.place).to_owned();
        assert_eq!(mode(socket.parent().unwrap()), 0o700);
        assert_eq!(mode(&socket), 0o600);
        assert!(tokio::net::UnixStream::connect(&socket).await.is_ok());

        drop(listener);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn path_that_does_not_fit_the_handshake_line_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["x".repeat(100), "a|b".to_owned(), "a\nb".to_owned()] {
            let folder = parent.path().join(&name);
            fs::create_dir(&folder).unwrap();
            let error = PrivateSocket::open_in(&folder).unwrap_err();
            assert!(matches!(error, ListenError::Path { limit: 104, .. }), "{error}");
            assert!(!error.to_string().contains('\n'), "{error:?}");
            assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        }
    }

    #[tokio::test]
    async fn missing_or_empty_folder_is_replaced_by_another_one() {
        let parent = tempfile::tempdir().unwrap();
        for first in [&*parent.path().join("missing"), Path::new("")] {
            let listener = PrivateSocket::open_in_one_of(first, parent.path()).unwrap();
            assert!(Path::new(&listener.place).starts_with(parent.path()), "{first:?}");
        }
    }

    #[tokio::test]
    async fn missing_folder_is_named_in_the_error() {
        let parent = tempfile::tempdir().unwrap();
        let missing = parent.path().join("missing");
        let other = parent.path().join("other");
        let error = PrivateSocket::open_in_one_of(&missing, &other).unwrap_err();
        assert!(
            matches!(&error, ListenError::Folder { folder, .. } if folder.ends_with("missing"))
        );
        assert!(error.to_string().contains("TMPDIR"), "{error}");
    }
}
