//! What a token says of its bearer. Nobody has checked its signature here: for diagnosis and pins,
//! never for authorisation.

use crate::base64;
use crate::error::Identity;
use crate::json::Object;
use crate::sensitive::Sensitive;
use crate::time::UnixTime;
use crate::wire::clean;

/// The claims that help a person (*Access token claims reference*, Microsoft identity platform).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// Tenant id.
    pub tid: Option<String>,
    /// Object id.
    pub oid: Option<String>,
    /// Application id: `appid` (version 1 tokens) or `azp` (version 2).
    pub appid: Option<String>,
    /// Resource id of a managed identity.
    pub xms_mirid: Option<String>,
    /// When it was issued.
    pub iat: Option<UnixTime>,
    /// When it ends.
    pub exp: Option<UnixTime>,
    /// `app` or `user`.
    pub idtyp: Option<String>,
    /// In an ID token: what the sign-in was begun with.
    pub nonce: Option<String>,
}

impl Claims {
    /// Reads the claims of a JSON Web Token (RFC 7519). `None` when it is none, or encrypted.
    pub fn decode(token: &Sensitive) -> Option<Self> {
        let mut parts = token.expose_str()?.split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let json = base64::decode(payload)?;
        let object = Object::parse(json.expose())?;
        let text = |name| {
            object
                .text(name)
                .map(|text| clean(&text))
                .filter(|text| !text.is_empty())
        };
        Some(Self {
            tid: text("tid"),
            oid: text("oid"),
            appid: text("appid").or_else(|| text("azp")),
            xms_mirid: text("xms_mirid"),
            iat: object.unix_time("iat"),
            exp: object.unix_time("exp"),
            idtyp: text("idtyp"),
            nonce: object.text("nonce"),
        })
    }

    /// Whom the token stands for.
    pub fn identity(&self) -> Identity {
        Identity {
            tenant: self.tid.clone(),
            client: self.appid.clone(),
            object: self.oid.clone(),
            resource: self.xms_mirid.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> Sensitive {
        Sensitive::from(format!("e30.{}.c2ln", base64::encode_url(payload.as_bytes())))
    }

    #[test]
    fn claims_become_an_identity() {
        let claims = Claims::decode(&token(
            r#"{"tid":"t","oid":"o","appid":"a","xms_mirid":"/subscriptions/s","iat":1,"exp":"1793000000","idtyp":"app"}"#,
        ))
        .unwrap();
        assert_eq!(claims.exp, Some(UnixTime::from_secs(1_793_000_000)));
        assert_eq!(
            claims.identity().to_string(),
            "client id a, object id o, tenant t, resource /subscriptions/s"
        );
        let v2 = Claims::decode(&token(r#"{"azp":"b"}"#)).unwrap();
        assert_eq!(v2.appid.as_deref(), Some("b"));
    }

    #[test]
    fn a_claim_cannot_paint_on_a_terminal() {
        let claims = Claims::decode(&token("{\"tid\":\"\\u001b[31mt\\r\\nx\"}")).unwrap();
        assert_eq!(claims.tid.as_deref(), Some("[31mt x"));
    }

    #[test]
    fn other_texts_are_no_tokens() {
        for text in [
            "",
            "opaque",
            "a.b",
            "a.b.c",
            "a.b.c.d.e",
            "e30.W10.x",
            "e30.e30=x.c",
        ] {
            assert_eq!(Claims::decode(&Sensitive::from(text)), None, "{text}");
        }
        assert_eq!(Claims::decode(&Sensitive::from(vec![0xff; 9])), None);
    }
}
