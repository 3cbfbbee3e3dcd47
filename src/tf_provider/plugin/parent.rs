//! The process that started us, watched so that we do not outlive it.
//!
//! go-plugin does not do this: after `kill -9` of Terraform, its providers run
//! forever.

#[cfg(unix)]
use rustix::process::{Pid, getppid};

/// The process that started us.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parent {
    /// Absent when the parent is outside of our container, where its id is not
    /// visible.
    #[cfg(unix)]
    id: Option<Pid>,
}

impl Parent {
    /// Returns the current parent. Call it early: an orphan gets a new parent,
    /// and then the first one is unknown.
    pub(super) fn current() -> Self {
        Self {
            #[cfg(unix)]
            id: getppid(),
        }
    }
}

#[cfg(unix)]
impl Parent {
    /// Returns when the parent has ended.
    pub(super) async fn gone(self) {
        let Some(id) = self.id else { return std::future::pending().await };
        #[cfg(target_os = "linux")]
        if watch_process(id).await.is_ok() {
            return;
        }
        poll(id).await;
    }
}

#[cfg(not(unix))]
impl Parent {
    /// Never returns: watching a process takes unsafe code on this system.
    pub(super) async fn gone(self) {
        std::future::pending().await
    }
}

/// Waits on a file descriptor of the process, which takes no polling.
///
/// Not `PR_SET_PDEATHSIG`: that signal comes when the *thread* that started us
/// ends, and the Go runtime ends threads at any time.
///
/// Fails on kernels before 5.3 and in sandboxes that forbid the call.
#[cfg(target_os = "linux")]
#[expect(
    deprecated,
    reason = "its successor is unsafe, on the condition that the descriptor stays the same and \
              open as long as it is watched; the owned descriptor here fulfills that"
)]
async fn watch_process(id: Pid) -> std::io::Result<()> {
    use rustix::process::{PidfdFlags, pidfd_open};
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    let process = match pidfd_open(id, PidfdFlags::empty()) {
        Ok(process) => AsyncFd::with_interest(process, Interest::READABLE)?,
        Err(rustix::io::Errno::SRCH) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    // The parent may have ended before the descriptor was opened, and its id
    // may even belong to another process by now.
    if getppid() != Some(id) {
        return Ok(());
    }
    process.readable().await.map(|_ready| ())
}

/// Compares the parent twice a second.
#[cfg(unix)]
async fn poll(id: Pid) {
    let mut clock = tokio::time::interval(std::time::Duration::from_millis(500));
    while getppid() == Some(id) {
        clock.tick().await;
    }
}

#[cfg(all(test, unix))]
mod tests {
    use futures_util::FutureExt;
    use rustix::process::{Pid, getpid, getppid};

    use super::{Parent, poll};

    #[tokio::test(start_paused = true)]
    async fn running_parent_is_not_gone() {
        let watched = std::time::Duration::from_secs(3600);
        let parent = Parent::current();
        assert!(tokio::time::timeout(watched, parent.gone()).await.is_err());
        assert!(tokio::time::timeout(watched, poll(getppid().unwrap())).await.is_err());
    }

    #[tokio::test]
    async fn parent_that_is_no_longer_ours_is_gone() {
        // Stands for a parent that ended before it could be watched.
        let parent = Parent { id: Some(getpid()) };
        assert!(parent.gone().now_or_never().is_some());
        assert!(poll(getpid()).now_or_never().is_some());
        // No process has an id that high.
        let parent = Parent { id: Pid::from_raw(i32::MAX) };
        assert!(parent.gone().now_or_never().is_some());
    }

    #[tokio::test]
    async fn parent_outside_of_the_container_is_never_gone() {
        assert!(Parent { id: None }.gone().now_or_never().is_none());
    }
}
