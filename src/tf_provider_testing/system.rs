//! Differences between operating systems.
//!
//! All functions exist on all systems, so that tests compile everywhere. A test of something that a
//! system lacks asks first, and its output names what it skips.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::left_out::skipped;

/// Returns whether this system is a Unix, with signals, modes and sockets in the file system. If
/// not, the output of the test names what it skips.
pub fn is_unix(what: &str) -> bool {
    if !cfg!(unix) {
        skipped(&format!("{what}: it needs a Unix"));
    }
    cfg!(unix)
}

/// Returns whether this system lists its processes in `/proc`, as Linux does. If not, the output of
/// the test names what it skips.
pub fn is_linux(what: &str) -> bool {
    if !cfg!(target_os = "linux") {
        skipped(&format!("{what}: it needs Linux"));
    }
    cfg!(target_os = "linux")
}

/// Returns the environment variables that this system needs to start a program that uses the
/// network.
pub fn needed_variables() -> impl Iterator<Item = (&'static str, std::ffi::OsString)> {
    let names: &[&str] = if cfg!(windows) { &["SystemRoot"] } else { &[] };
    names.iter().filter_map(|&name| Some((name, std::env::var_os(name)?)))
}

/// Returns a path for a quoted string of a configuration, in which a backslash begins an escape.
/// Windows accepts slashes.
pub fn in_configuration(path: &Path) -> String {
    let text = path.to_str().expect("a path in UTF-8");
    if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() }
}

/// A signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-\, for which Go programs print their stacks.
    Quit,
    /// The terminal was closed.
    HangUp,
    /// A request to end.
    Terminate,
}

#[cfg(unix)]
impl From<Signal> for rustix::process::Signal {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::Interrupt => Self::INT,
            Signal::Quit => Self::QUIT,
            Signal::HangUp => Self::HUP,
            Signal::Terminate => Self::TERM,
        }
    }
}

/// Converts the id of a process.
#[cfg(unix)]
fn number(process: u32) -> rustix::process::Pid {
    let process = i32::try_from(process).expect("the number of a process");
    rustix::process::Pid::from_raw(process).expect("the number of a process")
}

/// Sends a signal to a process. For Unix.
pub fn send(signal: Signal, process: u32) {
    #[cfg(unix)]
    rustix::process::kill_process(number(process), signal.into()).expect("a signal is sent");
    #[cfg(not(unix))]
    panic!("there is no {signal:?} for process {process}: ask is_unix first");
}

/// Sends a signal to all processes of a group. For Unix.
pub fn send_to_group(signal: Signal, first: u32) {
    #[cfg(unix)]
    rustix::process::kill_process_group(number(first), signal.into()).expect("a signal is sent");
    #[cfg(not(unix))]
    panic!("there is no {signal:?} for group {first}: ask is_unix first");
}

/// Makes a command's process the first of a new group. For Unix.
pub fn own_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    panic!("there is no group for {command:?}: ask is_unix first");
}

/// Returns the permissions of a file, as in `chmod`. For Unix.
pub fn mode(path: &Path) -> u32 {
    #[cfg(unix)]
    return std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(path).expect("a file").permissions(),
    ) & 0o777;
    #[cfg(not(unix))]
    panic!("there is no mode of {path:?}: ask is_unix first");
}

/// Restricts a file or folder to its owner. On other systems than Unix, a user's temporary folder
/// is private already.
pub fn make_private(path: &Path) {
    #[cfg(unix)]
    {
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(path, private).expect("a file of our own");
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Whether a file is a socket, which exists on Unix only.
pub fn is_socket(kind: fs::FileType) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::FileTypeExt::is_socket(&kind);
    #[cfg(not(unix))]
    {
        let _ = kind;
        false
    }
}

/// A folder in which nothing can be written.
pub struct UnwritableFolder(Option<tempfile::TempDir>);

impl Default for UnwritableFolder {
    fn default() -> Self {
        Self::new()
    }
}

impl UnwritableFolder {
    /// On Linux, no user can write to it. Elsewhere it is an empty folder; an ordinary user of a
    /// Unix cannot write to it.
    pub fn new() -> Self {
        if cfg!(target_os = "linux") {
            return Self(None);
        }
        let folder = tempfile::tempdir().expect("a folder");
        // On Windows, this would only prevent the removal of the folder.
        if cfg!(unix) {
            let mut permissions = fs::metadata(folder.path()).expect("a folder").permissions();
            permissions.set_readonly(true);
            fs::set_permissions(folder.path(), permissions).expect("a folder of our own");
        }
        Self(Some(folder))
    }

    /// Its path.
    pub fn path(&self) -> PathBuf {
        self.0.as_ref().map_or_else(|| "/proc".into(), |folder| folder.path().to_owned())
    }

    /// Fails the test if something was written.
    pub fn assert_empty(&self) {
        if let Some(folder) = &self.0 {
            assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
        }
    }
}
