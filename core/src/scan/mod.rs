//! Finds values in the text of a file that look like secrets, and puts references in their place.
//!
//! * [`kind`]: what a file is, by its name
//! * [`values`]: the values of a file, with their names and places
//! * [`formats`]: secrets that are known by their format, by the documentation of those who issue them
//! * [`pairs`]: connection strings with a password
//! * [`names`]: names of values that say "secret", and the names that secrets get in the vault
//! * [`harmless`]: placeholders, references, encrypted values and hashes
//!
//! All of this takes time in proportion to the text's length, whatever the text is. No finding holds a value or a part of
//! one. A line with `nightlatch:ignore` in it is passed over.

mod formats;
mod harmless;
mod kind;
mod names;
mod pairs;
mod values;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::error::{Error, ErrorKind};
use crate::reference::Reference;
use crate::secret::{SecretId, SecretName, VaultUrl};
use crate::sensitive::Sensitive;

pub use kind::Kind;
use values::{Decoded, Value};

/// Whoever writes this into a line says that what stands there is no secret.
const IGNORE: &str = "nightlatch:ignore";

/// A kind of secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, which stays what it is.
    pub id: &'static str,
    /// What was found, as a sentence.
    pub what: &'static str,
}

/// A value that looks like a secret: where it stands, and what to do about it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The line, from 1 on.
    pub line: usize,
    /// The character in the line at which it begins, from 1 on.
    pub column: usize,
    /// Its bytes in the text, without the quotes around them.
    pub range: Range<usize>,
    /// The rule that found it.
    pub rule: Rule,
    /// A name for the secret, made of the value's own. Equal values of one name in one file share it.
    pub name: SecretName,
    /// Whether a reference can take its place: it is the whole value of a setting.
    pub fixable: bool,
    style: values::Style,
}

/// A text that was searched.
pub struct Scan<'t> {
    text: &'t str,
    findings: Vec<Finding>,
}

impl<'t> Scan<'t> {
    /// Searches a text.
    pub fn new(text: &'t str, kind: Kind) -> Self {
        let mut values = values::of(text, kind);
        values.sort_by_key(|value| value.raw.start);
        let mut found = Vec::new();
        let mut at = 0;
        for value in values.iter().filter(|value| !value.raw.is_empty()) {
            if value.raw.start < at {
                continue;
            }
            between(text, at..value.raw.start, &mut found);
            at = value.raw.end;
            if let Some(rule) = judged(text, value, kind) {
                found.push(Found {
                    rule,
                    range: value.raw.clone(),
                    value: Some(value),
                });
            }
        }
        between(text, at..text.len(), &mut found);
        let findings = Places::new(text).findings(found);
        Self { text, findings }
    }

    /// What was found, in the order of the text.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The secret of a finding, as a program that reads the file gets it.
    pub fn value(&self, finding: &Finding) -> Option<Sensitive> {
        let raw = self.text.get(finding.range.clone())?;
        finding.style.decoded(raw).map(|value| match value {
            Decoded::Raw(raw) => Sensitive::from(raw),
            Decoded::Plain(plain) => plain,
        })
    }

    /// The text with references in place of the values of some findings, and every other byte as it was.
    ///
    /// [`ErrorKind::InvalidArgument`] for a finding whose place a reference cannot take.
    pub fn replaced(&self, references: &[(&Finding, &str)]) -> Result<Sensitive, Error> {
        let mut references = references.to_vec();
        references.sort_by_key(|(finding, _)| finding.range.start);
        let length = references
            .iter()
            .map(|(_, reference)| reference.len() + 2)
            .sum::<usize>();
        let mut out = Vec::with_capacity(self.text.len() + length);
        let mut at = 0;
        for (finding, reference) in references {
            let range = &finding.range;
            if !finding.fixable || range.start < at || range.end > self.text.len() {
                return Err(Error::new(
                    ErrorKind::InvalidArgument,
                    "A reference cannot take the place of this value.",
                ));
            }
            out.extend_from_slice(&self.text.as_bytes()[at..range.start]);
            let quote = finding.style.quote();
            out.extend_from_slice(quote.as_bytes());
            out.extend_from_slice(reference.as_bytes());
            out.extend_from_slice(quote.as_bytes());
            at = range.end;
        }
        out.extend_from_slice(&self.text.as_bytes()[at..]);
        Ok(Sensitive::from(out))
    }
}

