//! Reads a file that an argument names.
//!
//! A configuration may name any path: a pipe that nobody writes to, a device without an end. The
//! caller reads in a thread of its own, because some of this cannot be interrupted.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// The largest file, in bytes: 1 MiB, several times the certificate authorities of a system.
pub const LARGEST: u64 = 1 << 20;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    /// The system refuses.
    #[error("{0}")]
    Refused(#[from] io::Error),
    /// It is a folder, a pipe or a device.
    #[error("it is not an ordinary file")]
    NotAFile,
    /// It is larger than [`LARGEST`].
    #[error("it is larger than 1 MiB")]
    TooLarge,
}

/// Reads an ordinary file of bounded size.
///
/// # Errors
///
/// When it is something else, or larger.
pub fn read(path: &Path) -> Result<Vec<u8>, FileProblem> {
    // Opening a pipe waits for somebody who writes to it.
    if !fs::metadata(path)?.is_file() {
        return Err(FileProblem::NotAFile);
    }
    let file = File::open(path)?;
    // It may have been replaced meanwhile.
    if !file.metadata()?.is_file() {
        return Err(FileProblem::NotAFile);
    }
    let mut content = Vec::new();
    // Some files grow, and those of /proc have no size.
    file.take(LARGEST + 1).read_to_end(&mut content)?;
    if content.len() as u64 > LARGEST {
        return Err(FileProblem::TooLarge);
    }
    Ok(content)
}

#[cfg(all(test, unix))]
mod tests {
    use std::path::Path;

    use super::{FileProblem, LARGEST, read};

    #[test]
    fn only_ordinary_files_of_bounded_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for path in [folder.path(), &pipe, Path::new("/dev/zero"), Path::new("/dev/stdin")] {
            assert!(matches!(read(path), Err(FileProblem::NotAFile)), "{path:?}");
        }
        assert!(matches!(read(&folder.path().join("missing")), Err(FileProblem::Refused(_))));
        let file = folder.path().join("file");
        let largest = usize::try_from(LARGEST).unwrap();
        std::fs::write(&file, vec![b'x'; largest]).unwrap();
        assert_eq!(read(&file).unwrap().len(), largest);
        std::fs::write(&file, vec![b'x'; largest + 1]).unwrap();
        assert!(matches!(read(&file), Err(FileProblem::TooLarge)));
    }
}
