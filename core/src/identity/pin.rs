//! The identity pin: a token for somebody else is refused before it is used.

use crate::config::IdentityPin;
use crate::error::{Error, ErrorKind, Identity};
use crate::verdict::Verdict;

/// Compares what a token claims with what the user expects. A claim that the token lacks counts as different,
/// since the pin could not be kept otherwise.
pub fn check(pin: &IdentityPin, identity: &Identity, source: &str) -> Result<(), Error> {
    let wanted = Identity {
        tenant: pin.tenant_id.clone(),
        client: pin.client_id.clone(),
        object: pin.object_id.clone(),
        resource: pin.resource_id.clone(),
    };
    let differs = |want: &Option<String>, have: &Option<String>| {
        want.as_ref()
            .is_some_and(|want| !have.as_ref().is_some_and(|have| have.eq_ignore_ascii_case(want)))
    };
    let pairs = [
        (&wanted.tenant, &identity.tenant),
        (&wanted.client, &identity.client),
        (&wanted.object, &identity.object),
        (&wanted.resource, &identity.resource),
    ];
    if !pairs.iter().any(|(want, have)| differs(want, have)) {
        return Ok(());
    }
    let message =
        format!("{source} gave a token for {identity}, but {wanted} is expected. The token was not used.");
    Err(Error::new(ErrorKind::IdentityMismatch, message)
        .advise("Attach or select the expected identity on this host, or change the `expect` option.")
        .diagnose(Verdict::IdentityMismatch)
        .with(|d| {
            d.source = Some(source.into());
            d.identity = Some(identity.clone());
        }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_are_named() {
        let pin = IdentityPin {
            client_id: Some("AA".into()),
            ..IdentityPin::default()
        };
        let have = |client: &str| Identity {
            client: Some(client.into()),
            ..Identity::default()
        };
        assert!(check(&pin, &have("aa"), "X").is_ok());
        let error = check(&pin, &have("bb"), "X").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IdentityMismatch);
        assert!(error.to_string().contains("client id bb") && error.to_string().contains("client id AA"));
        assert!(check(&pin, &Identity::default(), "X").is_err());
    }
}
