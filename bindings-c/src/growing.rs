//! Bytes of unknown number, gathered without leaving unwiped copies behind.

use std::io::Read;

use nightlatch_core::sensitive::Sensitive;
use zeroize::{Zeroize, Zeroizing};

/// Grows by moving and wiping; what is not [finished](Self::finish) is wiped when dropped.
#[derive(Default)]
pub(crate) struct Growing(Zeroizing<Vec<u8>>);

impl Growing {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn append(&mut self, more: &[u8]) {
        let needed = self.0.len() + more.len();
        if needed > self.0.capacity() {
            let mut larger = Vec::with_capacity(needed.max(2 * self.0.capacity()).max(1024));
            larger.extend_from_slice(&self.0);
            // The old buffer is wiped as it is replaced.
            self.0 = Zeroizing::new(larger);
        }
        self.0.extend_from_slice(more);
    }

    /// Reads to the end, or until there is more than `limit`.
    pub(crate) fn read_from(&mut self, source: &mut impl Read, limit: usize) -> std::io::Result<()> {
        let mut chunk = [0; 8192];
        let ended = loop {
            match source.read(&mut chunk) {
                Ok(0) => break Ok(()),
                Ok(read) => self.append(&chunk[..read]),
                Err(why) if why.kind() == std::io::ErrorKind::Interrupted => {}
                Err(why) => break Err(why),
            }
            if self.len() > limit {
                break Ok(());
            }
        };
        chunk.zeroize();
        ended
    }

    /// The bytes, without a copy.
    pub(crate) fn finish(mut self) -> Sensitive {
        Sensitive::from(std::mem::take(&mut *self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_in_growing() {
        let mut growing = Growing::default();
        let all: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
        all.chunks(777).for_each(|chunk| growing.append(chunk));
        assert_eq!(growing.finish().expose(), all);
    }

    #[test]
    fn reading_stops_beyond_the_limit() {
        let mut growing = Growing::default();
        growing.read_from(&mut std::io::repeat(b'x'), 10_000).unwrap();
        assert!((10_001..30_000).contains(&growing.len()));
    }
}
