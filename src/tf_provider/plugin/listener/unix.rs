//! A socket in the file system that only its owner can reach.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use tempfile::{NamedTempFile, TempDir, TempPath};
use tokio::net::UnixListener;

use super::{Address, Duplex, ListenError};

/// The least that systems allow for the path of a socket (macOS: 104 bytes with
/// the final zero; Linux: 108).
const PATH_LIMIT: usize = 104;

/// Where sockets go when the temporary folder cannot hold one.
const SHORT_FOLDER: &str = "/tmp";

/// A listening socket.
#[derive(Debug)]
pub(in super::super) struct PrivateSocket {
    socket: UnixListener,
    place: String,
    /// Removed with the listener.
    on_disk: OnDisk,
}

/// What is removed at the end.
#[derive(Debug)]
enum OnDisk {
    /// A folder of our own with the socket in it.
    Folder(TempDir),
    /// The socket alone, in a folder of the client's.
    Socket(#[expect(dead_code, reason = "kept for what happens when it is dropped")] TempPath),
}

impl PrivateSocket {
    /// Opens a socket, in the folder that the client prepared or in a new one
    /// inside the temporary folder. `group` may connect too.
    pub(super) fn open(directory: Option<&Path>, group: Option<&str>) -> Result<Self, ListenError> {
        let listener = match directory {
            Some(directory) => Self::in_folder_of_client(directory)?,
            None => match Self::in_new_folder(&std::env::temp_dir()) {
                // macOS has long temporary paths; a folder of ours in a short
                // one is equally private.
                Err(error @ ListenError::Path { .. }) => {
                    Self::in_new_folder(Path::new(SHORT_FOLDER)).map_err(|_| error)?
                }
                listener => listener?,
            },
        };
        listener.admit(group)?;
        Ok(listener)
    }

    pub(super) fn address(&self) -> Address {
        Address { network: "unix", place: self.place.clone() }
    }

    pub(super) async fn accept(&self) -> io::Result<Box<dyn Duplex>> {
        let (connection, _peer) = self.socket.accept().await?;
        Ok(Box::new(connection))
    }

    /// A folder that nobody else may enter keeps others away from the socket
    /// from its first moment on, whatever the umask.
    fn in_new_folder(parent: &Path) -> Result<Self, ListenError> {
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
        Ok(Self { socket, place, on_disk: OnDisk::Folder(folder) })
    }

    /// The socket stands directly in the folder, because a client that runs
    /// plugins in containers maps the folder and keeps only the last part of
    /// the path.
    fn in_folder_of_client(folder: &Path) -> Result<Self, ListenError> {
        usable(folder, &folder.join("pluginXXXXXX"))?;
        let failed = |cause| ListenError::Folder { folder: shown(folder), cause };
        let socket: NamedTempFile<UnixListener> = tempfile::Builder::new()
            .prefix("plugin")
            .make_in(folder, |path| UnixListener::bind(path))
            .map_err(failed)?;
        let place = usable(folder, socket.path())?;
        let (socket, path) = socket.into_parts();
        Ok(Self { socket, place, on_disk: OnDisk::Socket(path) })
    }

