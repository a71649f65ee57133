//! The search for secrets in files as a wasm module of its own, in the shape of `Scanned` and `referenceTo` of Node's native
//! module. Programs do not search files: the engine's modules are smaller without it.

use js_sys::Array;
use nightlatch_core::scan::{self, Finding, Kind, Scan};
use nightlatch_core::secret::{SecretName, VaultUrl};
use nightlatch_core::sensitive::Sensitive;
use wasm_bindgen::prelude::*;

/// The text of a file, searched for secrets.
#[wasm_bindgen]
pub struct Scanned {
    text: Sensitive,
    kind: Kind,
}

#[wasm_bindgen]
impl Scanned {
    /// Takes a file's path, or its name, and its text.
    #[wasm_bindgen(constructor)]
    pub fn new(path: &str, text: String) -> Self {
        Self {
            text: text.into(),
            kind: Kind::of(path),
        }
    }

    /// What was found, without the values: line, column, rule, what it is, a name, and whether it can be replaced.
    pub fn findings(&self) -> Array {
        self.scan().findings().iter().map(array).collect()
    }

    /// The secret of one of them.
    pub fn value(&self, index: usize) -> Result<Option<String>, JsError> {
        let scan = self.scan();
        let value = scan.value(found(scan.findings(), index)?);
        Ok(value.as_ref().and_then(Sensitive::expose_str).map(str::to_owned))
    }

    /// The text with references in the place of some of them: pairs of an index and a reference.
    pub fn replaced(&self, references: Array) -> Result<String, JsError> {
        let scan = self.scan();
        let references: Vec<(usize, String)> = references.iter().filter_map(pair).collect();
        let places = references
            .iter()
            .map(|(index, reference)| Ok((found(scan.findings(), *index)?, &**reference)));
        let places = places.collect::<Result<Vec<_>, JsError>>()?;
        let replaced = scan.replaced(&places)?;
        Ok(replaced.expose_str().unwrap_or_default().to_owned())
    }
}

impl Scanned {
    fn scan(&self) -> Scan<'_> {
        Scan::new(self.text.expose_str().unwrap_or_default(), self.kind)
    }
}

/// The reference that stands for a secret.
#[wasm_bindgen(js_name = referenceTo)]
pub fn reference_to(vault: Option<String>, name: &str) -> Result<String, JsError> {
    let vault = vault.map(|vault| VaultUrl::parse(&vault, true)).transpose()?;
    Ok(scan::reference(vault.as_ref(), &SecretName::parse(name)?))
}

fn found(findings: &[Finding], index: usize) -> Result<&Finding, JsError> {
    findings
        .get(index)
        .ok_or_else(|| JsError::new("there is no such finding"))
}

fn pair(pair: JsValue) -> Option<(usize, String)> {
    let pair: Array = pair.dyn_into().ok()?;
    Some((pair.get(0).as_f64()? as usize, pair.get(1).as_string()?))
}

fn array(one: &Finding) -> Array {
    let items: [JsValue; 6] = [
        (one.line as u32).into(),
        (one.column as u32).into(),
        one.rule.id.into(),
        one.rule.what.into(),
        one.name.as_str().into(),
        one.fixable.into(),
    ];
    items.iter().collect()
}
