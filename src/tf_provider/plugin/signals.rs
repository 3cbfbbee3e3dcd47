//! Signals: some end the process, others are ignored.

#[cfg(unix)]
pub(super) use unix::Signals;
#[cfg(windows)]
pub(super) use windows::Signals;

#[cfg(unix)]
mod unix {
    use std::io;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// Receives the signals that would otherwise end the process.
    pub(in super::super) struct Signals {
        interrupt: Signal,
        quit: Signal,
        hangup: Signal,
        terminate: Signal,
    }

    impl Signals {
        /// Takes over the signals from the system.
        ///
        /// # Errors
        /// When the system refuses.
        pub(in super::super) fn install() -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                quit: signal(SignalKind::quit())?,
                hangup: signal(SignalKind::hangup())?,
                terminate: signal(SignalKind::terminate())?,
            })
        }

        /// Returns on the signal that ends a child of Terraform.
        ///
        /// The terminal sends Ctrl-C, Ctrl-\ and its hang-up to all processes
        /// in the foreground. Ending on those would lose objects that are being
        /// created. Terraform decides: it calls Stop, or ends itself, which
        /// [`Parent::gone`](super::super::parent::Parent::gone) notices.
        pub(in super::super) async fn terminated(&mut self) {
            loop {
                let ignored = tokio::select! {
                    _ = self.terminate.recv() => return,
                    _ = self.interrupt.recv() => "SIGINT",
                    _ = self.quit.recv() => "SIGQUIT",
                    _ = self.hangup.recv() => "SIGHUP",
                };
                tracing::debug!(signal = ignored, "Ignoring a signal; Terraform decides");
            }
        }

        /// Returns on SIGTERM, and leaves what is to be said of the others to
        /// [`Self::terminated`].
        pub(in super::super) async fn only_terminated(&mut self) {
            self.terminate.recv().await;
        }

        /// Returns on any signal, as the person at the terminal expects.
        pub(in super::super) async fn interrupted(&mut self) {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
                _ = self.quit.recv() => {}
                _ = self.hangup.recv() => {}
            }
        }
    }
}

#[cfg(windows)]
mod windows {
    use std::io;

    use tokio::signal::windows::{CtrlBreak, CtrlC, ctrl_break, ctrl_c};

    /// Receives the console events that would otherwise end the process.
    pub(in super::super) struct Signals {
        ctrl_c: CtrlC,
        ctrl_break: CtrlBreak,
    }

    impl Signals {
        /// Takes over the events from the system.
        ///
        /// # Errors
        /// When the system refuses.
        pub(in super::super) fn install() -> io::Result<Self> {
            Ok(Self { ctrl_c: ctrl_c()?, ctrl_break: ctrl_break()? })
        }

        /// Never returns: no console event ends a child of Terraform.
        pub(in super::super) async fn terminated(&mut self) {
            loop {
                let ignored = tokio::select! {
                    _ = self.ctrl_c.recv() => "Ctrl-C",
                    _ = self.ctrl_break.recv() => "Ctrl-Break",
                };
                tracing::debug!(signal = ignored, "Ignoring a signal; Terraform decides");
            }
        }

        /// Never returns: no console event ends a child of Terraform.
        pub(in super::super) async fn only_terminated(&mut self) {
            std::future::pending().await
        }

        /// Returns on any signal, as the person at the terminal expects.
        pub(in super::super) async fn interrupted(&mut self) {
            tokio::select! {
                _ = self.ctrl_c.recv() => {}
                _ = self.ctrl_break.recv() => {}
            }
        }
    }
}