/// The reference that stands for a secret; without a vault, one in which `VAULT` is to be replaced by its name.
pub fn reference(vault: Option<&VaultUrl>, name: &SecretName) -> String {
    match vault {
        Some(vault) => Reference::new(SecretId {
            vault: vault.clone(),
            name: name.clone(),
            version: None,
        })
        .to_string(),
        None => format!("@Microsoft.KeyVault(VaultName=VAULT;SecretName={name})"),
    }
}

/// Something that was found, before its line is known.
struct Found<'v> {
    rule: Rule,
    range: Range<usize>,
    value: Option<&'v Value>,
}

/// The rule that a value falls under.
fn judged(text: &str, value: &Value, kind: Kind) -> Option<Rule> {
    let raw = &text[value.raw.clone()];
    let decoded = value.style.decoded(raw);
    let plain = decoded.as_ref().map_or(raw, Decoded::text).trim();
    if plain.is_empty() || harmless::stands_for_something_else(plain) {
        return None;
    }
    let known = formats::known(plain).into_iter().next().map(|hit| hit.rule);
    known
        .or_else(|| pairs::password(plain))
        .or_else(|| names::judged(value.key(), plain, kind == Kind::Text))
}

/// What is known by its format outside of values, such as in comments.
fn between<'v>(text: &str, gap: Range<usize>, found: &mut Vec<Found<'v>>) {
    let hits = formats::known(&text[gap.clone()]).into_iter();
    found.extend(hits.map(|hit| Found {
        rule: hit.rule,
        range: gap.start + hit.range.start..gap.start + hit.range.end,
        value: None,
    }));
}

/// Lines and columns, asked for in ascending order, so that a text is walked through once.
struct Places<'t> {
    text: &'t str,
    line: usize,
    line_start: usize,
    at: usize,
    column: usize,
    names: Names<'t>,
}

impl<'t> Places<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            line: 1,
            line_start: 0,
            at: 0,
            column: 1,
            names: Names::default(),
        }
    }

    fn findings(mut self, found: Vec<Found<'_>>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let (mut looked_at, mut is_ignored) = (0, false);
        for one in found {
            self.go_to(one.range.start);
            if self.line != looked_at {
                let line = self.text[self.line_start..].split('\n').next();
                (looked_at, is_ignored) = (self.line, line.is_some_and(|line| line.contains(IGNORE)));
            }
            if is_ignored {
                continue;
            }
            let value = &self.text[one.range.clone()];
            let path = one.value.map_or(&[][..], |value| &value.path);
            findings.push(Finding {
                line: self.line,
                column: self.column,
                name: self.names.name(path, one.rule, value),
                rule: one.rule,
                fixable: one.value.is_some_and(|value| {
                    value.fixable && value.style.decoded(&self.text[one.range.clone()]).is_some()
                }),
                style: one.value.map_or(values::Style::Plain, |value| value.style),
                range: one.range,
            });
        }
        findings
    }

    fn go_to(&mut self, at: usize) {
        for (offset, c) in self.text[self.at..at].char_indices() {
            if c == '\n' {
                self.line += 1;
                self.line_start = self.at + offset + 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.at = at;
    }
}

/// The names that were given to the findings of one text.
#[derive(Default)]
struct Names<'t> {
    of: HashMap<(String, &'t str), SecretName>,
    taken: HashSet<String>,
    counts: HashMap<String, usize>,
}

impl<'t> Names<'t> {
    fn name(&mut self, path: &[String], rule: Rule, value: &'t str) -> SecretName {
        let base = names::suggested(path).unwrap_or_else(|| rule.id.to_owned());
        // Vaults do not tell names apart by case.
        let lower = base.to_ascii_lowercase();
        if let Some(name) = self.of.get(&(lower.clone(), value)) {
            return name.clone();
        }
        let count = self.counts.entry(lower.clone()).or_insert(0);
        let name = loop {
            *count += 1;
            let name = match *count {
                1 => base.clone(),
                count => names::numbered(&base, count),
            };
            if self.taken.insert(name.to_ascii_lowercase()) {
                break name;
            }
        };
        let name = SecretName::parse(&name).expect("a suggested name is valid");
        self.of.insert((lower, value), name.clone());
        name
    }
}
