//! Reads whole files, for hosts that bring no callback for it.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Error, ErrorKind};

use nightlatch_core::effect::{Fault, FaultKind, Outcome};

use crate::growing::Growing;

/// The file's content, or why there is none. With `plain` a symbolic link, or whatever is no plain file, is refused.
pub(crate) fn read(path: &str, limit: usize, plain: bool) -> Outcome {
    match try_read(path, limit, plain) {
        Ok(outcome) => outcome,
        Err(why) => Outcome::Failed(fault(&why)),
    }
}

fn try_read(path: &str, limit: usize, plain: bool) -> io::Result<Outcome> {
    let failed = |kind| Ok(Outcome::Failed(Fault::new(kind, "")));
    if plain && fs::symlink_metadata(path)?.is_symlink() {
        return failed(FaultKind::NotPlain);
    }
    let mut file = open(path, plain)?;
    // Of the file that is open, whatever its name leads to by now.
    let about = file.metadata()?;
    if plain && !about.is_file() {
        return failed(FaultKind::NotPlain);
    }
    let mut content = Growing::default();
    content.read_from(&mut file, limit)?;
    if content.len() > limit {
        return failed(FaultKind::TooLarge);
    }
    Ok(Outcome::File {
        content: content.finish(),
        shared: is_shared(&about),
    })
}

#[cfg(unix)]
fn open(path: &str, plain: bool) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    // Neither is a link followed that was put there since, nor does a pipe keep us waiting.
    let flags = if plain {
        libc::O_NOFOLLOW | libc::O_NONBLOCK
    } else {
        0
    };
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open(path: &str, _plain: bool) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

/// Whether others than the owner may read it.
#[cfg(unix)]
fn is_shared(about: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    about.permissions().mode() & 0o044 != 0
}

/// Windows tells by other means than a mode.
#[cfg(not(unix))]
fn is_shared(_about: &Metadata) -> bool {
    false
}

/// What an error of the operating system means to the engine.
pub(crate) fn fault(why: &Error) -> Fault {
    match why.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Fault::new(FaultKind::NotFound, ""),
        ErrorKind::PermissionDenied => Fault::new(FaultKind::PermissionDenied, ""),
        _ => Fault::new(FaultKind::Other, why.kind().to_string()),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::PathBuf;

    use super::*;

    /// A folder of its own for each test.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("nightlatch-files-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn kind(outcome: Outcome) -> FaultKind {
        match outcome {
            Outcome::Failed(fault) => fault.kind,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_file_is_read_up_to_its_limit_and_says_who_else_may_read_it() {
        let folder = folder("limit");
        let path = folder.join("file");
        fs::write(&path, b"12345").unwrap();
        for (mode, others) in [(0o600, false), (0o640, true), (0o604, true), (0o622, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let Outcome::File { content, shared } = read(path.to_str().unwrap(), 5, true) else {
                panic!("it was not read")
            };
            assert_eq!((content.expose(), shared), (&b"12345"[..], others), "{mode:o}");
        }
        assert_eq!(kind(read(path.to_str().unwrap(), 4, false)), FaultKind::TooLarge);
        assert_eq!(kind(read(path.to_str().unwrap(), 0, false)), FaultKind::TooLarge);
        assert_eq!(
            kind(read(&format!("{}/x", path.display()), 4, false)),
            FaultKind::NotFound
        );
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn only_plain_files_are_plain() {
        let folder = folder("plain");
        let (path, link, pipe) = (folder.join("file"), folder.join("link"), folder.join("pipe"));
        fs::write(&path, b"12345").unwrap();
        symlink(&path, &link).unwrap();
        let name = std::ffi::CString::new(pipe.to_str().unwrap()).unwrap();
        // SAFETY: a text that ends with a NUL.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        assert!(matches!(
            read(link.to_str().unwrap(), 5, false),
            Outcome::File { .. }
        ));
        for other in [&link, &pipe, &folder] {
            assert_eq!(kind(read(other.to_str().unwrap(), 5, true)), FaultKind::NotPlain);
        }
        assert_eq!(kind(read("/nowhere/at/all", 5, true)), FaultKind::NotFound);
        fs::remove_dir_all(folder).unwrap();
    }
}
