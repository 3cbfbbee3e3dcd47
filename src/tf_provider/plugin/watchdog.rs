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
