//! Ends the process when the thread that serves it does not.
//!
//! One thread serves all calls, and the signals and the end of Terraform reach it as events. A call
//! that computes, or waits for a disk, keeps it from them. So another thread waits for both as
//! well. It gives the calls the same time as an orderly end does, and then ends the process.

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::process;
use std::time::Duration;

/// How much longer than an orderly end the watchdog waits.
const MARGIN: Duration = Duration::from_secs(1);

/// The stack of the thread, in bytes.
const STACK: usize = 256 << 10;

/// Starts the thread. `end` returns when the time of an orderly end is over. `folder` is that of
/// the socket, which nobody else would remove.
///
/// # Errors
/// When the system has no thread left.
pub(super) fn start<F: Future<Output = ()>>(
    folder: Option<PathBuf>,
    end: impl FnOnce() -> F + Send + 'static,
) -> io::Result<()> {
    let thread = std::thread::Builder::new().name("watchdog".to_owned()).stack_size(STACK);
    thread.spawn(move || {
        // An event loop of its own. Without one, the process ends as it would without a watchdog.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            end().await;
            tokio::time::sleep(MARGIN).await;
        });
        if let Some(folder) = folder {
            // There is nowhere to report that this failed.
            let _ = std::fs::remove_dir_all(folder);
        }
        #[expect(clippy::disallowed_methods, reason = "the thread that should return does not")]
        process::exit(1);
    })?;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::future::pending;
    use std::process::{Child, Command};
    use std::time::{Duration, Instant};

    use rustix::process::{Pid, Signal, kill_process};

    use super::super::process::tests::watched_end;
    use super::start;

    /// Names the folder of a process that this test starts from its own program.
    const FOLDER: &str = "WATCHDOG_TEST_FOLDER";

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test starts itself")]
    fn blocked_process_ends_after_sigterm() {
        if let Some(folder) = std::env::var_os(FOLDER) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async move {
                let _signals = super::super::signals::Signals::install().unwrap();
                start(Some(folder.clone().into()), watched_end()).unwrap();
                // The watchdog waits for the signal as soon as it has the processor.
                std::thread::sleep(Duration::from_millis(500));
                std::fs::create_dir(folder).unwrap();
                // Neither an await nor an event from here on.
                std::thread::sleep(Duration::from_secs(600));
                pending::<()>().await
            });
            return;
        }
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("socket");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "plugin::watchdog::tests::blocked_process_ends_after_sigterm"])
            .env(FOLDER, &folder)
            .spawn()
            .unwrap();
        let started = Instant::now();
        while !folder.exists() && started.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(20));
        }
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        let ended = ends_within(&mut child, Duration::from_secs(15));
        let _ = child.kill();
        assert_eq!(ended, Some(1));
        assert!(!folder.exists(), "the folder of the socket is left behind");
    }

    fn ends_within(child: &mut Child, limit: Duration) -> Option<i32> {
        let started = Instant::now();
        while started.elapsed() < limit {
            if let Ok(Some(status)) = child.try_wait() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
}
