//! The fields of a JSON document that are encrypted, and the document with others in their places: everything else stays as
//! it is, to the byte.

use std::ops::Range;

use crate::error::{Error, ErrorKind};
use crate::json::{items, members, splice, unescape, valid};
use crate::reference::document::{no_json, walk};
use crate::sensitive::Sensitive;

use super::pattern::Step;
use super::{Pattern, read};

/// JSON text with the fields that are meant.
pub(crate) struct Document<'a> {
    text: &'a str,
    fields: Vec<Field>,
}

/// One of them.
pub(crate) struct Field {
    /// The pattern that it was found by: what the value is bound to.
    pub(crate) name: String,
    place: Range<usize>,
}

impl<'a> Document<'a> {
    /// The fields that `patterns` mean, in their order in the text.
    ///
    /// `InvalidArgument` if one without `*` means none, since what was to be encrypted would stay as it is; or if two
    /// mean the same.
    pub(crate) fn select(text: &'a str, patterns: &[Pattern]) -> Result<Self, Error> {
        let root = root(text)?;
        let mut fields = Vec::new();
        for pattern in patterns {
            let mut places = Vec::new();
            find(root, pattern.steps(), &mut places);
            if places.is_empty() && !pattern.is_open() {
                let message = format!("The document has no field {}.", pattern.as_str());
                return Err(Error::new(ErrorKind::InvalidArgument, message)
                    .advise("Check the name, its case too; a pattern with * may mean none."));
            }
            fields.extend(places.into_iter().map(|raw| {
                let start = raw.as_ptr() as usize - text.as_ptr() as usize;
                Field {
                    name: pattern.as_str().to_owned(),
                    place: start..start + raw.len(),
                }
            }));
        }
        fields.sort_by_key(|field| field.place.start);
        if let Some(pair) = fields
            .windows(2)
            .find(|pair| pair[1].place.start < pair[0].place.end)
        {
            let message = format!(
                "The fields {} and {} mean the same part of the document.",
                pair[0].name, pair[1].name
            );
            return Err(Error::new(ErrorKind::InvalidArgument, message).advise("Name each part once."));
        }
        Ok(Self { text, fields })
    }

    /// The fields that are encrypted, by the word of their own headers, and stand where they were put.
    pub(crate) fn encrypted(text: &'a str) -> Result<Self, Error> {
        root(text)?;
        let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let mut fields = Vec::new();
        walk(text, start, |path, place| {
            let value = unescape(&text[place.clone()]);
            let jwe = value
                .as_ref()
                .and_then(Sensitive::expose_str)
                .and_then(|text| read(text).ok());
            if let Some(name) = jwe.and_then(|jwe| jwe.header.field) {
                let is_here = Pattern::parse(&name).is_ok_and(|pattern| pattern.admits(&path.pointer()));
                // One of another place is shown under its own, and not under the name that it claims.
                let name = if is_here { name } else { path.pointer() };
                fields.push(Field { name, place });
            }
            Ok(())
        })?;
        Ok(Self { text, fields })
    }

    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// What stands in a field, as JSON.
    pub(crate) fn raw(&self, field: &Field) -> &'a str {
        &self.text[field.place.clone()]
    }

    /// The encrypted value in a field.
    pub(crate) fn compact(&self, field: &Field) -> Result<Sensitive, Error> {
        let value = unescape(self.raw(field)).filter(|value| value.expose_str().is_some());
        value.ok_or_else(|| {
            let message = format!("The field {} is not encrypted: it holds no text.", field.name);
            Error::new(ErrorKind::DecryptionFailed, message)
                .advise("Name fields that were encrypted, or none: those that are encrypted are then found.")
        })
    }

    /// The document with other JSON in the places of the fields, in their order.
    pub(crate) fn with(&self, values: &[Sensitive]) -> Sensitive {
        let places = self.fields.iter().map(|field| field.place.clone());
        splice(self.text, places.zip(values))
    }
}

/// The document itself, without blanks and byte order mark.
fn root(text: &str) -> Result<&str, Error> {
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    valid(&text[start..])
        .map_err(|at| no_json(text, start + at, "The document is not JSON: it cannot go on so"))
}

/// What `steps` lead to from `raw`.
fn find<'a>(raw: &'a str, steps: &[Step], found: &mut Vec<&'a str>) {
    let Some((step, rest)) = steps.split_first() else {
        found.push(raw);
        return;
    };
    for (name, member) in members(raw).into_iter().flatten() {
        if step.admits(&name) {
            find(member, rest, found);
        }
    }
    for (at, item) in items(raw).into_iter().flatten().enumerate() {
        if step.admits(&at.to_string()) {
            find(item, rest, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = "\u{feff} {\"a\" : 1.50,\"b\":[ {\"c\":\"x,}\\u0041\"} ,{\"c\":null,\"d\":{}}],\"a/b\":{\"~\":true}}\n";

    fn selected(patterns: &[&str]) -> Result<String, Error> {
        let patterns: Vec<Pattern> = patterns
            .iter()
            .map(|text| Pattern::parse(text).unwrap())
            .collect();
        let document = Document::select(JSON, &patterns)?;
        let raw: Vec<&str> = document
            .fields()
            .iter()
            .map(|field| document.raw(field))
            .collect();
        Ok(raw.join(" "))
    }

    #[test]
    fn fields_are_found() {
        for (patterns, found) in [
            (&["/a"][..], "1.50"),
            (&["/b/1/d", "/b/0/c"], "\"x,}\\u0041\" {}"),
            (&["/b/*/c"], "\"x,}\\u0041\" null"),
            (&["/a~1b/~0"], "true"),
            (&["/b/*/e"], ""),
        ] {
            assert_eq!(selected(patterns).unwrap(), found, "{patterns:?}");
        }
        for patterns in [
            &["/A"][..],
            &["/b/2"],
            &["/b/1/d/e"],
            &["/a", "/*"],
            &["/b", "/b/0"],
        ] {
            assert_eq!(
                selected(patterns).unwrap_err().kind(),
                ErrorKind::InvalidArgument,
                "{patterns:?}"
            );
        }
    }

    #[test]
    fn everything_else_stays() {
        let patterns = ["/b/0/c", "/a"].map(|text| Pattern::parse(text).unwrap());
        let document = Document::select(JSON, &patterns).unwrap();
        let changed = document.with(&["\"A\"".into(), "\"C\"".into()]);
        let expected = JSON.replace("1.50", "\"A\"").replace("\"x,}\\u0041\"", "\"C\"");
        assert_eq!(changed.expose_str(), Some(&*expected));
    }
}
