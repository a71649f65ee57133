//! Which fields of a document: JSON Pointer (RFC 6901), in which `*` stands for every item or member.

use crate::error::{Error, ErrorKind};
use crate::json::quoted;

/// Deeper documents have other troubles.
const MOST_STEPS: usize = 64;

/// A JSON Pointer in which a whole step may be `*`. A name that is an asterisk itself cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Every,
    One(String),
}

impl Step {
    /// Whether it leads to the member of that name, or the item of that number.
    pub(super) fn admits(&self, name: &str) -> bool {
        match self {
            Self::Every => true,
            Self::One(own) => own == name,
        }
    }
}

impl Pattern {
    /// Reads a pattern such as `/customers/*/iban`.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || {
            let message = format!("{} names no field of a document.", quoted(text));
            Error::new(ErrorKind::InvalidArgument, message).advise(
                "Write a JSON Pointer: a slash before each name, such as /customers/0/iban, or /customers/*/iban for every one.",
            )
        };
        let steps: Option<Vec<Step>> = text
            .strip_prefix('/')
            .ok_or_else(wrong)?
            .split('/')
            .map(step)
            .collect();
        let steps = steps
            .filter(|steps| steps.len() <= MOST_STEPS)
            .ok_or_else(wrong)?;
        Ok(Self {
            text: text.to_owned(),
            steps,
        })
    }

    /// As the caller wrote it.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether it may mean many fields, or none.
    pub(super) fn is_open(&self) -> bool {
        self.steps.contains(&Step::Every)
    }

    /// Whether it means the field at `pointer`, among others.
    pub(super) fn admits(&self, pointer: &str) -> bool {
        let Ok(field) = Self::parse(pointer) else {
            return false;
        };
        let names = field.steps.iter().map(|step| match step {
            Step::Every => "*",
            Step::One(name) => name,
        });
        field.steps.len() == self.steps.len()
            && self.steps.iter().zip(names).all(|(step, name)| step.admits(name))
    }
}

/// `None` if a tilde stands for nothing.
fn step(text: &str) -> Option<Step> {
    if text == "*" {
        return Some(Step::Every);
    }
    let mut parts = text.split('~');
    let mut name = parts.next()?.to_owned();
    for part in parts {
        let (sign, rest) = match part.as_bytes().first()? {
            b'0' => ('~', &part[1..]),
            b'1' => ('/', &part[1..]),
            _ => return None,
        };
        name.push(sign);
        name.push_str(rest);
    }
    Some(Step::One(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_fields() {
        for (pattern, pointer, means) in [
            ("/a", "/a", true),
            ("/a", "/A", false),
            ("/a/*/b", "/a/0/b", true),
            ("/a/*/b", "/a/b", false),
            ("/*", "/*", true),
            ("/~01~1", "/~01~1", true),
            ("/~01", "/~1", false),
            ("/", "/", true),
            ("/a", "", false),
        ] {
            assert_eq!(
                Pattern::parse(pattern).unwrap().admits(pointer),
                means,
                "{pattern} {pointer}"
            );
        }
    }

    #[test]
    fn what_is_no_pointer_is_refused() {
        let deep = "/a".repeat(65);
        for text in ["", "a", "$.a", "/~", "/~2", "/a~", &deep] {
            let error = Pattern::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{text}");
        }
    }
}
