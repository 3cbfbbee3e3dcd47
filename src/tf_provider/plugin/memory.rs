//! Keeps the memory of the process, which holds credentials, out of files and from other processes.

/// Turns off core dumps. On Linux, other processes of the same user can no longer read the memory
/// either, unless they may read that of every process.
///
/// A system that refuses has its reasons, and the process starts all the same.
#[cfg(unix)]
pub(super) fn keep_private() {
    use rustix::process::{Resource, Rlimit, setrlimit};

    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _ = setrlimit(Resource::Core, none);
    // A limit is not asked where the system hands dumps to a program.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Does nothing: what Windows does with a process that crashes is set for the machine.
#[cfg(not(unix))]
pub(super) fn keep_private() {}
