//! What the command line needs besides the engine: the reader of `.env` files, the mask over what a command prints, and
//! of the system what Node does not lend.

use napi::bindgen_prelude::Uint8Array;
use napi::{Env, Result};
use napi_derive::napi;
use nightlatch_core::reference::dotenv::variables;
use nightlatch_core::reference::mask;

use crate::convert::text_of;
use crate::engine::{Value, sensitive};
use crate::error;

/// The variables of an `.env` file in their order, as they stand there.
#[napi]
pub fn read_dotenv(env: Env, text: String) -> Result<Vec<(String, String)>> {
    let found = variables(&text).map_err(|why| error::throw(&env, &why))?;
    let texts = found
        .into_iter()
        .map(|one| (one.name, text_of(&one.value).into_owned()));
    Ok(texts.collect())
}

/// Hides secrets in one stream of bytes, also those that are cut into chunks.
#[napi]
pub struct Masker(mask::Masker);

#[napi]
impl Masker {
    /// Hides these values.
    #[napi(constructor)]
    pub fn new(values: Vec<Value>) -> Self {
        let values: Vec<_> = values.into_iter().map(sensitive).collect();
        Self(mask::Masker::new(&values))
    }

    /// Takes the next bytes of the stream, and gives what can go on.
    #[napi]
    pub fn feed(&mut self, chunk: &[u8]) -> Uint8Array {
        self.0.feed(chunk).into()
    }

    /// Gives what was held back: the stream has ended.
    #[napi]
    pub fn finish(&mut self) -> Uint8Array {
        self.0.finish().into()
    }
}

/// The two ends of a pipe, to read and to write. Those that Node makes for a process's streams are sockets, and a program
/// cannot open these by a name such as `/dev/stdout`.
#[cfg(target_os = "linux")]
#[napi]
pub fn pipe() -> Result<(i32, i32)> {
    use rustix::fd::IntoRawFd;
    use rustix::pipe::{PipeFlags, pipe_with};

    let ends = pipe_with(PipeFlags::CLOEXEC);
    let (read, write) = ends.map_err(|why| napi::Error::from_reason(why.to_string()))?;
    Ok((read.into_raw_fd(), write.into_raw_fd()))
}

/// Sees to it that no signal leaves this process's memory behind.
#[cfg(target_os = "linux")]
#[napi]
pub fn forbid_dumps() -> Result<()> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};

    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|why| napi::Error::from_reason(why.to_string()))
}