    /// Sets who may connect: the owner, and the group if there is one.
    fn admit(&self, group: Option<&str>) -> Result<(), ListenError> {
        let socket = Path::new(&self.place);
        let Some(group) = group else {
            return fs::set_permissions(socket, Permissions::from_mode(0o600))
                .map_err(|cause| ListenError::Folder { folder: shown(socket), cause });
        };
        let failed = |cause| ListenError::Group { group: group.escape_debug().to_string(), cause };
        let id = group_id(group).map_err(failed)?;
        if let OnDisk::Folder(folder) = &self.on_disk {
            chown(folder.path(), None, Some(id)).map_err(failed)?;
            fs::set_permissions(folder.path(), Permissions::from_mode(0o710)).map_err(failed)?;
        }
        chown(socket, None, Some(id)).map_err(failed)?;
        fs::set_permissions(socket, Permissions::from_mode(0o660)).map_err(failed)
    }
}

/// The path as it goes into the announcement, if it can.
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

/// A path as text that is safe to show.
fn shown(path: &Path) -> String {
    path.to_string_lossy().escape_debug().to_string()
}

/// The number of a group, which is given as such or by name.
///
/// Names are looked up in the system's table. Groups from directory services
/// are not found there; their number works.
fn group_id(group: &str) -> io::Result<u32> {
    if let Ok(id) = group.parse() {
        return Ok(id);
    }
    let table = fs::read_to_string("/etc/group")?;
    find_group(&table, group).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
}

/// Looks into a table with lines of the form `name:password:number:members`.
fn find_group(table: &str, name: &str) -> Option<u32> {
    table.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::path::Path;

    use super::{ListenError, PrivateSocket, find_group};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[tokio::test]
    async fn only_the_owner_can_reach_it_and_nothing_is_left() {
        let parent = tempfile::tempdir().unwrap();
        let listener = PrivateSocket::in_new_folder(parent.path()).unwrap();
        listener.admit(None).unwrap();
        let socket = Path::new(&listener.place).to_owned();
        assert_eq!(mode(socket.parent().unwrap()), 0o700);
        assert_eq!(mode(&socket), 0o600);
        assert!(tokio::net::UnixStream::connect(&socket).await.is_ok());

        drop(listener);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn the_folder_of_the_client_stays() {
        let folder = tempfile::tempdir().unwrap();
        let listener = PrivateSocket::open(Some(folder.path()), None).unwrap();
        let socket = Path::new(&listener.place).to_owned();
        assert_eq!(socket.parent(), Some(folder.path()));
        assert_eq!(mode(&socket), 0o600);

        drop(listener);
        assert!(folder.path().exists());
        assert!(!socket.exists());
    }

    #[tokio::test]
    async fn a_group_may_connect_too() {
        let parent = tempfile::tempdir().unwrap();
        // Giving something to one's own group needs no privilege.
        let own = fs::metadata(parent.path()).unwrap().gid();
        let listener = PrivateSocket::in_new_folder(parent.path()).unwrap();
        listener.admit(Some(&own.to_string())).unwrap();
        let socket = Path::new(&listener.place);
        assert_eq!(mode(socket.parent().unwrap()), 0o710);
        assert_eq!(mode(socket), 0o660);
        assert_eq!(fs::metadata(socket).unwrap().gid(), own);

        let error = listener.admit(Some("no such\ngroup")).unwrap_err();
        assert!(matches!(&error, ListenError::Group { group, .. } if group == r"no such\ngroup"));
    }

    #[tokio::test]
    async fn paths_that_cannot_be_announced_are_refused() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["x".repeat(100), "a|b".to_owned(), "a\nb".to_owned()] {
            let folder = parent.path().join(&name);
            fs::create_dir(&folder).unwrap();
            let error = PrivateSocket::in_new_folder(&folder).unwrap_err();
            assert!(matches!(error, ListenError::Path { limit: 104, .. }), "{error}");
            let error = PrivateSocket::open(Some(&folder), None).unwrap_err();
            assert!(!error.to_string().contains('\n'), "{error:?}");
            assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        }
    }

    #[tokio::test]
    async fn a_missing_folder_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let error = PrivateSocket::in_new_folder(&parent.path().join("missing")).unwrap_err();
        assert!(
            matches!(&error, ListenError::Folder { folder, .. } if folder.ends_with("missing"))
        );
        assert!(error.to_string().contains("TMPDIR"), "{error}");
    }

    #[test]
    fn groups_are_found_by_name() {
        let table = "root:x:0:\nbroken\nodd:x:many:\nstaff:x:50:ann,bob\n";
        assert_eq!(find_group(table, "root"), Some(0));
        assert_eq!(find_group(table, "staff"), Some(50));
        for missing in ["broken", "odd", "ann", ""] {
            assert_eq!(find_group(table, missing), None, "{missing}");
        }
    }
}
