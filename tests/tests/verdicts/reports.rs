//! Random hosts, sources of tokens and vaults: the doctor always ends in a report, which nothing contradicts, and whose
//! commands hold nothing that a stranger wrote.

use nightlatch_core::config::{Config, Environment};
use nightlatch_core::effect::{Effect, Fault, FaultKind, Outcome, Response};
use nightlatch_core::operation::Reply;
use nightlatch_core::report::{Finding, Report};
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::Now;
use nightlatch_core::verdict::Verdict;
use nightlatch_tests::token::unsigned;
use nightlatch_tests::world::{Action, Host, World};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::answers::{CODES, MESSAGES, STATUSES, borne_out};

const VAULT: &str = "https://contoso.vault.azure.net";
const CLIENT: &str = "8f0e4c21-93d2-4c5a-8f11-aa00bb11cc22";
const OBJECT: &str = "11111111-2222-3333-4444-555555555555";

/// What strangers write into answers and names, to see whether it comes into a command. `EVIL` is looked for.
const EVIL: [&str; 5] = ["", "EVIL", "EVIL;rm -rf /", "$(EVIL)", "-EVIL\n`EVIL`"];

/// What a tag holds that its owner should not have written there.
const TAG: &str = "TagThatHoldsAPassword";

/// Where a token comes from, and how that ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sign {
    Token,
    NotAttached,
    Several,
    Foreign,
    Failing,
    Fault(FaultKind),
}

/// How the name fares among the deleted secrets.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Deleted {
    There,
    Nowhere,
    Forbidden,
    Silent,
}

/// One world.
#[derive(Clone, Debug)]
struct Case {
    sign: Sign,
    machine: bool,
    status: u16,
    codes: [&'static str; 2],
    message: String,
    body: Option<String>,
    deleted: Deleted,
    /// Seconds by which the vault's clock is behind.
    behind: Option<i64>,
    evil: &'static str,
}

impl Case {
    fn options(&self) -> Value {
        json!({
            "credential": {"type": "ManagedIdentityCredential", "client_id": CLIENT},
            "retry": {"tries": 1}, "host": {"platform": "linux"},
        })
    }

    fn environment(&self) -> Vec<(&'static str, &'static str)> {
        match self.machine {
            true => vec![],
            false => vec![
                ("IDENTITY_ENDPOINT", "http://127.0.0.1:4/msi"),
                ("IDENTITY_HEADER", "header"),
                ("WEBSITE_SITE_NAME", self.evil),
                ("WEBSITE_RESOURCE_GROUP", self.evil),
            ],
        }
    }

    fn identity(&self, now: Now) -> Outcome {
        let text = match self.sign {
            Sign::Token => {
                let claims = json!({"oid": OBJECT, "appid": CLIENT, "idtyp": "app"});
                let end = (now.unix.as_secs() + 3600).to_string();
                return answer(
                    200,
                    json!({"access_token": unsigned(&claims), "expires_on": end, "token_type": "Bearer"})
                        .to_string(),
                );
            }
            Sign::NotAttached if self.machine => "Identity not found",
            Sign::NotAttached => {
                "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
            }
            Sign::Several => "Multiple user assigned identities exist",
            Sign::Failing => return answer(500, "{}".into()),
            Sign::Foreign => return answer(200, "<html>".into()),
            Sign::Fault(kind) => return Outcome::Failed(Fault::new(kind, "as planned")),
        };
        let error = json!({"error": "invalid_request", "error_description": text, "message": text, "statusCode": 400});
        answer(400, error.to_string())
    }

    fn vault(&self, now: Now) -> Outcome {
        let body = self.body.clone().unwrap_or_else(|| match self.status {
            200 => bundle().to_string(),
            _ => {
                let [code, inner] = self.codes;
                json!({"error": {"code": code, "message": self.message, "innererror": {"code": inner}}})
                    .to_string()
            }
        });
        let Outcome::Http(mut response) = answer(self.status, body) else {
            unreachable!()
        };
        if let Some(behind) = self.behind {
            let date = nightlatch_core::time::UnixTime::from_secs(now.unix.as_secs() - behind);
            response.headers.push(("date".into(), date.to_string()));
        }
        response
            .headers
            .push(("x-ms-keyvault-region".into(), self.evil.into()));
        Outcome::Http(response)
    }

