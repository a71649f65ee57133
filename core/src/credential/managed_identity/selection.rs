//! Which of the host's identities is meant, and what to say when it is not there.

use crate::config::Config;
use crate::config::credential::DefaultOptions;
use crate::error::{Error, ErrorKind};
use crate::verdict::Verdict;
use crate::wire::token::managed_identity::IdentityRef;

use super::super::Miss;
use super::NAME;

/// Which of the host's identities is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selection {
    pub(super) identity: Selected,
    /// Whether the user named it for this purpose, rather than by the general `AZURE_CLIENT_ID`.
    pub(super) named: bool,
}

/// The ways to name an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Selected {
    System,
    Client(String),
    Object(String),
    Resource(String),
}

impl Selection {
    /// The identity of platforms that have only one.
    pub(super) const SYSTEM: Self = Self {
        identity: Selected::System,
        named: false,
    };

    /// From the options of `ManagedIdentityCredential`: at most one of them may be given.
    pub(super) fn new(
        client: Option<&str>,
        object: Option<&str>,
        resource: Option<&str>,
    ) -> Result<Self, Error> {
        let given = |value: Option<&str>| value.map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned);
        let identity = match (given(client), given(object), given(resource)) {
            (None, None, None) => Selected::System,
            (Some(id), None, None) => Selected::Client(id),
            (None, Some(id), None) => Selected::Object(id),
            (None, None, Some(id)) => Selected::Resource(id),
            _ => {
                let text = "A managed identity is named by its client id, its object id or its resource id: give one of them.";
                return Err(Error::new(ErrorKind::InvalidConfiguration, text));
            }
        };
        Ok(Self {
            named: identity != Selected::System,
            identity,
        })
    }

    /// The identity that `DefaultAzureCredential` takes: the option's, else the one of `AZURE_CLIENT_ID`.
    pub(super) fn of_default_chain(config: &Config, options: &DefaultOptions) -> Self {
        let pinned = config.options.expect.client_id.as_deref();
        match &options.managed_identity_client_id {
            Some(Some(id)) => Self {
                identity: Selected::Client(id.clone()),
                named: true,
            },
            Some(None) => Self::SYSTEM,
            None => match config.environment.get("AZURE_CLIENT_ID") {
                Some(id) => Self {
                    identity: Selected::Client(id.to_owned()),
                    named: pinned.is_some_and(|pinned| pinned.eq_ignore_ascii_case(id)),
                },
                None => Self::SYSTEM,
            },
        }
    }

    pub(super) fn as_ref(&self) -> IdentityRef<'_> {
        match &self.identity {
            Selected::System => IdentityRef::System,
            Selected::Client(id) => IdentityRef::ClientId(id),
            Selected::Object(id) => IdentityRef::ObjectId(id),
            Selected::Resource(id) => IdentityRef::ResourceId(id),
        }
    }

    /// The platform knows no such identity. Whoever named it must hear so; one that is only configured for
    /// something else (`AZURE_CLIENT_ID` of a service principal, say) leaves the turn to the next source.
    pub(super) fn not_attached(&self, answer: &str) -> Miss {
        let which = match &self.identity {
            Selected::System => "no system-assigned managed identity".to_owned(),
            Selected::Client(id) => format!("no managed identity with client id {id}"),
            Selected::Object(id) => format!("no managed identity with object id {id}"),
            Selected::Resource(id) => format!("no managed identity {id}"),
        };
        let text = format!("{NAME} authentication unavailable. This host has {which} attached ({answer}).");
        let advice = match &self.identity {
            Selected::System => {
                "Switch on the system-assigned identity of this resource (`az vm identity assign`, `az webapp identity \
                 assign`), or name a user-assigned one that is attached."
            }
            _ => {
                "Attach it to this resource (`az vm identity assign --identities`, `az webapp identity assign \
                 --identities`), or correct the id; granting it a role is not enough."
            }
        };
        self.miss(ErrorKind::AuthenticationFailed, text, advice)
            .diagnose(Verdict::IdentityNotAttached)
    }

    /// The Arc agent handed out the token of another identity, as those do that cannot tell them apart.
    pub(super) fn ignored(&self) -> Miss {
        let text = format!(
            "{NAME} authentication unavailable. The Azure Arc agent did not say that its token is for the identity that was \
             asked for, so it is not used."
        );
        let advice = "Check that the identity is assigned to this machine, and update the Connected Machine agent: older \
                      ones know the system-assigned identity only.";
        self.miss(ErrorKind::IdentityMismatch, text, advice)
            .diagnose(Verdict::IdentityMismatch)
    }

    /// No token for this identity: an error of that kind for whoever named it, and otherwise the next source's turn.
    pub(super) fn miss(&self, kind: ErrorKind, text: String, advice: &str) -> Miss {
        match self.named {
            true => Miss::refused(Error::new(kind, text)),
            false => Miss::unavailable(text),
        }
        .advise(advice)
    }
}
