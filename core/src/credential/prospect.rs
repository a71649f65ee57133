//! Which sources would be asked, and why, told without the network: variables and files are all that is looked at.

use futures_util::future::BoxFuture;

use crate::exec::Context;
use crate::report::Prospect;

use super::Credential;
use super::provider::TokenProvider;

/// What is known of a source before it is asked.
pub(crate) struct Expected {
    /// Whether it may exist here.
    exists: bool,
    /// Whether the machine itself says that it is Azure's.
    on_azure: bool,
    reason: String,
}

impl Expected {
    /// It exists, or may.
    pub(super) fn here(reason: impl Into<String>) -> Self {
        Self {
            exists: true,
            on_azure: false,
            reason: reason.into(),
        }
    }

    /// It exists, on a machine of Azure.
    pub(super) fn on_azure(reason: impl Into<String>) -> Self {
        Self {
            on_azure: true,
            ..Self::here(reason)
        }
    }

    /// It does not.
    pub(super) fn absent(reason: impl Into<String>) -> Self {
        Self {
            exists: false,
            ..Self::here(reason)
        }
    }
}

impl TokenProvider {
    /// The sources in order, and whether this is surely a machine of Azure.
    pub(crate) async fn prospects(&self, context: &Context) -> (Vec<Prospect>, bool) {
        let (mut found, mut on_azure) = (false, false);
        let mut all = Vec::new();
        for (source, expected) in self.credential().expected(context).await {
            on_azure |= expected.on_azure;
            let turn = match (expected.exists, found) {
                (false, _) => "skipped",
                (true, false) => "asked",
                (true, true) => "behind",
            };
            found |= expected.exists;
            all.push(Prospect {
                source,
                turn,
                reason: expected.reason,
            });
        }
        (all, on_azure)
    }
}

impl Credential {
    fn expected<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Vec<(String, Expected)>> {
        Box::pin(async move {
            let expected = match self {
                Self::Chain(chain) => {
                    let mut all = Vec::new();
                    for source in chain.sources() {
                        all.extend(source.expected(context).await);
                    }
                    return all;
                }
                Self::Absent { miss, .. } => Expected::absent(miss.error.details().message.clone()),
                Self::ManagedIdentity(identity) => identity.expected(context).await,
                Self::WorkloadIdentity(_) => {
                    Expected::here("a token file, a tenant and a client id are configured")
                }
                Self::DeveloperTool(_) => Expected::here("whoever is signed in to the tool"),
                Self::User(_) => Expected::here("a person signs in"),
                Self::Host(_) => Expected::here("the program's own credential"),
                Self::Application(_) | Self::GitHubActions(_) | Self::AzurePipelines(_) => {
                    Expected::here("it is configured")
                }
            };
            vec![(self.name().to_owned(), expected)]
        })
    }
}
