//! Bytes that must not leave by accident: they print as `***` and are wiped when the last owner goes.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

/// Shared, immutable, wiped on drop. Cloning copies a pointer, never the bytes.
///
/// There is no `Display`, no `Serialize`, and `Debug` shows nothing; whoever needs the content
/// calls [`expose`](Self::expose), which is easy to search for.
#[derive(Clone, Default)]
pub struct Sensitive(Arc<Zeroizing<Vec<u8>>>);

impl Sensitive {
    /// Joins `parts` in one allocation, so that growing leaves no unwiped copy behind.
    pub fn concat(parts: &[&[u8]]) -> Self {
        let mut bytes = Vec::with_capacity(parts.iter().map(|p| p.len()).sum());
        for part in parts {
            bytes.extend_from_slice(part);
        }
        Self::from(bytes)
    }

    /// The bytes themselves.
    #[inline]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as text, if they are UTF-8.
    pub fn expose_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl PartialEq for Sensitive {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Eq for Sensitive {}

impl From<Vec<u8>> for Sensitive {
    /// Takes the bytes over without a copy.
    fn from(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Zeroizing::new(bytes)))
    }
}

impl From<String> for Sensitive {
    /// Takes the text over without a copy.
    fn from(text: String) -> Self {
        Self::from(text.into_bytes())
    }
}

impl From<&str> for Sensitive {
    fn from(text: &str) -> Self {
        Self::from(text.as_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let secret = Sensitive::from("hunter2");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "*** Some(***)");
        assert_eq!(secret.expose_str(), Some("hunter2"));
    }

    #[test]
    fn concat_allocates_once() {
        let joined = Sensitive::concat(&[b"Bearer ", b"token"]);
        assert_eq!(joined.expose(), b"Bearer token");
        assert_eq!(joined.0.capacity(), joined.len());
    }
}
