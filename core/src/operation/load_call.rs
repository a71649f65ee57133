//! Which secrets of a vault are loaded as a configuration.

use super::vault_call::Subject;
use crate::config::fields::{Fields, Record};
use crate::error::Error;
use crate::secret::{SecretName, VaultUrl};

/// Secrets that are loaded as a configuration, under keys that are made of their names.
#[derive(Clone, Debug)]
pub struct LoadCall {
    /// Which vault.
    pub vault: VaultUrl,
    /// Which secrets. If none are named, it is all that are enabled, as the vault lists them; that takes the permission to
    /// list.
    pub names: Option<Vec<SecretName>>,
    /// Of those that are listed, only the ones whose names begin with it, in any case. No key has it.
    pub prefix: String,
    /// What stands in keys for `--`, which names of secrets have in place of the separators that they cannot hold.
    pub separator: String,
}

impl LoadCall {
    /// The key of a secret; `None` for one that has not the prefix, or is nothing else.
    pub(crate) fn key(&self, name: &str) -> Option<String> {
        let (start, rest) = name.split_at_checked(self.prefix.len())?;
        let is_meant = start.eq_ignore_ascii_case(&self.prefix) && !rest.is_empty();
        is_meant.then(|| rest.replace("--", &self.separator))
    }

    /// Everything in the vault.
    pub(crate) fn all(&self) -> Subject {
        Subject::all(self.vault.clone())
    }
}

/// The same with names that have not been checked.
pub(super) struct RawLoad {
    names: Option<Vec<String>>,
    prefix: String,
    separator: Option<String>,
}

impl Record for RawLoad {
    fn of(fields: &mut Fields<'_>) -> Self {
        Self {
            names: fields.or_default("names"),
            prefix: fields.or_default("prefix"),
            separator: fields.or_default("separator"),
        }
    }
}

impl RawLoad {
    pub(super) fn checked(self, vault: VaultUrl) -> Result<LoadCall, Error> {
        let names = self
            .names
            .map(|names| names.iter().map(|name| SecretName::parse(name)).collect());
        Ok(LoadCall {
            vault,
            names: names.transpose()?,
            prefix: self.prefix,
            separator: self.separator.unwrap_or_else(|| ":".to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_of_names() {
        let key = |prefix: &str, name: &str| {
            let raw = RawLoad {
                names: None,
                prefix: prefix.to_owned(),
                separator: None,
            };
            let vault = VaultUrl::parse("https://contoso.vault.azure.net", false).unwrap();
            raw.checked(vault).unwrap().key(name)
        };
        assert_eq!(
            key("", "Logging--Level--Default").as_deref(),
            Some("Logging:Level:Default")
        );
        assert_eq!(key("shop-", "SHOP-db-password").as_deref(), Some("db-password"));
        assert_eq!(key("shop-", "shop-"), None);
        assert_eq!(key("shop-", "bank-db"), None);
        assert_eq!(key("ä", "a"), None);
    }
}
