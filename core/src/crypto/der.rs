//! Distinguished Encoding Rules (ITU-T X.690), as far as keys and certificates need them: elements with one-byte tags
//! and definite lengths. Whatever is longer than it says, or ends too early, is `None`.

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;

/// The elements that follow each other in some bytes.
#[derive(Clone, Copy)]
pub(crate) struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The elements of the one sequence that `bytes` are.
    pub(crate) fn whole_sequence(bytes: &'a [u8]) -> Option<Self> {
        let mut outer = Self(bytes);
        let inner = outer.sequence()?;
        outer.0.is_empty().then_some(inner)
    }

    /// Whether the next element has that tag.
    pub(crate) fn is_next(&self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// The next element whole: tag, length and content.
    pub(crate) fn element(&mut self) -> Option<(u8, &'a [u8], &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            ..=0x7f => (usize::from(first), rest),
            // Four bytes of length are more than any file here has.
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (
                    bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
                    rest,
                )
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        let whole = &self.0[..self.0.len() - rest.len()];
        self.0 = rest;
        Some((tag, content, whole))
    }

    /// The content of the next element, which must have that tag.
    pub(crate) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        if !self.is_next(tag) {
            return None;
        }
        self.element().map(|(_, content, _)| content)
    }

    pub(crate) fn sequence(&mut self) -> Option<Self> {
        self.take(SEQUENCE).map(Self)
    }

    /// A whole number that is not negative, without leading zeros.
    pub(crate) fn unsigned(&mut self) -> Option<&'a [u8]> {
        let bytes = self.take(INTEGER)?;
        let negative = bytes.first()? & 0x80 != 0;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        (!negative).then(|| &bytes[zeros..])
    }
}

#[cfg(feature = "encrypted-keys")]
impl Der<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The elements inside the next one, which must have that tag.
    pub(crate) fn inside(&mut self, tag: u8) -> Option<Self> {
        self.take(tag).map(Self)
    }
}

/// `content` as an element.
pub(crate) fn element(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let length: usize = content.iter().map(|part| part.len()).sum();
    let bytes = length.to_be_bytes();
    let bytes = &bytes[(length.leading_zeros() / 8) as usize..];
    // Room for all at once: growing would leave a copy of a key behind.
    let mut out = Vec::with_capacity(2 + bytes.len() + length);
    out.push(tag);
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            out.push(0x80 | bytes.len() as u8);
            out.extend_from_slice(bytes);
        }
    }
    content.iter().for_each(|part| out.extend_from_slice(part));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let content = vec![7; length];
            let written = element(OCTET_STRING, &[&content[..length / 2], &content[length / 2..]]);
            let mut der = Der(&written);
            assert_eq!(der.take(OCTET_STRING), Some(&content[..]), "{length}");
            assert_eq!(der.element(), None);
            assert_eq!(Der(&written[..written.len() - 1]).element(), None, "{length}");
        }
    }

    #[test]
    fn lengths_cannot_reach_outside() {
        for bytes in [
            &b""[..],
            b"\x30",
            b"\x30\x01",
            b"\x30\x80\0\0",
            b"\x30\x81",
            b"\x30\x84\xff\xff\xff\xff",
            b"\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff",
        ] {
            assert_eq!(Der(bytes).element(), None, "{bytes:x?}");
        }
        assert!(
            Der::whole_sequence(b"\x30\x00\x00").is_none(),
            "something follows"
        );
    }

    #[test]
    fn numbers_lose_their_leading_zeros() {
        let read = |bytes: &'static [u8]| Der(bytes).unsigned();
        assert_eq!(read(b"\x02\x02\x00\x80"), Some(&b"\x80"[..]));
        assert_eq!(read(b"\x02\x01\x00"), Some(&b""[..]));
        assert_eq!(read(b"\x02\x01\x80"), None, "negative");
        assert_eq!(read(b"\x02\x00"), None);
    }
}
