//! Base64 (RFC 4648), in wiped memory where it is decoded. The crate for it is made for gigabytes, by code that the edge
//! would have to load.

use zeroize::Zeroizing;

use crate::sensitive::Sensitive;

/// In the ordinary alphabet, padded.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = digits(bytes, *b"+/");
    text.extend(std::iter::repeat_n('=', (3 - bytes.len() % 3) % 3));
    text
}

/// In the alphabet for URLs, without padding: what tokens are made of.
pub(crate) fn encode_url(bytes: &[u8]) -> String {
    digits(bytes, *b"-_")
}

/// Decodes either alphabet, padded or not. `None` when a character is of neither, or one is left over.
pub(crate) fn decode(text: &str) -> Option<Sensitive> {
    let digits = text.trim_end_matches('=').as_bytes();
    if text.len() - digits.len() > 2 {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len() / 4 * 3 + 3));
    let (mut bits, mut count) = (0_u32, 0);
    for digit in digits {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    (count < 6).then(|| Sensitive::from(std::mem::take(&mut *bytes)))
}

fn digits(bytes: &[u8], [plus, slash]: [u8; 2]) -> String {
    let mut text = String::with_capacity(bytes.len() / 3 * 4 + 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| group.get(at).copied().unwrap_or_default();
        let bits = u32::from_be_bytes([0, byte(0), byte(1), byte(2)]);
        for at in 0..=group.len() {
            let value = (bits >> (18 - 6 * at) & 63) as u8;
            text.push(char::from(match value {
                0..26 => b'A' + value,
                26..52 => b'a' + value - 26,
                52..62 => b'0' + value - 52,
                62 => plus,
                _ => slash,
            }));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back() {
        // The test vectors of RFC 4648 section 10, and what tells the alphabets apart.
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"foobar", "Zm9vYmFy"),
            (&[0xfb, 0xff, 0xbe], "+/++"),
        ] {
            let url = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
            assert_eq!((&*encode(bytes), encode_url(bytes)), (text, url.clone()));
            for text in [text, &url] {
                assert_eq!(decode(text).unwrap().expose(), bytes, "{text}");
            }
        }
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&all)).unwrap().expose(), all);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["A", "AAAAA", "A=", "AA===", "AA=A", "AA A", "AA.A", "Ä"] {
            assert!(decode(text).is_none(), "{text}");
        }
    }
}
