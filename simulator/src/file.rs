//! Files that are written whole: a temporary file replaces them, so that a crash
//! leaves either the old or the new content.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a file that only its owner may read, because it holds secrets. `what`
/// names it in errors.
pub(crate) fn replace(what: &str, file: &Path, text: &str) -> io::Result<()> {
    let temporary = temporary(file);
    write(&temporary, text).map_err(|error| named(what, &temporary, &error))?;
    std::fs::rename(&temporary, file).map_err(|error| named(what, file, &error))
}

/// Checks that a file can be written, and leaves it as it is.
pub(crate) fn check(what: &str, file: &Path) -> io::Result<()> {
    let temporary = temporary(file);
    write(&temporary, "").map_err(|error| named(what, &temporary, &error))?;
    std::fs::remove_file(&temporary)
}

fn temporary(file: &Path) -> PathBuf {
    let mut temporary = file.to_owned().into_os_string();
    temporary.push(".new");
    PathBuf::from(temporary)
}

fn write(file: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut opened = options.open(file)?;
    opened.write_all(text.as_bytes())?;
    opened.sync_all()
}

/// Adds what a file is, and its name, to an error.
pub(crate) fn named(what: &str, file: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("the {what} {}: {error}", file.display()))
}
