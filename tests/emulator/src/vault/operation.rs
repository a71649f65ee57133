//! What a request to a vault asks for. An operation that is still missing gets a variant here, a permission in
//! [`Operation::permission`] and its work in the `secrets` module.

use std::borrow::Cow;

use super::error::VaultError;
use crate::config::Permission;
use crate::message::Request;

const LONGEST_NAME: usize = 127;

/// An operation with its object.
pub(super) enum Operation {
    Get { name: String, version: Option<String> },
    Set { name: String },
    List,
    ListVersions { name: String },
}

impl Operation {
    pub(super) fn parse(request: &Request) -> Result<Operation, VaultError> {
        if request
            .parameter("api-version")
            .is_none_or(|version| version.is_empty())
        {
            return Err(VaultError::missing_api_version());
        }
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(Cow::as_ref).collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["secrets"]) => Ok(Operation::List),
            ("GET", ["secrets", name, "versions"]) => Ok(Operation::ListVersions {
                name: object_name(name)?,
            }),
            ("GET", ["secrets", name]) => Ok(Operation::Get {
                name: object_name(name)?,
                version: None,
            }),
            ("GET", ["secrets", name, version]) => Ok(Operation::Get {
                name: object_name(name)?,
                version: Some((*version).into()),
            }),
            ("PUT", ["secrets", name]) => Ok(Operation::Set {
                name: object_name(name)?,
            }),
            (method, _) => Err(VaultError::not_emulated(&format!("{method} {}", request.path))),
        }
    }

    pub(super) fn permission(&self) -> Permission {
        match self {
            Operation::Get { .. } => Permission::Get,
            Operation::Set { .. } => Permission::Set,
            Operation::List | Operation::ListVersions { .. } => Permission::List,
        }
    }

    /// The secret that is meant, if it is one.
    pub(super) fn secret(&self) -> Option<&str> {
        match self {
            Operation::Get { name, .. } | Operation::Set { name } | Operation::ListVersions { name } => {
                Some(name)
            }
            Operation::List => None,
        }
    }
}

pub(super) fn is_object_name(name: &str) -> bool {
    let allowed = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-';
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(allowed)
}

fn object_name(name: &str) -> Result<String, VaultError> {
    if is_object_name(name) {
        Ok(name.into())
    } else {
        Err(VaultError::bad_name(name))
    }
}
