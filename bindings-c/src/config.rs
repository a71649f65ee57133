//! What an engine is made from: options, environment variables, secret values.

use std::collections::BTreeMap;
use std::ffi::c_char;
use std::sync::Mutex;

use nightlatch_core::config::{Config, Environment};
use nightlatch_core::error::Error;
use nightlatch_core::sensitive::Sensitive;
use serde_json::{Value, json};

use crate::door::{door, free};
use crate::slice::{bytes, text};
use crate::status::nightlatch_status;
use crate::tree::{append, lock, number, plant};

/// Options, variables and secret values for a client or an engine, which copies them when it is made.
#[derive(Default)]
pub struct nightlatch_config(Mutex<Parts>);

pub(crate) struct Parts {
    options: Value,
    secrets: Vec<Sensitive>,
    variables: BTreeMap<String, Sensitive>,
    inherit: bool,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            options: json!({}),
            secrets: Vec::new(),
            variables: BTreeMap::new(),
            inherit: true,
        }
    }
}

impl nightlatch_config {
    /// The core's configuration. What the host can do is filled in where the user did not say.
    pub(crate) fn build(&self, renewal: &str) -> Result<Config, Error> {
        let parts = lock(&self.0);
        let mut options = parts.options.clone();
        for (path, value) in [("host.platform", platform()), ("host.renewal", renewal)] {
            let pointer = format!("/{}", path.replace('.', "/"));
            if options.pointer(&pointer).is_none() {
                plant(&mut options, path, value.into())?;
            }
        }
        let inherited = Environment::NAMES
            .iter()
            .filter(|name| parts.inherit && !parts.variables.contains_key(**name))
            .filter_map(|name| Some((String::from(*name), Sensitive::from(std::env::var(name).ok()?))));
        let given = parts
            .variables
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()));
        let environment = inherited.chain(given).collect();
        Config::from_json(&options.to_string(), environment, parts.secrets.clone())
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Parts) -> Result<(), Error>) -> nightlatch_status {
        match change(&mut lock(&self.0)) {
            Ok(()) => nightlatch_status::NIGHTLATCH_OK,
            Err(why) => nightlatch_status::of(why.kind()),
        }
    }
}

impl Parts {
    pub(crate) fn set(&mut self, path: &str, value: impl Into<Value>) -> Result<(), Error> {
        plant(&mut self.options, path, value.into())
    }

    pub(crate) fn set_secret(&mut self, path: &str, value: &[u8]) -> Result<(), Error> {
        self.set(path, self.secrets.len())?;
        self.secrets.push(Sensitive::from(value.to_vec()));
        Ok(())
    }

    pub(crate) fn append(&mut self, path: &str, value: Value) -> Result<(), Error> {
        append(&mut self.options, path, value)
    }

    /// Whether the credential is a chain.
    pub(crate) fn has_chain(&self) -> bool {
        self.options["credential"]["type"] == "ChainedTokenCredential"
    }
}

fn platform() -> &'static str {
    match std::env::consts::OS {
        known @ ("linux" | "windows" | "macos") => known,
        _ => "other",
    }
}

/// A configuration in which everything has its default, and the variables of the process's environment count:
/// `DefaultAzureCredential`. Free it with `nightlatch_config_free`.
#[unsafe(no_mangle)]
pub extern "C" fn nightlatch_config_new() -> *mut nightlatch_config {
    door!([] { Box::into_raw(Box::default()) })
}

/// Frees a configuration; clients made from it stay. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_free(config: *mut nightlatch_config) {
    // SAFETY: the header's conventions.
    unsafe { free(config) }
}

/// Sets an option to a text. `path` names it, as in `vault.api_version`; parts of lists are numbered from 0.
///
/// Options are checked when the client is made: a wrong name or value is then
/// `NIGHTLATCH_INVALID_CONFIGURATION`, and the message names it. The README lists all options.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_set_text(
    config: *mut nightlatch_config,
    path: *const c_char,
    path_len: usize,
    value: *const c_char,
    value_len: usize,
) -> nightlatch_status {
    door!([config] {
        // SAFETY: the header's conventions.
        config.change(|parts| unsafe { parts.set(text(path, path_len)?, text(value, value_len)?) })
    })
}

