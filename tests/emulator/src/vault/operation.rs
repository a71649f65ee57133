//! What a request to a vault asks for, and the right it takes.

use std::borrow::Cow;

use super::error::VaultError;
use super::permission::{DataAction, Right};
use crate::config::Permission;
use crate::message::Request;

const LONGEST_NAME: usize = 127;

/// An operation with its object.
pub(super) enum Operation {
    Get { name: String, version: Option<String> },
    Set { name: String },
    Update { name: String, version: Option<String> },
    List,
    ListVersions { name: String },
    Delete { name: String },
    GetDeleted { name: String },
    ListDeleted,
    Recover { name: String },
    Purge { name: String },
    Backup { name: String },
    Restore,
}

impl Operation {
    pub(super) fn parse(request: &Request) -> Result<Operation, VaultError> {
        if request
            .parameter("api-version")
            .is_none_or(|version| version.is_empty())
        {
            return Err(VaultError::missing_api_version());
        }
        let method = effective_method(request);
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(Cow::as_ref).collect();
        let operation = match (method, segments.as_slice()) {
            ("GET", ["secrets"]) => Operation::List,
            ("GET", ["deletedsecrets"]) => Operation::ListDeleted,
            ("POST", ["secrets", "restore"]) => Operation::Restore,
            (method, [collection, name, rest @ ..]) => {
                return Operation::on_secret(method, collection, name, rest)?
                    .ok_or_else(|| not_emulated(request));
            }
            _ => return Err(not_emulated(request)),
        };
        Ok(operation)
    }

    /// An operation on the secret of a name; nothing, if there is no such operation.
    fn on_secret(
        method: &str,
        collection: &str,
        name: &str,
        rest: &[&str],
    ) -> Result<Option<Operation>, VaultError> {
        let name = name.to_owned();
        let operation = match (method, collection, rest) {
            ("GET", "secrets", []) => Operation::Get { name, version: None },
            ("GET", "secrets", ["versions"]) => Operation::ListVersions { name },
            ("GET", "secrets", [version]) => Operation::Get {
                name,
                version: Some((*version).into()),
            },
            ("PUT", "secrets", []) => Operation::Set { name },
            ("PATCH", "secrets", []) => Operation::Update { name, version: None },
            ("PATCH", "secrets", [version]) => Operation::Update {
                name,
                version: Some((*version).into()),
            },
            ("DELETE", "secrets", []) => Operation::Delete { name },
            ("POST", "secrets", ["backup"]) => Operation::Backup { name },
            ("GET", "deletedsecrets", []) => Operation::GetDeleted { name },
            ("POST", "deletedsecrets", ["recover"]) => Operation::Recover { name },
            ("DELETE", "deletedsecrets", []) => Operation::Purge { name },
            _ => return Ok(None),
        };
        match operation.secret() {
            Some(name) if !is_object_name(name) => Err(VaultError::bad_name(name)),
            _ => Ok(Some(operation)),
        }
    }

    pub(super) fn right(&self) -> Right {
        let (permission, action) = match self {
            Operation::Get { .. } => (Permission::Get, DataAction::GetSecret),
            Operation::Set { .. } => (Permission::Set, DataAction::SetSecret),
            Operation::Update { .. } => (Permission::Set, DataAction::Update),
            Operation::List | Operation::ListVersions { .. } | Operation::ListDeleted => {
                (Permission::List, DataAction::ReadMetadata)
            }
            Operation::GetDeleted { .. } => (Permission::Get, DataAction::ReadMetadata),
            Operation::Delete { .. } => (Permission::Delete, DataAction::Delete),
            Operation::Recover { .. } => (Permission::Recover, DataAction::Recover),
            Operation::Purge { .. } => (Permission::Purge, DataAction::Purge),
            Operation::Backup { .. } => (Permission::Backup, DataAction::Backup),
            Operation::Restore => (Permission::Restore, DataAction::Restore),
        };
        Right { permission, action }
    }

    /// Whether it makes a version of a secret, which has limits of its own.
    pub(super) fn creates(&self) -> bool {
        matches!(self, Operation::Set { .. })
    }

    /// The secret that is meant, if it is one.
    pub(super) fn secret(&self) -> Option<&str> {
        match self {
            Operation::Get { name, .. }
            | Operation::Set { name }
            | Operation::Update { name, .. }
            | Operation::ListVersions { name }
            | Operation::Delete { name }
            | Operation::GetDeleted { name }
            | Operation::Recover { name }
            | Operation::Purge { name }
            | Operation::Backup { name } => Some(name),
            Operation::List | Operation::ListDeleted | Operation::Restore => None,
        }
    }
}

pub(super) fn is_object_name(name: &str) -> bool {
    let allowed = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-';
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(allowed)
}

/// The method, or what a POST stands for where others cannot pass.
fn effective_method(request: &Request) -> &str {
    match (request.method.as_str(), request.header("x-http-method")) {
        ("POST", Some(method @ ("PATCH" | "DELETE"))) => method,
        (method, _) => method,
    }
}

fn not_emulated(request: &Request) -> VaultError {
    VaultError::not_emulated(&format!("{} {}", request.method, request.path))
}
