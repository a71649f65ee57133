//! Forms for the token endpoint of Microsoft Entra ID (RFC 6749, 7523, 8628; *Microsoft identity platform and OAuth
//! 2.0*).

use crate::effect::{Method, Request};
use crate::sensitive::Sensitive;
use crate::wire::form;

/// How the application proves itself.
#[derive(Clone, Debug)]
pub enum Proof {
    /// Not at all: a public client.
    None,
    /// By a secret.
    Secret(Sensitive),
    /// By a signed or federated assertion (RFC 7523 section 2.2).
    Assertion(Sensitive),
}

/// What is shown for the token.
#[derive(Clone, Copy, Debug)]
pub enum Grant<'a> {
    /// The application's own proof.
    ClientCredentials,
    /// The token of the user on whose behalf the application acts (RFC 7523 section 2.1).
    OnBehalfOf(&'a Sensitive),
    /// An earlier sign-in.
    RefreshToken(&'a Sensitive),
    /// A code that a person confirms elsewhere (RFC 8628).
    DeviceCode(&'a Sensitive),
    /// A code that a browser brought.
    AuthorizationCode {
        /// The code.
        code: &'a Sensitive,
        /// The address at which it came back.
        redirect_uri: &'a str,
        /// What the challenge was made from (RFC 7636).
        verifier: Option<&'a Sensitive>,
    },
    /// A user's name and password.
    Password {
        /// The user principal name.
        username: &'a str,
        /// The password.
        password: &'a Sensitive,
    },
}

type Pair<'a> = (&'static str, &'a [u8]);

impl Proof {
    fn push<'a>(&'a self, pairs: &mut Vec<Pair<'a>>) {
        match self {
            Proof::None => {}
            Proof::Secret(secret) => pairs.push(("client_secret", secret.expose())),
            Proof::Assertion(assertion) => pairs.extend([
                (
                    "client_assertion_type",
                    &b"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"[..],
                ),
                ("client_assertion", assertion.expose()),
            ]),
        }
    }
}

impl<'a> Grant<'a> {
    fn push(self, pairs: &mut Vec<Pair<'a>>) {
        let mut push = |name, value: &'a [u8]| pairs.push((name, value));
        match self {
            Grant::ClientCredentials => push("grant_type", b"client_credentials"),
            Grant::OnBehalfOf(assertion) => {
                push("grant_type", b"urn:ietf:params:oauth:grant-type:jwt-bearer");
                push("assertion", assertion.expose());
                push("requested_token_use", b"on_behalf_of");
            }
            Grant::RefreshToken(token) => {
                push("grant_type", b"refresh_token");
                push("refresh_token", token.expose());
            }
            Grant::DeviceCode(code) => {
                push("grant_type", b"urn:ietf:params:oauth:grant-type:device_code");
                push("device_code", code.expose());
            }
            Grant::AuthorizationCode {
                code,
                redirect_uri,
                verifier,
            } => {
                push("grant_type", b"authorization_code");
                push("code", code.expose());
                push("redirect_uri", redirect_uri.as_bytes());
                if let Some(verifier) = verifier {
                    push("code_verifier", verifier.expose());
                }
            }
            Grant::Password { username, password } => {
                push("grant_type", b"password");
                push("username", username.as_bytes());
                push("password", password.expose());
            }
        }
    }
}

/// Asks for a token. `claims` is JSON, usually from [`cae_claims`](super::cae_claims).
pub fn token_request(
    token_url: &str,
    client_id: &str,
    scope: &str,
    grant: Grant<'_>,
    proof: &Proof,
    claims: Option<&str>,
) -> Request {
    let mut pairs = Vec::with_capacity(10);
    grant.push(&mut pairs);
    pairs.extend([("client_id", client_id.as_bytes()), ("scope", scope.as_bytes())]);
    proof.push(&mut pairs);
    pairs.extend(claims.map(|claims| ("claims", claims.as_bytes())));
    form_request(token_url, &pairs)
}

/// Asks for a device code (RFC 8628 section 3.1).
pub fn device_code_request(url: &str, client_id: &str, scope: &str, claims: Option<&str>) -> Request {
    let mut pairs = vec![("client_id", client_id.as_bytes()), ("scope", scope.as_bytes())];
    pairs.extend(claims.map(|claims| ("claims", claims.as_bytes())));
    form_request(url, &pairs)
}

fn form_request(url: &str, pairs: &[(&str, &[u8])]) -> Request {
    Request::new(Method::Post, url)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "application/json")
        .body(form(pairs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_grant_is_a_form() {
        let secret = Sensitive::from("a&b");
        let body = |grant, proof| {
            let request = token_request("https://a/t", "app", "s/.default", grant, &proof, Some("{}"));
            request.body.expose_str().unwrap_or_default().to_owned()
        };
        let common = "client_id=app&scope=s%2F.default";
        let assertion = Proof::Assertion(Sensitive::from("e.y.J"));
        let code = Grant::AuthorizationCode {
            code: &secret,
            redirect_uri: "http://localhost:1",
            verifier: Some(&secret),
        };
        let password = Grant::Password {
            username: "u@c",
            password: &secret,
        };
        for (grant, proof, before, after) in [
            (
                Grant::ClientCredentials,
                Proof::Secret(secret.clone()),
                "client_credentials",
                "client_secret=a%26b&",
            ),
            (
                Grant::ClientCredentials,
                assertion,
                "client_credentials",
                "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=e.y.J&",
            ),
            (
                Grant::OnBehalfOf(&secret),
                Proof::None,
                "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=a%26b&requested_token_use=on_behalf_of",
                "",
            ),
            (
                Grant::RefreshToken(&secret),
                Proof::None,
                "refresh_token&refresh_token=a%26b",
                "",
            ),
            (
                Grant::DeviceCode(&secret),
                Proof::None,
                "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=a%26b",
                "",
            ),
            (
                code,
                Proof::None,
                "authorization_code&code=a%26b&redirect_uri=http%3A%2F%2Flocalhost%3A1&code_verifier=a%26b",
                "",
            ),
            (
                password,
                Proof::None,
                "password&username=u%40c&password=a%26b",
                "",
            ),
        ] {
            assert_eq!(
                body(grant, proof),
                format!("grant_type={before}&{common}&{after}claims=%7B%7D")
            );
        }
    }
}
