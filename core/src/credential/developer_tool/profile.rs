//! The file in which a tool keeps who is signed in: when it changes, tokens kept of the tool may be somebody else's.

use std::sync::Arc;
use std::time::Duration;

use crate::effect::{Effect, FaultKind, Outcome};
use crate::exec::Context;

/// A tool's profile file at some moment.
#[derive(Clone)]
pub(crate) struct Profile {
    path: Arc<str>,
    content: Content,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    /// Could not be found out.
    Unknown,
    /// There is none, or none that can be read.
    Absent,
    Hash(u64),
}

impl Profile {
    /// How long a change may go unnoticed.
    pub(crate) const RECHECK: Duration = Duration::from_secs(3);

    /// Longer than the profile of somebody with thousands of subscriptions.
    const LIMIT: usize = 4 << 20;

    pub(super) async fn read(context: &Context, path: Arc<str>) -> Self {
        let effect = Effect::ReadFile {
            path: path.to_string(),
            limit: Self::LIMIT,
            plain: false,
        };
        let content = match context.perform(effect, Duration::from_secs(1)).await {
            Outcome::File { content, .. } => Content::Hash(fnv_1a(content.expose())),
            Outcome::Failed(fault) if matches!(fault.kind, FaultKind::Interrupted | FaultKind::Timeout) => {
                Content::Unknown
            }
            _ => Content::Absent,
        };
        Self { path, content }
    }

    /// Whether it is another one by now, as far as can be found out.
    pub(crate) async fn has_changed(&self, context: &Context) -> bool {
        let now = Self::read(context, Arc::clone(&self.path)).await.content;
        now != Content::Unknown && now != self.content
    }

    /// Whether both tell of the same account.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.path == other.path && self.content == other.content
    }
}

/// Tells contents apart (Fowler, Noll and Vo's hash). Whoever could forge a profile file could sign in as well.
fn fnv_1a(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}