    fn deleted(&self) -> Outcome {
        let error = |code: &str| json!({"error": {"code": code, "message": "no"}}).to_string();
        match self.deleted {
            Deleted::There => answer(200, bundle().to_string()),
            Deleted::Nowhere => answer(404, error("SecretNotFound")),
            Deleted::Forbidden => answer(403, error("Forbidden")),
            Deleted::Silent => Outcome::Failed(Fault::new(FaultKind::ConnectionLost, "as planned")),
        }
    }

    /// Whether the vault was asked and gave what was wanted.
    fn is_well(&self) -> bool {
        self.sign == Sign::Token && self.status == 200 && self.body.is_none()
    }

    /// Whether the facts bear a verdict.
    fn bears(&self, verdict: Verdict) -> bool {
        use Verdict::*;
        match self.sign {
            Sign::Token => match verdict {
                SecretDeleted => self.bears(SecretNotFound) && self.deleted == Deleted::There,
                ClockWrong => self.status == 401 && self.behind.is_some_and(|behind| behind.abs() >= 300),
                verdict => borne_out(
                    verdict,
                    self.status,
                    self.codes,
                    &self.message,
                    self.body.is_none(),
                ),
            },
            Sign::NotAttached => verdict == IdentityNotAttached,
            Sign::Several => [IdentityAmbiguous, IdentityEndpointRefused].contains(&verdict),
            Sign::Failing => verdict == ServiceFailing,
            Sign::Foreign => [ForeignAnswer, MetadataServiceBlocked].contains(&verdict),
            Sign::Fault(_) => [
                NameNotResolved,
                Unreachable,
                TlsNotTrusted,
                TooSlow,
                ProxyInTheWay,
                ForeignAnswer,
                MetadataServiceBlocked,
            ]
            .contains(&verdict),
        }
    }

