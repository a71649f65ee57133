//! The assertion by which a certificate's owner proves itself (RFC 7523, RFC 7515; *Microsoft identity platform
//! application authentication certificate credentials*).
//!
//! | algorithm | header |
//! |---|---|
//! | PS256, the default | `x5t#S256`: SHA-256 of the certificate, base64url |
//! | RS256: AD FS, and by option | `x5t`: SHA-1 of it, base64url |
//!
//! Both add `x5c`, the chain in standard base64, when applications trust a subject name and issuer.

use std::fmt::Write as _;
use std::time::Duration;

use hmac_sha256::Hash;

use super::Bundle;
use super::sha1::sha1;
use crate::base64::{encode, encode_url};
use crate::effect::Algorithm;
use crate::json::quoted;
use crate::sensitive::Sensitive;
use crate::time::UnixTime;

/// What Microsoft's own libraries give an assertion.
const LIFE: Duration = Duration::from_secs(600);

/// What an assertion says.
pub(crate) struct Claims<'a> {
    /// The token endpoint that is asked.
    pub(crate) audience: &'a str,
    /// Issuer and subject: the application.
    pub(crate) client_id: &'a str,
    /// Never used twice.
    pub(crate) id: &'a str,
    pub(crate) now: UnixTime,
}

/// Header and claims, joined as they are signed.
pub(crate) fn signing_input(
    bundle: &Bundle,
    algorithm: Algorithm,
    send_chain: bool,
    claims: &Claims<'_>,
) -> String {
    let (name, thumbprint) = match algorithm {
        Algorithm::Ps256 => ("x5t#S256", encode_url(&Hash::hash(bundle.leaf()))),
        Algorithm::Rs256 => ("x5t", encode_url(&sha1(bundle.leaf()))),
    };
    let mut header = format!(
        r#"{{"alg":"{}","typ":"JWT","{name}":"{thumbprint}""#,
        algorithm.name()
    );
    if send_chain {
        let chain: Vec<String> = bundle
            .chain
            .iter()
            .map(|der| quoted(&encode(der.expose())))
            .collect();
        let _ = write!(header, r#","x5c":[{}]"#, chain.join(","));
    }
    header.push('}');
    let (now, end) = (claims.now.as_secs(), (claims.now + LIFE).as_secs());
    let client = quoted(claims.client_id);
    let claims = format!(
        r#"{{"aud":{},"exp":{end},"iat":{now},"iss":{client},"jti":{},"nbf":{now},"sub":{client}}}"#,
        quoted(claims.audience),
        quoted(claims.id),
    );
    format!(
        "{}.{}",
        encode_url(header.as_bytes()),
        encode_url(claims.as_bytes())
    )
}

/// What was signed and the signature, as a JWT.
pub(crate) fn joined(input: &str, signature: &[u8]) -> Sensitive {
    Sensitive::from(format!("{input}.{}", encode_url(signature)))
}
