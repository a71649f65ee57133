//! The grammar of JSON (RFC 8259), and nothing but it: what is found valid here is read in place afterwards.

/// Deeper ones than any that is meant seriously; each level takes stack.
const DEEPEST: usize = 128;

/// Checks that a text is JSON and returns it without the blanks around; else the byte at which it ceases to be.
pub(crate) fn valid(text: &str) -> Result<&str, usize> {
    let mut scan = Scan {
        bytes: text.as_bytes(),
        at: 0,
    };
    if scan.value(0).is_some() && scan.at == text.len() {
        Ok(text.trim_ascii())
    } else {
        Err(scan.at)
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    /// A value with the blanks around it.
    fn value(&mut self, depth: usize) -> Option<()> {
        self.blanks();
        match self.bytes.get(self.at)? {
            b'"' => self.string(),
            b'{' => self.list(b'}', depth),
            b'[' => self.list(b']', depth),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number(),
        }?;
        self.blanks();
        Some(())
    }

    /// An array, or an object, whose items have names.
    fn list(&mut self, end: u8, depth: usize) -> Option<()> {
        self.at += 1;
        self.blanks();
        if depth == DEEPEST || self.take(end).is_some() {
            return (depth < DEEPEST).then_some(());
        }
        loop {
            if end == b'}' {
                self.blanks();
                self.string()?;
                self.blanks();
                self.take(b':')?;
            }
            self.value(depth + 1)?;
            if self.take(b',').is_none() {
                return self.take(end);
            }
        }
    }

    fn string(&mut self) -> Option<()> {
        self.take(b'"')?;
        loop {
            let byte = *self.bytes.get(self.at)?;
            match byte {
                0..0x20 => return None,
                b'\\' => {
                    let escape = *self.bytes.get(self.at + 1)?;
                    let digits = match escape {
                        b'u' => self.bytes.get(self.at + 2..self.at + 6)?,
                        _ if b"\"\\/bfnrt".contains(&escape) => &[],
                        _ => return None,
                    };
                    if !digits.iter().all(u8::is_ascii_hexdigit) {
                        return None;
                    }
                    self.at += 2 + digits.len();
                }
                _ => {
                    self.at += 1;
                    if byte == b'"' {
                        return Some(());
                    }
                }
            }
        }
    }

    fn number(&mut self) -> Option<()> {
        let _sign = self.take(b'-');
        if self.take(b'0').is_none() {
            self.digits()?;
        }
        if self.take(b'.').is_some() {
            self.digits()?;
        }
        if self.take(b'e').or_else(|| self.take(b'E')).is_some() {
            let _sign = self.take(b'+').or_else(|| self.take(b'-'));
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let rest = self.bytes.get(self.at..)?;
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        (count > 0).then_some(())
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.bytes.get(self.at..)?.strip_prefix(word)?;
        self.at += word.len();
        Some(())
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (*self.bytes.get(self.at)? == byte).then(|| self.at += 1)
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IgnoredAny;

    use super::*;

    #[test]
    fn agrees_with_serde_json() {
        for text in [
            " {\"a\" : [1, -0.5e+7, {}, [ ] , \"\\u00e4\\n\\\"\", true,false , null]}\r\n",
            "0",
            "-0",
            "1E5",
            "\"ä\"",
            "[[]]",
            "",
            " ",
            "{",
            "[1,]",
            "[,1]",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "{\"a\":1,}",
            "[1 2]",
            "01",
            "1.",
            ".5",
            "-",
            "+1",
            "1e",
            "\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\\u123",
            "\"\t\"",
            "nul",
            "True",
            "1 1",
            "{} x",
            "[}",
            "\u{a0}1",
            "'a'",
        ] {
            let expected = serde_json::from_str::<IgnoredAny>(text)
                .ok()
                .map(|_| text.trim_ascii());
            assert_eq!(valid(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn depth_has_an_end() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(valid(&nested(DEEPEST)).is_ok());
        assert_eq!(valid(&nested(200_000)), Err(DEEPEST + 1));
    }
}
