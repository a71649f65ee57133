//! The references in TOML (TOML 1.1, <https://toml.io/en/v1.1.0>).
//!
//! The parser leaves copies of what it reads in memory; resolved secrets never pass through it.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Error, ErrorKind};
use crate::identity::cloud::VaultDomain;
use crate::json::wide_literal;
use crate::sensitive::Sensitive;

use super::document::{Document, Level, Path, place};

/// Looks through TOML.
///
/// [`ErrorKind::InvalidConfiguration`] if the text is no TOML.
pub fn document<'a>(text: &'a str, domain: &VaultDomain) -> Result<Document<'a>, Error> {
    let table = DeTable::parse(text).map_err(|why| {
        let (line, column) = place(text, why.span().map_or(0, |span| span.start));
        let message = format!("The text is not TOML: it cannot go on so (line {line}, character {column}).");
        Error::new(ErrorKind::InvalidConfiguration, message)
            .advise("Give TOML 1.1, with references in quotes.")
    })?;
    let mut texts = Vec::new();
    members(table.get_ref(), &mut Path::default(), &mut texts);
    // The parser sorts by names.
    texts.sort_by_key(|(_, value)| value.span().start);
    let mut document = Document::new(text, wide_literal);
    for (name, value) in texts {
        if let DeValue::String(content) = value.get_ref() {
            document.look(&name, &Sensitive::from(content.as_ref()), value.span(), domain);
        }
    }
    Ok(document)
}

fn members<'t, 'i>(
    table: &'t DeTable<'i>,
    path: &mut Path,
    texts: &mut Vec<(String, &'t Spanned<DeValue<'i>>)>,
) {
    for (name, value) in table {
        path.0.push(Level::Object(Some(name.get_ref().to_string())));
        collect(value, path, texts);
        path.0.pop();
    }
}

fn collect<'t, 'i>(
    value: &'t Spanned<DeValue<'i>>,
    path: &mut Path,
    texts: &mut Vec<(String, &'t Spanned<DeValue<'i>>)>,
) {
    match value.get_ref() {
        DeValue::String(_) => texts.push((path.pointer(), value)),
        DeValue::Table(table) => members(table, path, texts),
        DeValue::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                path.0.push(Level::Array(at));
                collect(item, path, texts);
                path.0.pop();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "@Microsoft.KeyVault(VaultName=contoso;SecretName=a)";

    fn filled(toml: &str) -> Result<(Vec<String>, String), Error> {
        let document = document(toml, &VaultDomain::default())?;
        let names = document
            .found()
            .iter()
            .map(|finding| finding.name.clone())
            .collect();
        let text = document.fill(|_, _| Ok(Sensitive::from("it's \"a\"\n\u{7f}\u{85}")))?;
        Ok((names, text.expose_str().unwrap_or_default().to_owned()))
    }

    #[test]
    fn references_are_filled_and_the_rest_is_left_alone() {
        let toml = format!(
            "# ä '{A}'\r\nz = '{A}' # why\na = 1.50\n\"{A}\" = \"plain\"\n[db]\npassword = \"{A}\"\nlist = [ 1, '''{A}''', {{x = \"{A}\"}} ]\n[[server]]\n\"p/w\" = \"\"\"\\u0040Microsoft.KeyVault(VaultName=contoso;SecretName=a)\"\"\"\n"
        );
        let value = r#""it's \"a\"\u000a\u007f\u0085""#;
        let (names, text) = filled(&toml).unwrap();
        assert_eq!(
            names,
            [
                "/z",
                "/db/password",
                "/db/list/1",
                "/db/list/2/x",
                "/server/0/p~1w"
            ]
        );
        let expected = toml
            .replace(&format!("z = '{A}'"), &format!("z = {value}"))
            .replace(&format!("password = \"{A}\""), &format!("password = {value}"))
            .replace(&format!("'''{A}'''"), value)
            .replace(&format!("{{x = \"{A}\"}}"), &format!("{{x = {value}}}"))
            .replace(
                "\"\"\"\\u0040Microsoft.KeyVault(VaultName=contoso;SecretName=a)\"\"\"",
                value,
            );
        assert_eq!(text, expected);
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_not_repeated() {
        for (toml, place) in [
            (format!("a = {A}"), "line 1"),
            ("hunter2".to_owned(), "line 1"),
            ("a = 1\nb = 'hunter2".to_owned(), "line 2"),
            ("a = 'hunter2'\na = 2".to_owned(), "line 2"),
        ] {
            let error = filled(&toml).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfiguration, "{toml}");
            assert!(
                error.to_string().contains(place) && !error.to_string().contains("hunter2"),
                "{toml}: {error}"
            );
        }
    }
}
