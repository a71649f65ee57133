//! What a request to a vault asks for.

use std::borrow::Cow;

use super::error::VaultError;
use super::object::Kind;
use crate::config::KeyOperation;
use crate::message::Request;

const LONGEST_NAME: usize = 127;

/// An operation in one of the collections.
pub(super) enum Operation {
    Secrets(Call<SecretVerb>),
    Keys(Call<KeyVerb>),
}

/// An operation on a collection as a whole, or on the object of a name.
pub(super) enum Call<V> {
    List,
    ListDeleted,
    Restore,
    On(String, Verb<V>),
}

/// What can be done with an object: the same for all kinds, and what each has of its own.
pub(super) enum Verb<V> {
    ListVersions,
    Delete,
    GetDeleted,
    Recover,
    Purge,
    Backup,
    Own(V),
}

/// A version that is meant; without it, the latest.
pub(super) type Which = Option<String>;

pub(super) enum SecretVerb {
    Get(Which),
    Set,
    Update(Which),
}

pub(super) enum KeyVerb {
    Get(Which),
    Create,
    Import,
    Update(Which),
    Rotate,
    Use(KeyOperation, Which),
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
        let operation = match segments.as_slice() {
            ["secrets", rest @ ..] => Call::parse(method, rest, SecretVerb::parse).map(Operation::Secrets),
            ["deletedsecrets", rest @ ..] => Call::parse_deleted(method, rest).map(Operation::Secrets),
            ["keys", rest @ ..] => Call::parse(method, rest, KeyVerb::parse).map(Operation::Keys),
            ["deletedkeys", rest @ ..] => Call::parse_deleted(method, rest).map(Operation::Keys),
            _ => None,
        };
        let operation = operation
            .ok_or_else(|| VaultError::not_emulated(&format!("{} {}", request.method, request.path)))?;
        match operation.name() {
            Some(name) if !is_object_name(name) => Err(VaultError::bad_name(name)),
            _ => Ok(operation),
        }
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Operation::Secrets(_) => Kind::Secret,
            Operation::Keys(_) => Kind::Key,
        }
    }

    /// Whether it makes a version, which has limits of its own.
    pub(super) fn creates(&self) -> bool {
        use KeyVerb::{Create, Import, Rotate};
        match self {
            Operation::Secrets(call) => matches!(call, Call::On(_, Verb::Own(SecretVerb::Set))),
            Operation::Keys(call) => matches!(call, Call::On(_, Verb::Own(Create | Import | Rotate))),
        }
    }

    /// The name of the object that is meant, if it is one.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Operation::Secrets(call) => call.name(),
            Operation::Keys(call) => call.name(),
        }
    }

    /// The same, if it is a secret.
    pub(super) fn secret(&self) -> Option<&str> {
        self.name().filter(|_| self.kind() == Kind::Secret)
    }
}

impl<V> Call<V> {
    fn parse(method: &str, path: &[&str], own: fn(&str, &[&str]) -> Option<V>) -> Option<Call<V>> {
        let on = |name: &str, verb| Some(Call::On(name.into(), verb));
        match (method, path) {
            ("GET", []) => Some(Call::List),
            ("POST", ["restore"]) => Some(Call::Restore),
            ("GET", [name, "versions"]) => on(name, Verb::ListVersions),
            ("DELETE", [name]) => on(name, Verb::Delete),
            ("POST", [name, "backup"]) => on(name, Verb::Backup),
            (method, [name, rest @ ..]) => on(name, Verb::Own(own(method, rest)?)),
            _ => None,
        }
    }

    fn parse_deleted(method: &str, path: &[&str]) -> Option<Call<V>> {
        let on = |name: &str, verb| Some(Call::On(name.into(), verb));
        match (method, path) {
            ("GET", []) => Some(Call::ListDeleted),
            ("GET", [name]) => on(name, Verb::GetDeleted),
            ("POST", [name, "recover"]) => on(name, Verb::Recover),
            ("DELETE", [name]) => on(name, Verb::Purge),
            _ => None,
        }
    }

    fn name(&self) -> Option<&str> {
        match self {
            Call::On(name, _) => Some(name),
            Call::List | Call::ListDeleted | Call::Restore => None,
        }
    }
}

impl SecretVerb {
    fn parse(method: &str, path: &[&str]) -> Option<SecretVerb> {
        match (method, path) {
            ("GET", _) => Some(SecretVerb::Get(which(path)?)),
            ("PUT", []) => Some(SecretVerb::Set),
            ("PATCH", _) => Some(SecretVerb::Update(which(path)?)),
            _ => None,
        }
    }
}

impl KeyVerb {
    fn parse(method: &str, path: &[&str]) -> Option<KeyVerb> {
        match (method, path) {
            (_, ["rotationpolicy"]) => None,
            ("GET", _) => Some(KeyVerb::Get(which(path)?)),
            ("PUT", []) => Some(KeyVerb::Import),
            ("PATCH", _) => Some(KeyVerb::Update(which(path)?)),
            ("POST", ["create"]) => Some(KeyVerb::Create),
            ("POST", ["rotate"]) => Some(KeyVerb::Rotate),
            ("POST", [version @ .., operation]) => {
                Some(KeyVerb::Use(used(&operation.to_lowercase())?, which(version)?))
            }
            _ => None,
        }
    }
}

/// The use that a path ends with.
fn used(operation: &str) -> Option<KeyOperation> {
    match operation {
        "encrypt" => Some(KeyOperation::Encrypt),
        "decrypt" => Some(KeyOperation::Decrypt),
        "wrapkey" => Some(KeyOperation::WrapKey),
        "unwrapkey" => Some(KeyOperation::UnwrapKey),
        "sign" => Some(KeyOperation::Sign),
        "verify" => Some(KeyOperation::Verify),
        _ => None,
    }
}

/// The version in what follows a name; nothing, if more follows.
fn which(path: &[&str]) -> Option<Which> {
    match path {
        [] => Some(None),
        [version] => Some(Some((*version).into())),
        _ => None,
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
