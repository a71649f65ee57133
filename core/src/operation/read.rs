//! The JSON in which bindings ask: `op`, its arguments by their names, and `timeout` (seconds) with each.
//!
//! | `op` | arguments, optional ones in brackets | reply |
//! |---|---|---|
//! | `get_secret` | `vault` `name` [`version` `refresh` `out_content_type`] | secret |
//! | `get_secrets` | `vault` `names` [`refresh`] | secrets |
//! | `set_secret` | `vault` `name` [`enabled` `not_before` `expires_on` `content_type` `tags` `recover_if_deleted`] and a value | secret |
//! | `update_secret_properties` | `vault` `name` [`version` `enabled` `not_before` `expires_on` `content_type` `tags` `if_version` `if_unchanged_since`] | properties |
//! | `rotate_secret` | `vault` `name` `handle` [`slots` `content_type` `expires_on` `tags`] | rotation |
//! | `list_properties_of_secrets` | `vault` [`continuation` `max_page_size`] | page |
//! | `list_properties_of_secret_versions` | `vault` `name` [`continuation` `max_page_size`] | page |
//! | `list_deleted_secrets` | `vault` [`continuation` `max_page_size`] | deleted page |
//! | `delete_secret` | `vault` `name` [`wait` `interval`] | deleted |
//! | `deletion_finished` | `vault` `name` [`wait` `interval`] | finished |
//! | `get_deleted_secret` | `vault` `name` | deleted |
//! | `recover_deleted_secret` | `vault` `name` [`wait` `interval`] | properties |
//! | `recovery_finished` | `vault` `name` [`wait` `interval`] | finished |
//! | `purge_deleted_secret` | `vault` `name` [`wait` `interval`] | finished |
//! | `backup_secret` | `vault` `name` | value |
//! | `restore_secret_backup` | `vault` and a value | properties |
//! | `refresh_due` | | next refresh |
//! | `get_token` | `request` | token |
//! | `diagnose` | `vault` [`name` `version`] | report |
//! | `check` | `vault` [`names`] | health |
//! | `explain` | [`secrets` `instances`] | forecast |
//! | `encrypt` | `vault` `name` (of a key) [`version` `form` `fields` `field` `document` `data_key_uses` `data_key_ttl`] and a value | value |
//! | `decrypt` | the same | value |
//! | `rewrap` | the same | value |
//! | `load_secrets` | `vault` [`names` `prefix` `separator`] | resolved |
//! | `resolve_references` | [`form` `content_type` `vault_domain` `max_age` `report`] and a value, the text | resolved |
//!
//! Times are seconds since 1970; an empty `version` is the latest, as in the SDKs. Values are given by
//! [`Operation::with_value`].

use std::time::Duration;

#[cfg(feature = "doctor")]
use super::consultation::Question;
#[cfg(feature = "encryption")]
use super::encryption_call::{RawEncryption, Work};
#[cfg(feature = "reference")]
use super::load_call::RawLoad;
#[cfg(feature = "reference")]
use super::reference_call::ReferenceCall;
#[cfg(feature = "manage")]
use super::rotate_call::RawRotation;
use super::vault_call::{Action, Paging, SecretChanges, Subject, VaultCall, Waiting, left_out};
use super::{Interaction, Operation, Task, TokenRequest};
use crate::config::VaultOptions;
use crate::config::fields::{self, Field, Fields, Record, Wrong, record, unknown};
use crate::error::{Error, ErrorKind};
use crate::secret::{SecretId, SecretName, SecretVersion, VaultUrl};

const OPERATIONS: [&str; 26] = [
    "get_secret",
    "get_secrets",
    "set_secret",
    "update_secret_properties",
    "rotate_secret",
    "list_properties_of_secrets",
    "list_properties_of_secret_versions",
    "list_deleted_secrets",
    "delete_secret",
    "deletion_finished",
    "get_deleted_secret",
    "recover_deleted_secret",
    "recovery_finished",
    "purge_deleted_secret",
    "backup_secret",
    "restore_secret_backup",
    "refresh_due",
    "get_token",
    "diagnose",
    "check",
    "explain",
    "resolve_references",
    "load_secrets",
    "encrypt",
    "decrypt",
    "rewrap",
];

impl Operation {
    /// Reads an operation from the JSON that bindings pass, such as
    /// `{"op":"get_secret","vault":"https://contoso.vault.azure.net","name":"db","timeout":5}`. The table above lists
    /// all of them.
    pub fn from_json(text: &str, vaults: &VaultOptions) -> Result<Self, Error> {
        let raw: Raw = fields::read(text).map_err(|why| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("The call cannot be made: {why}."),
            )
        })?;
        let timeout = raw.timeout;
        raw.task(vaults).map(|task| Self { task, timeout })
    }
}

/// An operation whose names have not been checked. Those that concern no vault name none.
struct Raw {
    what: What,
    vault: String,
    version: Option<String>,
    timeout: Option<Duration>,
}

