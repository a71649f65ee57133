//! What lies between a client and its vault.

use std::time::Duration;

use super::{Situation, client, server};
use crate::fault::{Action, Fault};
use crate::route::Service;

pub(super) const TABLE: &[Situation] = &[
    client(
        "name-not-resolved",
        "Ask a name that ends in `.invalid`, without proxy.",
    ),
    client(
        "vault-absent",
        "Ask for a vault that nobody has, without proxy, where other names have an address.",
    ),
    client(
        "cloud-wrong",
        "The same, below the domain of another cloud than `AZURE_AUTHORITY_HOST`'s.",
    ),
    client(
        "private-zone-missing",
        "Resolve the vault's name to a name below `privatelink.vaultcore.azure.net` without an address.",
    ),
    client("network-absent", "Run the client without network."),
    client(
        "unreachable",
        "`AZURE_POD_IDENTITY_AUTHORITY_HOST` or the vault's URL with a port on which nothing listens.",
    ),
    server(
        "too-slow",
        "Every vault is silent for `seconds` (60), and hangs up.",
        |draft| {
            let seconds = Duration::from_secs(draft.seconds(60).into());
            draft.fault(Fault::acting(Service::Vault, Action::Hang, Some(seconds)))
        },
    ),
    client(
        "proxy-in-the-way",
        "Ask the proxy for a vault that is not configured: it answers 502.",
    ),
    client("tls-not-trusted", "Do not trust the CA certificate."),
    server(
        "foreign-answer",
        "The page of a captive portal answers in place of every vault.",
        |draft| draft.fault(Fault::acting(Service::Vault, Action::Html, None)),
    ),
];