    /// Whether they leave it open.
    fn leaves_open(&self, verdict: Verdict) -> bool {
        use Verdict::*;
        let refused = self.sign == Sign::Token && self.status == 403;
        match verdict {
            RoleTooFresh | RoleInsufficient | RoleMissing | AccessPolicyMissing | GroupTooFresh => refused,
            SecretDeleted => {
                self.bears(SecretNotFound) && [Deleted::Forbidden, Deleted::Silent].contains(&self.deleted)
            }
            NetworkAbsent => matches!(self.sign, Sign::Fault(FaultKind::Dns)),
            _ => false,
        }
    }
}

impl Host for Case {
    fn perform(&mut self, effect: &Effect, now: Now) -> (Outcome, u64) {
        let outcome = match effect {
            Effect::Http { request, .. } if !request.url.starts_with(VAULT) => self.identity(now),
            Effect::Http { request, .. } if request.url.contains("/deletedsecrets/") => self.deleted(),
            Effect::Http { .. } => self.vault(now),
            _ => Outcome::Failed(Fault::new(FaultKind::NotFound, "")),
        };
        (outcome, 10)
    }
}

fn answer(status: u16, body: String) -> Outcome {
    Outcome::Http(Response {
        status,
        headers: Vec::new(),
        body: Sensitive::from(body),
    })
}

fn bundle() -> Value {
    json!({"value": "hunter2hunter2", "id": format!("{VAULT}/secrets/db/0a1b"), "tags": {"a": TAG}, "contentType": TAG,
        "recoveryId": format!("{VAULT}/deletedsecrets/db"), "scheduledPurgeDate": 1_800_000_000,
        "attributes": {"enabled": true, "recoveryLevel": "Recoverable+Purgeable", "recoverableDays": 7}})
}

fn examined(case: &Case) -> Report {
    let environment = Environment::from_iter(case.environment());
    let config =
        Config::from_json(&case.options().to_string(), environment, vec![]).expect("a sound configuration");
    let mut world = World::new(config, 1, case.clone()).expect("a sound configuration");
    let operation = json!({"op": "diagnose", "vault": VAULT, "name": "db"}).to_string();
    let operation = world.engine().operation(&operation).expect("a sound call");
    world.at(0, Action::Call("first".into(), operation));
    world.run();
    match &world.ended("first").expect("an end").result {
        Some(Ok(Reply::Report(report))) => (**report).clone(),
        other => panic!("{other:?}"),
    }
}

fn case() -> impl Strategy<Value = Case> {
    // Who is interrupted goes away, so that nobody is interrupted for ever.
    let faults = FaultKind::ALL
        .iter()
        .copied()
        .filter(|kind| *kind != FaultKind::Interrupted)
        .map(Sign::Fault);
    let mut signs = vec![Sign::NotAttached, Sign::Several, Sign::Foreign, Sign::Failing];
    signs.extend(faults);
    let caller =
        "Caller: appid=x;oid={e};iss=x\r\nClient address: {e}\r\nResource: '/a/vaults/{e}/secrets/db'\r\n";
    let body = prop_oneof![6 => Just(None), 1 => "(<html>|\\{|\\[)?[ -~]{0,20}".prop_map(Some)];
    (
        prop_oneof![4 => Just(Sign::Token), 1 => prop::sample::select(signs)],
        any::<bool>(),
        prop::sample::select(&STATUSES[..]),
        [prop::sample::select(&CODES[..]), prop::sample::select(&CODES[..])],
        prop::sample::select(&MESSAGES[..]),
        body,
        prop::sample::select(vec![
            Deleted::There,
            Deleted::Nowhere,
            Deleted::Forbidden,
            Deleted::Silent,
        ]),
        prop::option::of(-4000_i64..4000),
        prop::sample::select(&EVIL[..]),
    )
        .prop_map(
            move |(sign, machine, status, codes, message, body, deleted, behind, evil)| Case {
                sign,
                machine,
                status,
                codes,
                message: format!("{message}\r\n{}", caller.replace("{e}", evil)),
                body,
                deleted,
                behind,
                evil,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_report_never_contradicts_the_facts(case in case()) {
        let report = examined(&case);
        prop_assert_eq!(report.ok, case.is_well(), "{:#?}", report);
        prop_assert_eq!(report.ok, report.error.is_none());
        if let Some(found) = &report.verdict {
            prop_assert!(case.bears(found.code), "{:?}\n{}", case, report.text);
            prop_assert!(found.tell_apart.is_none());
        }
        for found in &report.candidates {
            prop_assert!(case.leaves_open(found.code), "{:?}\n{}", case, report.text);
            prop_assert!(found.tell_apart.is_some() && Some(found.code) != report.verdict.as_ref().map(|first| first.code));
        }
    }

    #[test]
    fn commands_hold_nothing_that_a_stranger_wrote(case in case()) {
        let report = examined(&case);
        let to_do = |found: &Finding| [found.commands.clone(), found.tell_apart.clone().into_iter().collect()].concat();
        let findings = report.verdict.iter().chain(&report.candidates);
        let commands = findings.flat_map(to_do).chain(report.warnings.iter().filter_map(|warning| warning.command.clone()));
        for command in commands {
            // A name of plain letters may well be one.
            prop_assert!(case.evil == "EVIL" || !command.contains("EVIL"), "{}", command);
            prop_assert!(!command.contains(['\n', '\r', '`', ';']), "{}", command);
        }
        let printed = |c: char| c == '\n' || c == '\t' || !c.is_control();
        prop_assert!(report.text.chars().all(printed), "{:?}", report.text);
    }

    #[test]
    fn a_report_holds_no_value_and_nothing_of_the_owners(case in case()) {
        let json = serde_json::to_string(&examined(&case)).expect("plain data");
        prop_assert!(!json.contains("hunter2") && !json.contains(TAG) && !json.contains("eyJ"), "{}", json);
    }
}