enum What {
    Get {
        name: String,
        refresh: bool,
    },
    GetMany {
        names: Vec<String>,
        refresh: bool,
    },
    OfAll(Action),
    OfOne {
        name: String,
        action: Action,
    },
    #[cfg(feature = "manage")]
    Rotate {
        name: String,
        rotation: RawRotation,
    },
    #[cfg(feature = "doctor")]
    Ask(Question),
    #[cfg(feature = "reference")]
    Load(RawLoad),
    #[cfg(feature = "encryption")]
    Encryption(RawEncryption),
    Other(Task),
    /// None, or one that the features `manage` and `doctor` would have.
    LeftOut,
}

impl Raw {
    fn task(self, vaults: &VaultOptions) -> Result<Task, Error> {
        let vault = || VaultUrl::parse(&self.vault, vaults.allow_http_loopback);
        // The SDKs pass an empty version for the latest.
        let version = self.version.filter(|version| !version.is_empty());
        let version = version
            .map(|version| SecretVersion::parse(&version))
            .transpose()?;
        let id = |name: &str, version| {
            Ok(SecretId {
                vault: vault()?,
                name: SecretName::parse(name)?,
                version,
            })
        };
        Ok(match self.what {
            What::Get { name, refresh } => Task::GetSecret {
                id: id(&name, version)?,
                refresh,
            },
            What::GetMany { names, refresh } => Task::GetSecrets {
                ids: names
                    .iter()
                    .map(|name| id(name, None))
                    .collect::<Result<_, Error>>()?,
                refresh,
            },
            What::OfAll(action) => {
                let subject = Subject::all(vault()?);
                Task::Vault(VaultCall { subject, action })
            }
            What::OfOne { name, action } => {
                let subject = Subject::from(id(&name, version)?);
                Task::Vault(VaultCall { subject, action })
            }
            #[cfg(feature = "manage")]
            What::Rotate { name, rotation } => Task::Rotate(rotation.checked(id(&name, None)?)?),
            #[cfg(feature = "doctor")]
            What::Ask(question) => Task::Consult(question.checked(vault, version)?),
            #[cfg(feature = "reference")]
            What::Load(load) => Task::Load(load.checked(vault()?)?),
            #[cfg(feature = "encryption")]
            What::Encryption(raw) => Task::Encryption(raw.checked(vault()?, version)?),
            What::Other(task) => task,
            What::LeftOut => return Err(left_out()),
        })
    }
}

impl Record for Raw {
    fn of(fields: &mut Fields<'_>) -> Self {
        let op: String = fields.required("op");
        let what = match &*op {
            "get_secret" => {
                let (name, refresh) = (fields.required("name"), fields.or_default("refresh"));
                match other_form(fields) {
                    Some(action) => What::OfOne { name, action },
                    None => What::Get { name, refresh },
                }
            }
            "get_secrets" => What::GetMany {
                names: fields.required("names"),
                refresh: fields.or_default("refresh"),
            },
            "get_token" => What::Other(Task::GetToken(fields.required("request"))),
            op if !OPERATIONS.contains(&op) => {
                fields.refuse(unknown(op, &OPERATIONS));
                What::LeftOut
            }
            _ if !cfg!(feature = "manage") => {
                fields.pass_over();
                What::LeftOut
            }
            "diagnose" | "check" | "explain" if !cfg!(feature = "doctor") => {
                fields.pass_over();
                What::LeftOut
            }
            "resolve_references" | "load_secrets" if !cfg!(feature = "reference") => {
                fields.pass_over();
                What::LeftOut
            }
            "encrypt" | "decrypt" | "rewrap" if !cfg!(feature = "encryption") => {
                fields.pass_over();
                What::LeftOut
            }
            #[cfg(feature = "encryption")]
            "encrypt" => What::Encryption(RawEncryption::of(Work::Encrypt, fields)),
            #[cfg(feature = "encryption")]
            "decrypt" => What::Encryption(RawEncryption::of(Work::Decrypt, fields)),
            #[cfg(feature = "encryption")]
            "rewrap" => What::Encryption(RawEncryption::of(Work::Rewrap, fields)),
            #[cfg(feature = "reference")]
            "resolve_references" => What::Other(Task::Resolve(ReferenceCall::of(fields))),
            #[cfg(feature = "reference")]
            "load_secrets" => What::Load(RawLoad::of(fields)),
            #[cfg(feature = "doctor")]
            op @ ("diagnose" | "check" | "explain") => What::Ask(Question::of(op, fields)),
            #[cfg(feature = "manage")]
            "rotate_secret" => What::Rotate {
                name: fields.required("name"),
                rotation: RawRotation::of(fields),
            },
            "refresh_due" => What::Other(Task::RefreshDue),
            "list_properties_of_secrets" => What::OfAll(Action::List(Paging::of(fields))),
            "list_deleted_secrets" => What::OfAll(Action::ListDeleted(Paging::of(fields))),
            "restore_secret_backup" => What::OfAll(Action::Restore { backup: None }),
            op => What::OfOne {
                name: fields.required("name"),
                action: action_on_one(op, fields),
            },
        };
        let vault = match what {
            What::Other(_) | What::LeftOut => String::new(),
            #[cfg(feature = "doctor")]
            What::Ask(Question::Explain { .. }) => String::new(),
            _ => fields.required("vault"),
        };
        let has_version = match what {
            What::Get { .. }
            | What::OfOne {
                action: Action::GetAs { .. } | Action::Update { .. },
                ..
            } => true,
            #[cfg(feature = "doctor")]
            What::Ask(Question::Diagnose { .. }) => true,
            #[cfg(feature = "encryption")]
            What::Encryption(_) => true,
            _ => false,
        };
        Self {
            what,
            vault,
            version: has_version.then(|| fields.or_default("version")).flatten(),
            timeout: fields.or_default("timeout"),
        }
    }
}

