//! Applications, and how they prove who they are.

use serde::Deserialize;
use serde_json::Value;

/// The audience of tokens that are made to be exchanged.
pub(crate) const TOKEN_EXCHANGE: &str = "api://AzureADTokenExchange";

/// An application in a tenant.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppRegistration {
    /// Its application id.
    pub client_id: String,
    /// Its service principal's object id, which access lists name.
    pub object_id: String,
    /// Its tenant's GUID.
    #[serde(default)]
    pub tenant: Option<String>,
    /// Whether it is one that cannot keep a secret: it signs people in, and proves nothing itself.
    #[serde(default)]
    pub public: bool,
    /// Where the sign-in page may go back to; a loopback address may always.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Client secrets that are valid now.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// Certificates (PEM, RSA) with which it may sign assertions.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// Certificates that need no registration, if the assertion brings them along (`x5c`).
    #[serde(default)]
    pub trusted_subjects: Vec<TrustedSubject>,
    /// Whether it refuses an assertion whose `jti` it saw before. Entra ID itself takes it again, and some clients count
    /// on that.
    #[serde(default)]
    pub single_use_assertions: bool,
    /// Federated identity credentials.
    #[serde(default)]
    pub federated: Vec<Federated>,
}

/// Whose certificates an application trusts by subject name and issuer.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedSubject {
    /// The common name.
    pub name: String,
    /// The authority's certificate as PEM.
    pub issuer: String,
}

/// A trust in tokens of another issuer. Without a key the signature is not looked at.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Federated {
    /// The exact `iss`.
    pub issuer: String,
    /// The exact `sub`.
    pub subject: String,
    /// The exact `aud`.
    #[serde(default = "token_exchange")]
    pub audience: String,
    /// The issuer's public key (or, with `kty` `oct`, shared key) as JWK.
    #[serde(default)]
    pub jwk: Option<Value>,
    /// The issuer's public key as PEM (`PUBLIC KEY`).
    #[serde(default)]
    pub pem: Option<String>,
    /// A shared key for HS256: the bytes of this text.
    #[serde(default)]
    pub hmac: Option<String>,
}

fn token_exchange() -> String {
    TOKEN_EXCHANGE.into()
}
