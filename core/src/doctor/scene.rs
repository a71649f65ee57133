//! What remedies are filled in with: names that are fit to stand in a command, else a placeholder in angle brackets.

use crate::config::{Config, CredentialOptions, Platform};
use crate::error::Identity;
use crate::operation::Subject;
use crate::report::Host;
use crate::wire::secrets::Deed;

/// Everything that a remedy may name.
pub(super) struct Scene<'a> {
    pub(super) config: &'a Config,
    pub(super) host: &'a Host,
    pub(super) subject: &'a Subject,
    pub(super) deed: &'a Deed,
    pub(super) who: Option<&'a Identity>,
    /// The credential that answered, or that the error is about.
    pub(super) source: Option<&'a str>,
    /// Whether the way ended at the vault, or before it: no remedy is about a place that was not reached.
    pub(super) at_vault: bool,
    /// `app` or `user`, where the token says.
    pub(super) kind: Option<&'a str>,
    /// The address that the vault saw.
    pub(super) address: Option<&'a str>,
    /// The vault's resource id, where its refusal names it.
    pub(super) resource: Option<&'a str>,
}

impl<'a> Scene<'a> {
    /// The vault's name.
    pub(super) fn vault(&self) -> &'a str {
        let label = self.subject.vault.host().split('.').next();
        plain(label, "<vault>")
    }

    /// The secret's name.
    pub(super) fn secret(&self) -> &'a str {
        self.subject
            .name
            .as_ref()
            .map_or("<secret>", |name| name.as_str())
    }

    /// The object id of whoever was refused.
    pub(super) fn object(&self) -> &'a str {
        plain(self.who.and_then(|who| who.object.as_deref()), "<object id>")
    }

    /// The client id of whoever was refused, else of whoever is configured.
    pub(super) fn client(&self) -> &'a str {
        let known = self.who.and_then(|who| who.client.as_deref());
        let configured = || self.config.options.credential.client_id();
        let environment = || self.config.environment.get("AZURE_CLIENT_ID");
        plain(known.or_else(configured).or_else(environment), "<client id>")
    }

    /// This host's resource.
    pub(super) fn name(&self) -> &'a str {
        plain(self.host.name.as_deref(), "<name>")
    }

    /// Its resource group.
    pub(super) fn group(&self) -> &'a str {
        plain(self.host.resource_group.as_deref(), "<resource group>")
    }

    /// What `--scope` takes: the vault's resource id, or the command that prints it.
    pub(super) fn scope(&self) -> String {
        let known = self.resource.filter(|id| id.starts_with('/') && is_plain(id));
        match known {
            Some(id) => id.to_owned(),
            None => format!(
                "$(az keyvault show --name {} --query id --output tsv)",
                self.vault()
            ),
        }
    }

    /// The resource id of the managed identity that the user named, or the command that prints it; `None` where none is
    /// named: then the host's own is meant.
    pub(super) fn named_identity(&self) -> Option<String> {
        let (client, object, resource) = match &self.config.options.credential {
            CredentialOptions::ManagedIdentity {
                client_id,
                object_id,
                resource_id,
            } => (client_id.as_deref(), object_id.as_deref(), resource_id.as_deref()),
            CredentialOptions::Default(options) => {
                let client = options.managed_identity_client_id.as_ref().map(Option::as_deref);
                (client.flatten(), None, None)
            }
            _ => (None, None, None),
        };
        let environment = self.config.environment.get("AZURE_CLIENT_ID");
        let by = |property: &str, id: &str| {
            format!("$(az identity list --query \"[?{property}=='{id}'].id\" --output tsv)")
        };
        match (resource, object, client.or(environment)) {
            (None, None, None) => None,
            (Some(id), _, _) if id.starts_with('/') && is_plain(id) => Some(id.to_owned()),
            (None, Some(id), _) if is_plain(id) => Some(by("principalId", id)),
            (None, None, Some(id)) if is_plain(id) => Some(by("clientId", id)),
            _ => Some("<resource id of the identity>".to_owned()),
        }
    }

    /// Whether the host's commands are those of Windows.
    pub(super) fn on_windows(&self) -> bool {
        self.config.options.host.platform == Platform::Windows
    }
}

/// The text if it may stand in a command as it is.
fn plain<'a>(text: Option<&'a str>, placeholder: &'static str) -> &'a str {
    text.filter(|text| is_plain(text)).unwrap_or(placeholder)
}

fn is_plain(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/');
    !text.is_empty() && text.len() <= 512 && !text.starts_with('-') && text.bytes().all(good)
}
