//! Access tokens: version 1 shaped JWTs, and what makes a vault refuse one.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use crate::clock;
use crate::config::TokenRefusal;
use crate::jwt::{Jwt, SigningKey, VerifyingKey};

/// Seconds that a token of Entra ID lives, unless configured otherwise.
pub(crate) const ENTRA_LIFETIME: u64 = 3_599;

/// Whoever a token can be about.
#[derive(Clone)]
pub(crate) struct Principal {
    pub(crate) client_id: String,
    pub(crate) object_id: String,
    pub(crate) tenant: String,
    /// The `iss` of its tenant's tokens.
    pub(crate) issuer: String,
    /// The ARM resource of a managed identity.
    pub(crate) resource_id: Option<String>,
    /// The name of a user, who acts through the application.
    pub(crate) user: Option<String>,
}

impl Principal {
    /// Whether this is its client or object id.
    pub(crate) fn is_named(&self, id: &str) -> bool {
        self.client_id.eq_ignore_ascii_case(id) || self.object_id.eq_ignore_ascii_case(id)
    }
}

/// A token and its life.
#[derive(Clone)]
pub(crate) struct AccessToken {
    pub(crate) text: String,
    pub(crate) issued: u64,
    pub(crate) expires: u64,
    serial: u64,
}

/// Who a valid token speaks for.
pub(crate) struct Caller {
    pub(crate) client_id: String,
    pub(crate) object_id: String,
    pub(crate) issuer: String,
}

/// Why a token is no good for a vault.
pub(crate) enum Refusal {
    Unverifiable,
    Expired,
    Audience { expected: String, found: String },
    Issuer { expected: String, found: String },
    Revoked,
    Other,
}

impl Refusal {
    /// Of a token with which nothing is wrong, as the configuration wants it.
    pub(crate) fn at_pleasure(reason: TokenRefusal, expected: &str) -> Refusal {
        match reason {
            TokenRefusal::Expired => Refusal::Expired,
            TokenRefusal::Audience => Refusal::Audience {
                expected: expected.into(),
                found: "https://management.azure.com/".into(),
            },
            TokenRefusal::Signature => Refusal::Unverifiable,
            TokenRefusal::Other => Refusal::Other,
        }
    }
}

/// Makes and judges access tokens. Each has a serial number, so that all made so far can be ended at once.
pub(crate) struct Tokens {
    key: SigningKey,
    verifying_key: VerifyingKey,
    lifetime: Option<u64>,
    last_serial: AtomicU64,
    expired_up_to: AtomicU64,
    revoked_up_to: AtomicU64,
}

impl Tokens {
    pub(crate) fn new(lifetime: Option<u64>) -> Result<Tokens, ring::error::Unspecified> {
        let key = SigningKey::generate()?;
        Ok(Tokens {
            verifying_key: key.verifying_key(),
            key,
            lifetime,
            last_serial: AtomicU64::new(0),
            expired_up_to: AtomicU64::new(0),
            revoked_up_to: AtomicU64::new(0),
        })
    }

    pub(crate) fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Makes a token for a resource; `continuous` marks a client that understands claims challenges.
    pub(crate) fn issue(
        &self,
        principal: &Principal,
        resource: &str,
        usual_lifetime: u64,
        continuous: bool,
    ) -> AccessToken {
        let serial = self.last_serial.fetch_add(1, Ordering::Relaxed) + 1;
        let issued = clock::now();
        let expires = issued + self.lifetime.unwrap_or(usual_lifetime);
        let mut claims = json!({
            "aud": resource, "iss": principal.issuer, "iat": issued, "nbf": issued, "exp": expires,
            "appid": principal.client_id, "oid": principal.object_id, "sub": principal.object_id,
            "tid": principal.tenant, "ver": "1.0", "uti": format!("{serial:016x}"),
        });
        match &principal.user {
            Some(name) => {
                claims["upn"] = json!(name);
                claims["scp"] = json!("user_impersonation");
            }
            None => claims["idtyp"] = json!("app"),
        }
        if let Some(resource_id) = &principal.resource_id {
            claims["xms_mirid"] = json!(resource_id);
        }
        if continuous {
            claims["xms_cc"] = json!(["CP1"]);
        }
        AccessToken {
            text: self.key.sign(&claims),
            issued,
            expires,
            serial,
        }
    }

    /// Judges a token for a resource and the issuer it trusts.
    pub(crate) fn check(&self, token: &str, resource: &str, issuer: &str) -> Result<Caller, Refusal> {
        let jwt = Jwt::parse(token).ok_or(Refusal::Unverifiable)?;
        if !jwt.is_signed_by(&self.verifying_key) {
            return Err(Refusal::Unverifiable);
        }
        let text = |claim| jwt.text(claim).unwrap_or_default().to_owned();
        let serial = u64::from_str_radix(&text("uti"), 16).map_err(|_| Refusal::Unverifiable)?;
        let expires = jwt.seconds("exp").unwrap_or_default();
        if expires <= clock::now() as f64 || serial <= self.expired_up_to.load(Ordering::Relaxed) {
            return Err(Refusal::Expired);
        }
        let (audience, found_issuer) = (text("aud"), text("iss"));
        if audience != resource {
            return Err(Refusal::Audience {
                expected: resource.into(),
                found: audience,
            });
        }
        if found_issuer != issuer {
            return Err(Refusal::Issuer {
                expected: issuer.into(),
                found: found_issuer,
            });
        }
        if serial <= self.revoked_up_to.load(Ordering::Relaxed) {
            return Err(Refusal::Revoked);
        }
        Ok(Caller {
            client_id: text("appid"),
            object_id: text("oid"),
            issuer: found_issuer,
        })
    }

    /// Whether a cache may hand out the token again: more than a tenth of its life is left.
    pub(crate) fn is_fresh(&self, token: &AccessToken) -> bool {
        let ended = self
            .expired_up_to
            .load(Ordering::Relaxed)
            .max(self.revoked_up_to.load(Ordering::Relaxed));
        let left = token.expires.saturating_sub(clock::now());
        token.serial > ended && left * 10 > token.expires - token.issued
    }

    /// Ends the life of every token made so far.
    pub(crate) fn expire_all(&self) {
        self.expired_up_to
            .store(self.last_serial.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Revokes every token made so far: vaults will ask for claims.
    pub(crate) fn revoke_all(&self) {
        self.revoked_up_to
            .store(self.last_serial.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}
