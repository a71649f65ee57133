//! What the command line needs to search files.

use napi::bindgen_prelude::Array;
use napi::{Env, Error, Result};
use napi_derive::napi;
use nightlatch_core::scan::{self, Finding, Kind, Scan};
use nightlatch_core::secret::{SecretName, VaultUrl};
use nightlatch_core::sensitive::Sensitive;

use crate::convert::text_of;

/// The text of a file, searched for secrets.
#[napi]
pub struct Scanned {
    text: Sensitive,
    kind: Kind,
}

#[napi]
impl Scanned {
    /// Takes a file's path, or its name, and its text.
    #[napi(constructor)]
    pub fn new(path: String, text: String) -> Self {
        Self {
            kind: Kind::of(&path),
            text: text.into(),
        }
    }

    /// What was found, without the values: line, column, rule, what it is, a name, and whether it can be replaced.
    #[napi]
    pub fn findings<'env>(&self, env: &'env Env) -> Result<Vec<Array<'env>>> {
        let scan = self.scan();
        scan.findings().iter().map(|one| array(env, one)).collect()
    }

    /// The secret of one of them.
    #[napi]
    pub fn value(&self, index: u32) -> Result<Option<String>> {
        let scan = self.scan();
        let found = found(scan.findings(), index)?;
        Ok(scan.value(found).map(|value| text_of(&value).into_owned()))
    }

    /// The text with references in the place of some of them.
    #[napi]
    pub fn replaced(&self, references: Vec<(u32, String)>) -> Result<String> {
        let scan = self.scan();
        let places = references.iter().map(|(index, reference)| {
            let found = found(scan.findings(), *index)?;
            Ok((found, &**reference))
        });
        let places = places.collect::<Result<Vec<_>>>()?;
        let replaced = scan
            .replaced(&places)
            .map_err(|why| Error::from_reason(why.to_string()))?;
        Ok(text_of(&replaced).into_owned())
    }
}

impl Scanned {
    fn scan(&self) -> Scan<'_> {
        Scan::new(self.text.expose_str().unwrap_or_default(), self.kind)
    }
}

/// The reference that stands for a secret.
#[napi]
pub fn reference_to(vault: Option<String>, name: String) -> Result<String> {
    let vault = vault.map(|vault| VaultUrl::parse(&vault, true)).transpose();
    let made = vault.and_then(|vault| Ok(scan::reference(vault.as_ref(), &SecretName::parse(&name)?)));
    made.map_err(|why| Error::from_reason(why.to_string()))
}

fn found(findings: &[Finding], index: u32) -> Result<&Finding> {
    findings
        .get(index as usize)
        .ok_or_else(|| Error::from_reason("there is no such finding"))
}

fn array<'env>(env: &'env Env, one: &Finding) -> Result<Array<'env>> {
    let mut array = env.create_array(0)?;
    array.insert(one.line as u32)?;
    array.insert(one.column as u32)?;
    array.insert(one.rule.id)?;
    array.insert(one.rule.what)?;
    array.insert(one.name.as_str())?;
    array.insert(one.fixable)?;
    Ok(array)
}
