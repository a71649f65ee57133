//! Tells the person in front of this machine where to sign in, for hosts that bring no callback for it.

use std::io::{Write, stderr};

use nightlatch_core::effect::{Fault, FaultKind, Outcome};

/// Writes a line to standard error: what the program prints itself stays apart.
pub(crate) fn tell(message: &str) -> Outcome {
    match writeln!(stderr(), "{message}") {
        Ok(()) => Outcome::Prompted,
        Err(why) => Outcome::Failed(Fault::new(FaultKind::Other, why.kind().to_string())),
    }
}
