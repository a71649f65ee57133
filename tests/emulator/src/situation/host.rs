//! Who this host is.

use super::{Situation, client, other, server};
use crate::config::{ArcChallenge, Identity, IdentityKind};
use crate::fault::{Action, Fault};
use crate::route::Service;

pub(super) const TABLE: &[Situation] = &[
    client(
        "no-identity",
        "No variables of a host, no developer tool on the `PATH`, and no `AZURE_POD_IDENTITY_AUTHORITY_HOST`.",
    ),
    client(
        "not-configured",
        "Leave out one of a source's variables, such as `AZURE_TENANT_ID`.",
    ),
    server(
        "identity-not-attached",
        "No identity is attached to any host.",
        |draft| {
            draft
                .config
                .identities
                .iter_mut()
                .for_each(|identity| identity.attached = false);
            Ok(())
        },
    ),
    server(
        "identity-ambiguous",
        "Two user-assigned identities are attached, and no system-assigned one.",
        |draft| {
            let identities = &mut draft.config.identities;
            identities.retain(|identity| identity.kind == IdentityKind::User);
            identities.extend([identity("first"), identity("second")]);
            Ok(())
        },
    ),
    server(
        "identity-mismatch",
        "The system-assigned identity is another than the configured one.",
        |draft| {
            let identities = &mut draft.config.identities;
            identities.retain(|identity| identity.kind == IdentityKind::User);
            identities.push(Identity {
                kind: IdentityKind::System,
                ..identity("stranger")
            });
            Ok(())
        },
    ),
    server(
        "metadata-service-blocked",
        "The page of a proxy answers in place of IMDS.",
        |draft| draft.fault(Fault::acting(Service::Imds, Action::Html, None)),
    ),
    server(
        "identity-endpoint-refused",
        "App Service, Service Fabric and Azure ML want another identity header.",
        |draft| {
            draft.config.identity_header = other();
            Ok(())
        },
    ),
    client(
        "identity-endpoint-invalid",
        "`IDENTITY_ENDPOINT` with a text that is no URL.",
    ),
    server(
        "arc-key-forbidden",
        "The Azure Arc agent's key file may be read by nobody (but root); needs `arc.token_folder`.",
        |draft| {
            draft.arc()?.challenge = ArcChallenge::Unreadable;
            Ok(())
        },
    ),
    server(
        "arc-agent-doubtful",
        "The Azure Arc agent's key file is outside its folder; needs `arc.token_folder`.",
        |draft| {
            draft.arc()?.challenge = ArcChallenge::OutsideFolder;
            Ok(())
        },
    ),
    client(
        "client-secret-beside-identity",
        "`AZURE_CLIENT_SECRET` and its kin beside `IDENTITY_ENDPOINT`.",
    ),
    client(
        "federated-token-missing",
        "`AZURE_FEDERATED_TOKEN_FILE` with the path of no file.",
    ),
    server(
        "job-token-refused",
        "Azure Pipelines and GitHub Actions want another token of the job.",
        |draft| {
            draft.config.azure_pipelines.access_token = other();
            draft.config.github_actions.request_token = other();
            Ok(())
        },
    ),
    client(
        "certificate-unusable",
        "`AZURE_CLIENT_CERTIFICATE_PATH` with a file that holds no key.",
    ),
    client(
        "tool-not-installed",
        "A `PATH` without `tools/` and without the real ones.",
    ),
    client(
        "tool-signed-out",
        "`tools/`, with `NIGHTLATCH_TOOL_OUTCOME=not_logged_in`.",
    ),
    client(
        "tool-failed",
        "`tools/`, with `NIGHTLATCH_TOOL_OUTCOME=aadsts`, `malformed` or `hang`.",
    ),
    client(
        "sign-in-needed",
        "A credential for people that was told not to ask them.",
    ),
    client(
        "tenant-not-allowed",
        "Ask a credential for a token of another tenant than its own.",
    ),
];

/// A user-assigned identity that nobody else has.
fn identity(name: &str) -> Identity {
    Identity {
        name: name.into(),
        client_id: other(),
        object_id: other(),
        tenant: None,
        kind: IdentityKind::User,
        resource_id: None,
        attached: true,
    }
}
