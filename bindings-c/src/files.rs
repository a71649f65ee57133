//! Reads whole files, for hosts that bring no callback for it.

use std::fs::File;
use std::io::{Error, ErrorKind};

use nightlatch_core::effect::{Fault, FaultKind, Outcome};

use crate::growing::Growing;

/// The file's content, or why there is none.
pub(crate) fn read(path: &str, limit: usize) -> Outcome {
    let mut content = Growing::default();
    match File::open(path).and_then(|mut file| content.read_from(&mut file, limit)) {
        Ok(()) if content.len() > limit => Outcome::Failed(Fault::new(FaultKind::TooLarge, "")),
        Ok(()) => Outcome::File {
            content: content.finish(),
            shared: false,
        },
        Err(why) => Outcome::Failed(fault(&why)),
    }
}

/// What an error of the operating system means to the engine.
pub(crate) fn fault(why: &Error) -> Fault {
    match why.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Fault::new(FaultKind::NotFound, ""),
        ErrorKind::PermissionDenied => Fault::new(FaultKind::PermissionDenied, ""),
        _ => Fault::new(FaultKind::Other, why.kind().to_string()),
    }
}
