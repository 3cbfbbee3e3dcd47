//! The program `webex-cc-simulator`: it parses its flags, starts the simulator,
//! prints the address, and ends on SIGINT or SIGTERM, on Windows on Ctrl-C or
//! Ctrl-Break.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use webex_cc_simulator::{Options, Simulator, browser};

fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) if error.use_stderr() => return fail(&error, 2),
        Err(help_or_version) => help_or_version.exit(),
    };
    match serve(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, 1),
    }
}

fn fail(error: &dyn Error, code: u8) -> ExitCode {
    // A closed stderr leaves no way to report anything.
    let _ = writeln!(io::stderr(), "webex-cc-simulator: {error}");
    ExitCode::from(code)
}

fn serve(options: Options) -> io::Result<()> {
    let listen = options.listen;
    let form = options.play.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // The handlers are installed before the ready line, after which a signal
        // must end the program with exit code 0.
        let end = end_signal()?;
        let simulator = Simulator::start(options).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot serve {listen}: {error}"))
        })?;
        if let Some(form) = form {
            let played = browser::play(&simulator, &form).map(drop).map_err(io::Error::other);
            // What was recorded before an error helps to find it.
            return simulator.save_har().and(played);
        }
        let mut stdout = io::stdout();
        writeln!(stdout, "listening on {}", simulator.base_url())?;
        stdout.flush()?;
        end.await;
        simulator.save_har()
    })
}

#[cfg(unix)]
fn end_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(windows)]
fn end_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::windows::{ctrl_break, ctrl_c};
    let mut interrupt = ctrl_c()?;
    let mut terminate = ctrl_break()?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
