//! Textual encodings of keys and certificates (RFC 7468), and the older kind with headers (RFC 1421).

use zeroize::Zeroizing;

use crate::base64;
use crate::sensitive::Sensitive;

/// What stands between `-----BEGIN …-----` and `-----END …-----`.
pub(crate) struct Block<'a> {
    pub(crate) label: &'a str,
    /// Whether it is encrypted in the manner of OpenSSL before version 1.0 (`DEK-Info`); then there is no content.
    pub(crate) encrypted: bool,
    pub(crate) content: Sensitive,
}

/// Whether a text holds any block.
pub(crate) fn is_pem(text: &[u8]) -> bool {
    text.windows(BEGIN.len()).any(|part| part == BEGIN.as_bytes())
}

/// The blocks of a text; `None` if one is not whole. What stands between them is no concern of anybody.
pub(crate) fn blocks(mut text: &str) -> Option<Vec<Block<'_>>> {
    let mut found = Vec::new();
    while let Some((_, rest)) = text.split_once(BEGIN) {
        let (label, rest) = rest.split_once("-----")?;
        let (inside, rest) = rest.split_once("-----END ")?;
        text = rest.strip_prefix(label)?.strip_prefix("-----")?;
        let encrypted = inside.contains("DEK-Info:");
        let content = match encrypted {
            true => Sensitive::default(),
            false => decode(inside)?,
        };
        found.push(Block {
            label,
            encrypted,
            content,
        });
    }
    Some(found)
}

/// Base64 with line breaks and blanks in it, decoded in wiped memory.
pub(crate) fn decode(text: &str) -> Option<Sensitive> {
    let mut dense = Zeroizing::new(String::with_capacity(text.len()));
    dense.extend(text.split_ascii_whitespace());
    base64::decode(&dense)
}

const BEGIN: &str = "-----BEGIN ";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<(String, bool, Vec<u8>)>> {
        let one = |b: Block<'_>| (b.label.to_owned(), b.encrypted, b.content.expose().to_vec());
        Some(blocks(text)?.into_iter().map(one).collect())
    }

    #[test]
    fn blocks_are_found_among_other_text() {
        let text = "Bag Attributes\r\n-----BEGIN A B-----\r\nAQ\r\nID\r\n-----END A B-----\r\nsubject=x\n-----BEGIN C-----\n-----END C-----";
        assert_eq!(
            read(text),
            Some(vec![
                ("A B".into(), false, vec![1, 2, 3]),
                ("C".into(), false, vec![])
            ])
        );
        assert_eq!(read("no block"), Some(vec![]));
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        for text in [
            "-----BEGIN A",
            "-----BEGIN A-----",
            "-----BEGIN A-----\nAQID",
            "-----BEGIN A-----\nAQID\n-----END B-----",
            "-----BEGIN A-----\nAQID\n-----END A",
            "-----BEGIN A-----\nA\n-----END A-----",
            "-----BEGIN A-----\n-----BEGIN B-----\nAQID\n-----END B-----\n-----END A-----",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn the_old_encryption_is_told() {
        let text = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAQID\n-----END RSA PRIVATE KEY-----";
        assert_eq!(read(text), Some(vec![("RSA PRIVATE KEY".into(), true, vec![])]));
    }
}
