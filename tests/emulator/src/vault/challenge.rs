//! The 401 of a vault: where a token is to be had, and what was wrong with the one sent.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper::header::WWW_AUTHENTICATE;
use serde_json::json;

use super::{LOCAL_DOMAIN, Vault, port_suffix};
use crate::clock;
use crate::message::{Reply, Request};
use crate::token::Refusal;

/// A `WWW-Authenticate` header and the message beside it.
pub(crate) struct Challenge {
    header: String,
    message: String,
}

impl Challenge {
    pub(crate) fn missing_token(vault: &Vault, request: &Request) -> Challenge {
        Challenge {
            header: plain(&authority(vault, request), &vault.resource(request)),
            message: "AKV10000: Request is missing a Bearer or PoP token.".into(),
        }
    }

    pub(crate) fn refused_token(vault: &Vault, request: &Request, refusal: &Refusal) -> Challenge {
        let message = match refusal {
            Refusal::Revoked => return Challenge::claims(),
            Refusal::Unverifiable => {
                "AKV10046: Unable to resolve the key used for signature validation.".into()
            }
            Refusal::Other => "AKV19999: The token is not accepted.".into(),
            Refusal::Expired => "[TokenExpired] Error validating token: 'S2S12086'.".into(),
            Refusal::Audience { expected, found } => {
                format!("AKV10022: Invalid audience. Expected {expected}, found: {found}.")
            }
            Refusal::Issuer { expected, found } => {
                format!("AKV10032: Invalid issuer. Expected one of {expected}, found {found}.")
            }
        };
        Challenge {
            message,
            ..Challenge::missing_token(vault, request)
        }
    }

    /// Asks for a token made after now: continuous access evaluation.
    pub(crate) fn claims() -> Challenge {
        let claims = json!({
            "access_token": { "nbf": { "essential": true, "value": clock::now().to_string() } }
        });
        let claims = BASE64_STANDARD.encode(claims.to_string());
        Challenge {
            header: format!(
                "Bearer authorization_uri=\"https://login.windows.net/common/oauth2/authorize\", \
                 error=\"insufficient_claims\", claims=\"{claims}\""
            ),
            message: "The access token has been revoked.".into(),
        }
    }

    /// Names a resource that the vault's host does not belong to.
    pub(crate) fn of_other_domain(vault: &Vault, request: &Request) -> Challenge {
        let header = plain(&authority(vault, request), "https://vault.example.net");
        Challenge {
            header,
            ..Challenge::missing_token(vault, request)
        }
    }

    /// Names an authority without TLS.
    pub(crate) fn without_tls(vault: &Vault, request: &Request) -> Challenge {
        let authority = authority(vault, request).replacen("https:", "http:", 1);
        let header = plain(&authority, &vault.resource(request));
        Challenge {
            header,
            ..Challenge::missing_token(vault, request)
        }
    }

    pub(crate) fn reply(&self) -> Reply {
        let body = json!({ "error": { "code": "Unauthorized", "message": self.message } });
        Reply::json(401, &body).with(WWW_AUTHENTICATE, &self.header)
    }
}

fn plain(authority: &str, resource: &str) -> String {
    format!("Bearer authorization=\"{authority}\", resource=\"{resource}\"")
}

/// Entra's address for the vault's tenant; a client on a local name is sent to the same local server.
fn authority(vault: &Vault, request: &Request) -> String {
    let host = request.hostname();
    if host.ends_with(LOCAL_DOMAIN) || crate::route::is_loopback(host) {
        format!("https://localhost{}/{}", port_suffix(request), vault.tenant)
    } else {
        format!("https://{}/{}", vault.cloud.authority(), vault.tenant)
    }
}
