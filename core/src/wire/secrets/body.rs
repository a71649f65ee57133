//! Bodies of requests, written in one allocation where a secret stands in them.

use zeroize::Zeroizing;

use crate::json::push_text;
use crate::operation::SecretChanges;
use crate::sensitive::Sensitive;

/// The body that sets a secret (with a value), changes its properties (without), or restores a backup.
pub fn body(value: Option<&str>, properties: &SecretChanges) -> Sensitive {
    // Nothing is escaped to more than six times its length: no growing, so no copy stays behind.
    let mut literal = Zeroizing::new(Vec::with_capacity(value.map_or(0, |value| 2 + 6 * value.len())));
    let mut rest = Vec::new();
    if let Some(value) = value {
        push_text(&mut literal, value);
        rest.extend(b",");
    }
    write(&mut rest, properties);
    rest.pop();
    let head: &[u8] = if value.is_some() { b"{\"value\":" } else { b"{" };
    Sensitive::concat(&[head, &literal, &rest, b"}"])
}

/// The members, each with a comma behind it.
fn write(out: &mut Vec<u8>, properties: &SecretChanges) {
    let SecretChanges {
        enabled,
        not_before,
        expires_on,
        content_type,
        tags,
    } = properties;
    if let Some(content_type) = content_type {
        out.extend(b"\"contentType\":");
        push_text(out, content_type);
        out.push(b',');
    }
    if let Some(tags) = tags {
        out.extend(b"\"tags\":");
        object(out, |out| {
            for (name, value) in tags {
                push_text(out, name);
                out.push(b':');
                push_text(out, value);
                out.push(b',');
            }
        });
    }
    if enabled.is_some() || not_before.is_some() || expires_on.is_some() {
        out.extend(b"\"attributes\":");
        object(out, |out| {
            if let Some(enabled) = enabled {
                out.extend(if *enabled {
                    &b"\"enabled\":true,"[..]
                } else {
                    b"\"enabled\":false,"
                });
            }
            for (name, time) in [("nbf", not_before), ("exp", expires_on)] {
                if let Some(time) = time {
                    out.extend(format!("\"{name}\":{},", time.as_secs()).into_bytes());
                }
            }
        });
    }
}

/// An object with a comma behind it; `members` end in commas.
fn object(out: &mut Vec<u8>, members: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'{');
    let begin = out.len();
    members(out);
    if out.len() > begin {
        out.pop();
    }
    out.extend(b"},");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_never_grows_its_buffer() {
        // What grows leaves a copy behind; the texts themselves are rows of `tests/vectors/secret_bodies.json`.
        let worst = "\u{1}".repeat(100);
        let mut literal = Vec::with_capacity(2 + 6 * worst.len());
        let capacity = literal.capacity();
        push_text(&mut literal, &worst);
        assert_eq!((literal.len(), literal.capacity()), (capacity, capacity));
    }
}