/// Getting a secret in another form, if one is named.
fn other_form(fields: &mut Fields<'_>) -> Option<Action> {
    let named = cfg!(feature = "manage").then(|| fields.or_default("out_content_type"));
    let out_content_type = named.flatten().filter(|form: &String| !form.is_empty())?;
    Some(Action::GetAs { out_content_type })
}

/// What concerns one secret, which `name` names.
fn action_on_one(op: &str, fields: &mut Fields<'_>) -> Action {
    match op {
        "set_secret" => Action::Set {
            value: None,
            properties: SecretChanges::of(fields),
            recover_if_deleted: fields.or_default("recover_if_deleted"),
        },
        "update_secret_properties" => Action::Update {
            properties: SecretChanges::of(fields),
            if_version: fields.or_default("if_version"),
            if_unchanged_since: fields.or_default("if_unchanged_since"),
        },
        "list_properties_of_secret_versions" => Action::ListVersions(Paging::of(fields)),
        "delete_secret" => Action::Delete(Waiting::of(fields)),
        "deletion_finished" => Action::DeletionFinished(Waiting::of(fields)),
        "get_deleted_secret" => Action::GetDeleted,
        "recover_deleted_secret" => Action::Recover(Waiting::of(fields)),
        "recovery_finished" => Action::RecoveryFinished(Waiting::of(fields)),
        "purge_deleted_secret" => Action::Purge(Waiting::of(fields)),
        _ => Action::Backup,
    }
}

record! {
    SecretChanges { enabled, not_before, expires_on, content_type, tags }
    Paging { continuation, max_page_size }
    Waiting { wait, interval }
}

impl Record for TokenRequest {
    fn of(fields: &mut Fields<'_>) -> Self {
        Self {
            scopes: fields.or_default("scopes"),
            tenant: fields.or_default("tenant"),
            claims: fields.or_default("claims"),
            enable_cae: fields.or_default("enable_cae"),
            interaction: if fields.or_default("authenticate") {
                Interaction::Always
            } else {
                Interaction::IfNeeded
            },
        }
    }
}

impl Field for SecretVersion {
    fn read(raw: &str, path: &str) -> Result<Self, Wrong> {
        SecretVersion::parse(&String::read(raw, path)?)
            .map_err(|_| format!("{path} must be the version of a secret, as its identifier ends"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Operation, Error> {
        Operation::from_json(json, &VaultOptions::default())
    }

    #[test]
    fn every_operation_has_its_name_and_wants_its_vault() {
        let left_out =
            |op: &&str| !cfg!(feature = "encryption") && ["encrypt", "decrypt", "rewrap"].contains(op);
        for op in OPERATIONS.iter().filter(|op| !left_out(op)) {
            let error = read(&format!(r#"{{"op":"{op}","?":1}}"#)).unwrap_err();
            assert!(error.details().message.contains("`?` is unknown"), "{error}");
            let bare = read(&format!(r#"{{"op":"{op}"}}"#));
            assert_eq!(
                bare.is_ok(),
                ["refresh_due", "explain", "resolve_references"].contains(op),
                "{op}"
            );
        }
        assert!(
            read(r#"{"op":"get"}"#)
                .unwrap_err()
                .to_string()
                .contains("`get` is unknown")
        );
    }

    #[test]
    fn arguments_are_read() {
        let json = r#"{"op":"set_secret","vault":"https://v.vault.azure.net","name":"a","enabled":false,
            "expires_on":1800000000.5,"tags":{"a":"b"},"recover_if_deleted":true,"timeout":5}"#;
        let operation = read(json).unwrap().with_value("x".into()).unwrap();
        let Task::Vault(VaultCall {
            subject,
            action:
                Action::Set {
                    value,
                    properties,
                    recover_if_deleted,
                },
        }) = operation.task
        else {
            unreachable!()
        };
        assert_eq!(subject.to_string(), "https://v.vault.azure.net/secrets/a");
        assert_eq!((value.unwrap().expose(), recover_if_deleted), (&b"x"[..], true));
        assert_eq!(properties.expires_on.unwrap().as_millis(), 1_800_000_000_500);
        assert_eq!(properties.tags.unwrap().len(), 1);
    }

    #[test]
    fn values_go_where_there_is_room_for_them() {
        let get = read(r#"{"op":"get_secret","vault":"https://v.vault.azure.net","name":"a"}"#).unwrap();
        assert_eq!(
            get.with_value("x".into()).unwrap_err().kind(),
            ErrorKind::InvalidArgument
        );
    }
}
