//! The program `webex-cc-simulator`: reads its flags, starts the simulator,
//! says where it listens, and ends on SIGINT or SIGTERM, on Windows on Ctrl-C or
//! Ctrl-Break.

mod command_line;

use std::io::{self, Write};
use std::process::ExitCode;

use command_line::Command;
use webex_cc_simulator::Simulator;

fn main() -> ExitCode {
    match command_line::parse(std::env::args().skip(1)) {
        Ok(Command::Help) => print(&command_line::help()),
        Ok(Command::Version) => {
            print(concat!("webex-cc-simulator ", env!("CARGO_PKG_VERSION"), "\n"))
        }
        Ok(Command::Serve(options)) => match serve(*options) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => complain(&error.to_string(), 1),
        },
        Err(wrong) => complain(&format!("{wrong}\nTry --help."), 2),
    }
}

fn serve(options: webex_cc_simulator::Options) -> io::Result<()> {
    let listen = options.listen;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Asked for before the ready line, so that whoever reads that line can
        // stop the program at once.
        let ended = ended()?;
        let simulator = Simulator::start(options).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot serve {listen}: {error}"))
        })?;
        let mut stdout = io::stdout();
        writeln!(stdout, "listening on {}", simulator.base_url())?;
        stdout.flush()?;
        ended.await;
        Ok(())
    })
}

#[cfg(unix)]
fn ended() -> io::Result<impl Future<Output = ()>> {
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
fn ended() -> io::Result<impl Future<Output = ()>> {
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

fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn complain(text: &str, code: u8) -> ExitCode {
    // Nothing is left to be told to whoever closed our stderr.
    let _ = writeln!(io::stderr(), "webex-cc-simulator: {text}");
    ExitCode::from(code)
}
