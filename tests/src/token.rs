//! JSON Web Tokens as services issue them, but for the signature: nothing here checks one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Header, claims and a signature that proves nothing. The same claims give the same text in every language:
/// compact JSON, names sorted.
pub fn unsigned(claims: &Value) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    // `serde_json` sorts the names of an object.
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    format!("{header}.{payload}.bm9uZQ")
}

#[cfg(test)]
mod tests {
    use nightlatch_core::sensitive::Sensitive;
    use nightlatch_core::token::Claims;

    #[test]
    fn the_core_reads_what_is_written_here() {
        let token = super::unsigned(&serde_json::json!({"tid": "t", "appid": "a"}));
        let claims = Claims::decode(&Sensitive::from(token)).unwrap();
        assert_eq!(
            (claims.tid.as_deref(), claims.appid.as_deref()),
            (Some("t"), Some("a"))
        );
    }
}
