//! Random answers of a vault: no verdict that an error carries contradicts them.

use nightlatch_core::effect::Response;
use nightlatch_core::error::Identity;
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::UnixTime;
use nightlatch_core::verdict::Verdict;
use nightlatch_core::wire::secrets::{deed, parse_id};
use nightlatch_core::wire::service_error::service_error;
use proptest::prelude::*;
use serde_json::json;

pub(crate) const STATUSES: [u16; 14] = [
    200, 302, 400, 401, 403, 404, 407, 408, 409, 410, 429, 500, 503, 599,
];

pub(crate) const CODES: [&str; 18] = [
    "",
    "BadParameter",
    "Unauthorized",
    "Forbidden",
    "forbiddenbyrbac",
    "ForbiddenByRbac",
    "ForbiddenByPolicy",
    "AccessDenied",
    "ForbiddenByFirewall",
    "ForbiddenByConnection",
    "SecretDisabled",
    "SecretNotFound",
    "Conflict",
    "ObjectIsDeletedButRecoverable",
    "ObjectIsBeingDeleted",
    "Throttled",
    "InternalServerError",
    "Something new",
];

pub(crate) const MESSAGES: [&str; 9] = [
    "",
    "AKV10000: Request is missing a Bearer or PoP token.",
    "AKV10022: Invalid audience.",
    "AKV10032: Invalid issuer.",
    "[TokenExpired] Error validating token: 'S2S12086'.",
    "Client address: 203.0.113.7\r\nCaller: appid=1;oid=22222222-2222-2222-2222-222222222222;iss=x",
    "Caller: appid=1;oid=33333333-3333-3333-3333-333333333333;iss=x\r\nAssignment: (not found)\r\nDenyAssignmentId: null",
    "Caller: appid=1;oid=x;iss=x\r\nAssignment: '/a'\r\nDenyAssignmentId: null",
    "Operation \"purge\" is not allowed because purge protection is enabled for this vault.",
];

/// Whether the facts of an answer bear a verdict.
pub(crate) fn borne_out(
    verdict: Verdict,
    status: u16,
    codes: [&str; 2],
    message: &str,
    of_a_vault: bool,
) -> bool {
    use Verdict::*;
    let is = |code: &str| of_a_vault && codes.iter().any(|known| known.eq_ignore_ascii_case(code));
    let says = |text: &str| of_a_vault && message.contains(text);
    let assigned = says("Assignment: '/a'");
    match verdict {
        RequestInvalid => status == 400,
        AudienceWrong => status == 401 && says("AKV10022"),
        TenantWrong => status == 401 && says("AKV10032"),
        TokenExpired => status == 401 && says("S2S12086"),
        TokenRefused => status == 401,
        RoleMissing => status == 403 && is("ForbiddenByRbac") && !assigned,
        RoleDenied => status == 403 && is("ForbiddenByRbac") && assigned,
        AccessPolicyMissing => status == 403 && (is("ForbiddenByPolicy") || is("AccessDenied")),
        FirewallBlocked => status == 403 && is("ForbiddenByFirewall"),
        PrivateEndpointOnly => status == 403 && is("ForbiddenByConnection"),
        SecretDisabled => status == 403 && is("SecretDisabled"),
        PurgeProtected => status == 403 && says("purge protection"),
        ForbiddenUnexplained => status == 403 && of_a_vault,
        SecretNotFound => status == 404 && of_a_vault,
        NameHeldByDeleted => status == 409 && is("ObjectIsDeletedButRecoverable"),
        SecretChanging => status == 409 && is("ObjectIsBeingDeleted"),
        SecretChanged => status == 409,
        VaultThrottled => status == 429,
        ServiceFailing => status >= 500,
        ProxyInTheWay => status == 407,
        ForeignAnswer => !of_a_vault,
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_verdict_never_contradicts_the_answer(
        status in prop::sample::select(&STATUSES[..]),
        code in prop::sample::select(&CODES[..]),
        inner in prop::sample::select(&CODES[..]),
        message in prop::sample::select(&MESSAGES[..]),
        body in prop_oneof![4 => Just(None), 1 => "(<html>|\\{|\\[)?[ -~]{0,20}".prop_map(Some)],
        known: bool,
    ) {
        let error = json!({"error": {"code": code, "message": message, "innererror": {"code": inner}}}).to_string();
        let of_a_vault = body.is_none();
        let response = Response { status, headers: Vec::new(), body: Sensitive::from(body.unwrap_or(error)) };
        let id = parse_id("https://contoso.vault.azure.net/secrets/db").expect("an identifier");
        let own = Identity { object: Some("11111111-1111-1111-1111-111111111111".into()), ..Identity::default() };
        let identity = known.then_some(&own);
        let error = service_error(&response, &id.into(), &deed::GET, identity, UnixTime::from_secs(1_793_000_000));
        let details = error.details();
        if let Some(verdict) = details.help {
            prop_assert!(borne_out(verdict, status, [code, inner], message, of_a_vault), "{verdict:?}: {details:#?}");
        }
        let object = details.identity.as_ref().and_then(|who| who.object.as_deref());
        let advice = details.advice.as_deref().unwrap_or_default();
        let named = ["11111111", "22222222", "33333333"].into_iter().filter(|id| advice.contains(*id));
        prop_assert!(named.into_iter().all(|id| object.is_some_and(|object| object.starts_with(id))), "{details:#?}");
        prop_assert!(!advice.contains("203.0.113.7") || of_a_vault && message.contains("203.0.113.7"));
    }
}
