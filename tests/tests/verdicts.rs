//! The verdicts: the table that the documentation prints is the one of the code, and each of them is reached by a case.

use std::collections::BTreeSet;
use std::fs;

use nightlatch_core::effect::Response;
use nightlatch_core::error::Identity;
use nightlatch_core::operation::Reply;
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::UnixTime;
use nightlatch_core::verdict::{Explanation, Verdict};
use nightlatch_core::wire::secrets::{deed, parse_id};
use nightlatch_core::wire::service_error::service_error;
use nightlatch_tests::scenario::play::play;
use nightlatch_tests::scenario::{folder, index, load};
use nightlatch_tests::source::workspace;
use proptest::prelude::*;
use serde_json::json;

fn table() -> String {
    let rows = Verdict::ALL.iter().map(|verdict| {
        let Explanation { seen, means, step } = verdict.explanation();
        format!("| `{}` | {seen} | {means} | {step} |\n", verdict.code())
    });
    format!(
        "| verdict | what was seen | what it means | the missing step |\n|---|---|---|---|\n{}",
        rows.collect::<String>()
    )
}

#[test]
fn the_documentation_prints_the_table_of_the_code() {
    let path = workspace().join("core/VERDICTS.md");
    let text = fs::read_to_string(&path).expect("the documentation");
    let rows = text.split_inclusive('\n').filter(|line| line.starts_with('|'));
    let printed: String = rows.collect();
    assert!(printed == table(), "core/VERDICTS.md must print\n{}", table());
}

/// Three troubles that have cost people days: the scenarios in which a program meets them, and the doctor.
const STORIES: [(&str, &str, &str); 3] = [
    (
        "The identity was granted a role, and never attached",
        "credential/app_service_named_identity_unknown.json",
        "doctor/not_attached_app_service.json",
    ),
    (
        "The firewall lets only some of an App Service's addresses in",
        "secrets/firewall.json",
        "doctor/firewall_app_service.json",
    ),
    (
        "The secret was deleted",
        "secrets/not_found.json",
        "doctor/secret_deleted.json",
    ),
];

#[test]
fn the_documentation_tells_the_stories_as_a_program_hears_them() {
    let printed = fs::read_to_string(workspace().join("core/VERDICTS.md")).expect("the documentation");
    for (title, path, consulted) in STORIES {
        let world = play(&load(path), "caller", 0)
            .world
            .expect("a sound configuration");
        let error = world
            .all_ended()
            .values()
            .find_map(|ended| ended.result.as_ref()?.as_ref().err());
        let error = error.expect("an error");
        let help = error.details().help.expect("a verdict").code();
        let world = play(&load(consulted), "caller", 0)
            .world
            .expect("a sound configuration");
        let report =
            world
                .all_ended()
                .values()
                .find_map(|ended| match ended.result.as_ref()?.as_ref().ok()? {
                    Reply::Report(report) => Some(report.text.clone()),
                    _ => None,
                });
        let report = report.expect("a report");
        let story = format!(
            "### {title}\n\nThe error, with help `{help}`:\n\n```text\n{error}\n```\n\nThe doctor:\n\n```text\n{report}```\n"
        );
        assert!(printed.contains(&story), "core/VERDICTS.md must tell\n{story}");
    }
}

#[test]
fn each_verdict_has_a_case() {
    let vectors = workspace().join("tests/vectors/service_errors.json");
    let cases = index()
        .into_iter()
        .map(|path| folder().join(path))
        .chain([vectors]);
    let known: BTreeSet<String> = Verdict::ALL
        .iter()
        .map(|verdict| verdict.code().to_owned())
        .collect();
    let (mut named, mut told) = (BTreeSet::new(), BTreeSet::new());
    for path in cases {
        let text = fs::read_to_string(path).expect("a case");
        let codes = text.split("\"help\": \"").skip(1);
        named.extend(codes.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        // In a report verdicts stand among the codes of services and warnings.
        let codes = text.split("\"code\": \"").skip(1);
        let codes = codes.filter_map(|rest| Some(rest.split_once('"')?.0));
        told.extend(codes.filter(|code| known.contains(*code)).map(str::to_owned));
    }
    let lacking: Vec<&String> = known
        .iter()
        .filter(|code| !named.contains(*code) && !told.contains(*code))
        .collect();
    let unknown: Vec<&String> = named.difference(&known).collect();
    assert!(lacking.is_empty(), "no case for {lacking:?}");
    assert!(
        told.len() >= 60,
        "only {} verdicts are reached by the doctor",
        told.len()
    );
    assert!(unknown.is_empty(), "no verdict is called {unknown:?}");
}

#[test]
fn codes_are_words_and_texts_are_sentences() {
    let codes: BTreeSet<&str> = Verdict::ALL.iter().map(|verdict| verdict.code()).collect();
    assert_eq!(codes.len(), Verdict::ALL.len());
    for verdict in Verdict::ALL {
        let (code, Explanation { seen, means, step }) = (verdict.code(), verdict.explanation());
        assert!(
            code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
            "{code}"
        );
        assert!(
            !seen.is_empty() && means.ends_with('.') && step.ends_with('.'),
            "{code}"
        );
        assert!(
            ![seen, means, step].iter().any(|text| text.contains('|')),
            "{code}"
        );
    }
}

const STATUSES: [u16; 14] = [
    200, 302, 400, 401, 403, 404, 407, 408, 409, 410, 429, 500, 503, 599,
];

const CODES: [&str; 18] = [
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

const MESSAGES: [&str; 9] = [
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
fn borne_out(verdict: Verdict, status: u16, codes: [&str; 2], message: &str, of_a_vault: bool) -> bool {
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
