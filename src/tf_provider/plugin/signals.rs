//! Signals: which of them end the process, and which do not.

#[cfg(unix)]
pub(super) use unix::Signals;
#[cfg(windows)]
pub(super) use windows::Signals;

#[cfg(unix)]
mod unix {
    use std::io;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// The signals of interest. From its installation on, none of them ends the
    /// process by itself.
    pub(in super::super) struct Signals {
        interrupt: Signal,
        quit: Signal,
        hangup: Signal,
        terminate: Signal,
    }

    impl Signals {
        /// Takes the signals over from the system.
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

        /// Returns when the process is asked to end, as a child of Terraform.
        ///
        /// The terminal sends Ctrl-C, Ctrl-\ and its own end to all processes
        /// in front of it. Ending on those would lose what is being created:
        /// Terraform decides, and either calls Stop or ends itself, which is
        /// noticed.
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

        /// Returns when the process is asked to end by the person at the
        /// terminal.
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

    /// The console events of interest. From its installation on, none of them
    /// ends the process by itself.
    pub(in super::super) struct Signals {
        ctrl_c: CtrlC,
        ctrl_break: CtrlBreak,
    }

    impl Signals {
        /// Takes the events over from the system.
        ///
        /// # Errors
        /// When the system refuses.
        pub(in super::super) fn install() -> io::Result<Self> {
            Ok(Self { ctrl_c: ctrl_c()?, ctrl_break: ctrl_break()? })
        }

        /// Never returns: nobody ends a child of Terraform by a console event.
        pub(in super::super) async fn terminated(&mut self) {
            loop {
                let ignored = tokio::select! {
                    _ = self.ctrl_c.recv() => "Ctrl-C",
                    _ = self.ctrl_break.recv() => "Ctrl-Break",
                };
                tracing::debug!(signal = ignored, "Ignoring a signal; Terraform decides");
            }
        }

        /// Returns when the process is asked to end by the person at the
        /// terminal.
        pub(in super::super) async fn interrupted(&mut self) {
            tokio::select! {
                _ = self.ctrl_c.recv() => {}
                _ = self.ctrl_break.recv() => {}
            }
        }
    }
}