/// Sets an option to a number: durations in seconds, fractions allowed; shares from 0 to 1; counts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_set_number(
    config: *mut nightlatch_config,
    path: *const c_char,
    path_len: usize,
    value: f64,
) -> nightlatch_status {
    door!([config] {
        // SAFETY: the header's conventions.
        config.change(|parts| unsafe { parts.set(text(path, path_len)?, number(value)?) })
    })
}

/// Sets an option to true or false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_set_flag(
    config: *mut nightlatch_config,
    path: *const c_char,
    path_len: usize,
    value: bool,
) -> nightlatch_status {
    door!([config] {
        // SAFETY: the header's conventions.
        config.change(|parts| unsafe { parts.set(text(path, path_len)?, value) })
    })
}

/// Sets an option to nothing, where that differs from leaving it out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_set_null(
    config: *mut nightlatch_config,
    path: *const c_char,
    path_len: usize,
) -> nightlatch_status {
    door!([config] {
        // SAFETY: the header's conventions.
        config.change(|parts| unsafe { parts.set(text(path, path_len)?, Value::Null) })
    })
}

/// Adds a text to an option that is a list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_add_text(
    config: *mut nightlatch_config,
    path: *const c_char,
    path_len: usize,
    value: *const c_char,
    value_len: usize,
) -> nightlatch_status {
    door!([config] {
        config.change(|parts| {
            // SAFETY: the header's conventions.
            let (path, value) = unsafe { (text(path, path_len)?, text(value, value_len)?) };
            parts.append(path, value.into())
        })
    })
}

/// Sets an option to a secret value, such as `credential.client_secret`. It is copied into memory that is wiped
/// when the last client that uses it is freed; wipe your own copy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_set_secret(
    config: *mut nightlatch_config,
    path: *const c_char,
    path_len: usize,
    value: *const c_char,
    value_len: usize,
) -> nightlatch_status {
    door!([config] {
        // SAFETY: the header's conventions.
        config.change(|parts| unsafe { parts.set_secret(text(path, path_len)?, bytes(value, value_len)?) })
    })
}

/// Sets an environment variable for this configuration only. An empty value counts as not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_set_variable(
    config: *mut nightlatch_config,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
) -> nightlatch_status {
    door!([config] {
        config.change(|parts| {
            // SAFETY: the header's conventions.
            let (name, value) = unsafe { (text(name, name_len)?, text(value, value_len)?) };
            parts.variables.insert(name.to_owned(), Sensitive::from(value));
            Ok(())
        })
    })
}

/// Says whether the variables of the process's environment count; they do, unless this was called with false.
/// They are read when the client is made.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_inherit_environment(
    config: *mut nightlatch_config,
    inherit: bool,
) -> nightlatch_status {
    door!([config] {
        config.change(|parts| {
            parts.inherit = inherit;
            Ok(())
        })
    })
}

/// Takes the credential of that SDK name, such as `AzureCliCredential`, in place of the one set so far. Its
/// options are set below `credential`, such as `credential.tenant_id`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_use_credential(
    config: *mut nightlatch_config,
    name: *const c_char,
    name_len: usize,
) -> nightlatch_status {
    door!([config] {
        // SAFETY: the header's conventions.
        config.change(|parts| unsafe { parts.set("credential", json!({"type": text(name, name_len)?})) })
    })
}

/// Takes a managed identity: the user-assigned one with that client id, or with an empty text the host's own.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_use_managed_identity(
    config: *mut nightlatch_config,
    client_id: *const c_char,
    client_id_len: usize,
) -> nightlatch_status {
    door!([config] {
        config.change(|parts| {
            // SAFETY: the header's conventions.
            let client_id = unsafe { text(client_id, client_id_len)? };
            parts.set("credential", json!({"type": "ManagedIdentityCredential"}))?;
            match client_id {
                "" => Ok(()),
                id => parts.set("credential.client_id", id),
            }
        })
    })
}
