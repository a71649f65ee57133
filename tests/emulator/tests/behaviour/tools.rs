//! The stand-ins for developer tools, and the tokens that they get.

use std::path::Path;
use std::process::{Output, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::{
    APP, APP_OBJECT, Azure, Folder, MACHINE_OBJECT, OTHER_TENANT, TENANT, claims_of, config,
};

const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tools");
const VAULT: &str = "https://vault.azure.net";
const ADA: &str = "cccccccc-0000-4000-8000-00000000000a";

async fn azure() -> Azure {
    let mut config = config();
    config["users"] = json!([{ "name": "ada@contoso.example", "object_id": ADA }]);
    config["vaults"][0]["access"] = json!([{ "principal": ADA, "secrets": ["get"] }]);
    Azure::start(config).await
}

async fn run(azure: &Azure, tool: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(Path::new(TOOLS).join(tool));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .env("TZ", "Etc/GMT-5");
    command.env("NIGHTLATCH_TOOL_EMULATOR", azure.emulator.http_url());
    for (name, value) in variables {
        command.env(format!("NIGHTLATCH_TOOL_{name}"), value);
    }
    command.output().await.expect("a start")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

fn json_of(output: &Output) -> Value {
    assert!(output.status.success(), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    serde_json::from_str(printed).expect(printed)
}

async fn opens_the_vault(azure: &Azure, token: &Value) -> bool {
    azure
        .read(&format!("Bearer {}", token.as_str().expect("a token")))
        .await
        .status
        == 200
}

const AZ: [&str; 6] = [
    "account",
    "get-access-token",
    "--output",
    "json",
    "--resource",
    VAULT,
];
const AZD: [&str; 7] = [
    "auth",
    "token",
    "--output",
    "json",
    "--no-prompt",
    "--scope",
    "https://vault.azure.net/.default",
];

#[tokio::test]
async fn a_token_is_minted_for_whoever_a_test_names() {
    let azure = azure().await;
    for (principal, object, user) in [
        (Value::Null, ADA, true),
        (json!("ADA@contoso.example"), ADA, true),
        (json!(ADA), ADA, true),
        (json!(APP), APP_OBJECT, false),
        (json!(APP_OBJECT), APP_OBJECT, false),
        (json!(MACHINE_OBJECT), MACHINE_OBJECT, false),
    ] {
        let wish = json!({ "principal": principal, "resource": VAULT });
        let token = azure.admin("POST", "token", wish).await.json();
        let claims = claims_of(token["access_token"].as_str().expect("a token"));
        assert_eq!(
            (&claims["oid"], &claims["aud"]),
            (&json!(object), &json!(VAULT)),
            "{principal}"
        );
        assert_eq!(
            (&token["expires_on"], &token["tenant"]),
            (&claims["exp"], &json!(TENANT))
        );
        assert_eq!(claims["upn"].is_string(), user);
    }
    let elsewhere = json!({ "resource": VAULT, "tenant": OTHER_TENANT });
    let token = azure.admin("POST", "token", elsewhere).await.json();
    let claims = claims_of(token["access_token"].as_str().expect("a token"));
    assert_eq!(claims["tid"], OTHER_TENANT);
    assert_eq!(claims["iss"], format!("https://sts.windows.net/{OTHER_TENANT}/"));
    for wrong in [
        json!({ "resource": "https://nobody.example" }),
        json!({ "resource": VAULT, "principal": "nobody" }),
        json!({ "resource": VAULT, "tenant": "nowhere" }),
        json!({}),
    ] {
        assert_eq!(
            azure
                .http("POST", "/_emulator/token", &[], &wrong.to_string())
                .await
                .status,
            400,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn the_azure_cli_prints_a_token_and_its_expiry_twice() {
    let azure = azure().await;
    let answer = json_of(&run(&azure, "az", &AZ, &[]).await);
    assert!(opens_the_vault(&azure, &answer["accessToken"]).await);
    let expiry = claims_of(answer["accessToken"].as_str().expect("a token"))["exp"]
        .as_i64()
        .expect("a moment");
    assert_eq!(answer["expires_on"], expiry);
    let local =
        time::OffsetDateTime::from_unix_timestamp(expiry).expect("a moment") + time::Duration::hours(5);
    let (date, clock) = (local.date(), local.time());
    let written = format!(
        "{date} {:02}:{:02}:{:02}.000000",
        clock.hour(),
        clock.minute(),
        clock.second()
    );
    assert_eq!(answer["expiresOn"], written, "five hours east");
    assert_eq!(
        (&answer["tokenType"], &answer["tenant"]),
        (&json!("Bearer"), &json!(TENANT))
    );
    assert!(answer["subscription"].is_string());
    let old = json_of(&run(&azure, "az", &AZ, &[("VERSION", "2.53.1")]).await);
    assert_eq!(old.get("expires_on"), None);
    let other = json_of(
        &run(
            &azure,
            "az",
            &[&AZ[..], &["--tenant", OTHER_TENANT]].concat(),
            &[],
        )
        .await,
    );
    assert_eq!(
        (&other["tenant"], other.get("subscription")),
        (&json!(OTHER_TENANT), None)
    );
    let by_scope = [
        "account",
        "get-access-token",
        "-o",
        "json",
        "--scope",
        "https://vault.azure.net/.default",
    ];
    assert!(
        opens_the_vault(
            &azure,
            &json_of(&run(&azure, "az", &by_scope, &[]).await)["accessToken"]
        )
        .await
    );
}

#[tokio::test]
async fn the_azure_cli_fails_as_the_real_one() {
    let azure = azure().await;
    for (outcome, more, status, said) in [
        (
            "not_logged_in",
            &[][..],
            1,
            "ERROR: Please run 'az login' to setup account.",
        ),
        ("aadsts", &[], 1, "AADSTS50076"),
        (
            "subscription_not_found",
            &["--subscription", "x"],
            1,
            "Subscription 'x' not found",
        ),
        (
            "token",
            &["--subscription", "x", "--tenant", TENANT],
            1,
            "not both",
        ),
        ("token", &["--claims", "e30="], 2, "unrecognized arguments"),
        ("token", &["--tenant", "nowhere"], 1, "there is no tenant nowhere"),
    ] {
        let output = run(&azure, "az", &[&AZ[..], more].concat(), &[("OUTCOME", outcome)]).await;
        assert_eq!(output.status.code(), Some(status), "{outcome} {more:?}");
        assert!(
            text(&output.stderr).contains(said),
            "{outcome}: {}",
            text(&output.stderr)
        );
        assert_eq!(text(&output.stdout), "");
    }
    let cut = run(&azure, "az", &AZ, &[("OUTCOME", "malformed")]).await;
    assert!(serde_json::from_slice::<Value>(&cut.stdout).is_err());
    assert!(text(&cut.stdout).contains("\"accessToken\": \"ey"));
}

#[tokio::test]
async fn the_developer_cli_prints_utc_and_its_errors_in_three_forms() {
    let azure = azure().await;
    let answer = json_of(&run(&azure, "azd", &AZD, &[]).await);
    assert!(opens_the_vault(&azure, &answer["token"]).await);
    let expiry = claims_of(answer["token"].as_str().expect("a token"))["exp"]
        .as_i64()
        .expect("a moment");
    let utc = time::OffsetDateTime::from_unix_timestamp(expiry).expect("a moment");
    let written = format!(
        "{}T{:02}:{:02}:{:02}Z",
        utc.date(),
        utc.hour(),
        utc.minute(),
        utc.second()
    );
    assert_eq!(answer["expiresOn"], written);
    let with_claims = [&AZD[..], &["--claims", "e30="]].concat();
    assert!(run(&azure, "azd", &with_claims, &[]).await.status.success());
    let old = run(&azure, "azd", &with_claims, &[("VERSION", "1.18.0")]).await;
    assert!(text(&old.stderr).contains("unknown flag: --claims"));
    let said = "not logged in, run `azd auth login` to login";
    for (version, lines, pointer) in [
        ("1.24.0", 1, "/message"),
        ("1.23.9", 2, "/error"),
        ("1.20.0", 1, "/data/message"),
    ] {
        let output = run(
            &azure,
            "azd",
            &AZD,
            &[("OUTCOME", "not_logged_in"), ("VERSION", version)],
        )
        .await;
        let written: Vec<Value> = text(&output.stderr)
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(written.len(), lines, "{version}");
        let message = written[lines - 1]
            .pointer(pointer)
            .and_then(Value::as_str)
            .expect("a message");
        assert!(message.contains(said), "{version}: {message}");
    }
}

/// A script in the style of the SDKs.
fn script(print: &str) -> String {
    format!(
        "$m = Import-Module Az.Accounts -MinimumVersion '2.2.0'\nif (! $m) {{ Write-Output NO_AZ_ACCOUNT_MODULE }}\n\
         $tenantId = ''\n$params = @{{ 'ResourceUrl' = '{VAULT}' }}\n$token = Get-AzAccessToken @params\n{print}"
    )
}

async fn powershell(azure: &Azure, script: &str, variables: &[(&str, &str)]) -> Output {
    let bytes: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let encoded = BASE64_STANDARD.encode(bytes);
    let arguments = ["-NoProfile", "-NonInteractive", "-EncodedCommand", &encoded];
    run(azure, "pwsh", &arguments, variables).await
}

#[tokio::test]
async fn powershell_prints_what_the_script_prints() {
    let azure = azure().await;
    let line = script(
        "$tokenValue | ConvertFrom-SecureString -AsPlainText\nWrite-Output \"azsdk%$tokenValue%$expires\"",
    );
    let output = powershell(&azure, &line, &[]).await;
    let parts: Vec<&str> = text(&output.stdout).trim().split('%').collect();
    assert_eq!((parts.len(), parts[0]), (3, "azsdk"));
    assert_eq!(claims_of(parts[1])["exp"].to_string(), parts[2]);
    let as_json =
        script("ConvertFrom-SecureString\n@{ Token = $t; ExpiresOn = $e } | ConvertTo-Json -Compress");
    let answer = json_of(&run(&azure, "pwsh", &["-NoProfile", "-Command", &as_json], &[]).await);
    assert!(opens_the_vault(&azure, &answer["Token"]).await);
    assert!(answer["ExpiresOn"].is_u64());
    let careless = script("@{ Token = $t; ExpiresOn = $e } | ConvertTo-Json -Compress");
    let answer = json_of(&powershell(&azure, &careless, &[]).await);
    assert_eq!(answer["Token"], "System.Security.SecureString", "since 5.0");
    let answer = json_of(&powershell(&azure, &careless, &[("VERSION", "2.16.0")]).await);
    assert!(opens_the_vault(&azure, &answer["Token"]).await);
    for version in ["2.1.0", "none"] {
        let output = powershell(&azure, &line, &[("VERSION", version)]).await;
        assert_eq!(text(&output.stdout).trim(), "NO_AZ_ACCOUNT_MODULE");
    }
    for (outcome, said) in [
        ("not_logged_in", "Run Connect-AzAccount to login"),
        ("blocked", "AuthorizationManager check failed"),
        ("aadsts", "AADSTS50076"),
    ] {
        let output = powershell(&azure, &line, &[("OUTCOME", outcome)]).await;
        assert!(
            !output.status.success() && text(&output.stderr).contains(said),
            "{outcome}"
        );
    }
    let tenant = script("azsdk%").replace("$tenantId = ''", &format!("$tenantId = '{OTHER_TENANT}'"));
    let output = powershell(&azure, &tenant, &[("VERSION", "2.16.0")]).await;
    let token = text(&output.stdout).split('%').nth(1).expect("a token");
    assert_eq!(claims_of(token)["tid"], OTHER_TENANT);
}

#[tokio::test]
async fn a_token_provider_of_visual_studio() {
    let azure = azure().await;
    let name = "visual-studio-token-provider";
    let answer = json_of(&run(&azure, name, &["--resource", VAULT, "--tenant", TENANT], &[]).await);
    assert!(opens_the_vault(&azure, &answer["access_token"]).await);
    assert!(
        answer["expires_on"]
            .as_str()
            .is_some_and(|text| text.ends_with("+00:00"))
    );
    let output = run(
        &azure,
        name,
        &["--resource", VAULT],
        &[("OUTCOME", "not_logged_in")],
    )
    .await;
    assert!(!output.status.success() && text(&output.stderr).contains("TS005"));
}

#[tokio::test]
async fn a_call_is_written_down() {
    let azure = azure().await;
    let folder = Folder::new("tools");
    let log = folder.path.join("log");
    for tool in ["az", "azd", "pwsh", "visual-studio-token-provider"] {
        run(
            &azure,
            tool,
            &["a b", "c"],
            &[("LOG", log.to_str().expect("text"))],
        )
        .await;
    }
    let written = std::fs::read_to_string(&log).expect("a log");
    let entries: Vec<Value> = written
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let tools: Vec<&str> = entries
        .iter()
        .map(|entry| entry["tool"].as_str().expect("a name"))
        .collect();
    assert_eq!(tools, ["az", "azd", "pwsh", "visual-studio-token-provider"]);
    let here = std::env::current_dir().expect("a folder");
    for entry in &entries {
        assert_eq!(
            (&entry["argv"], &entry["stdin"]),
            (&json!(["a b", "c"]), &json!("null"))
        );
        assert_eq!(entry["cwd"], here.to_str().expect("text"));
        assert!(entry["pid"].is_u64());
    }
}

#[tokio::test]
async fn a_tool_that_hangs_dies_when_killed() {
    let azure = azure().await;
    let mut child = Command::new(Path::new(TOOLS).join("az"))
        .args(AZ)
        .env("NIGHTLATCH_TOOL_EMULATOR", azure.emulator.http_url())
        .env("NIGHTLATCH_TOOL_OUTCOME", "hang")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a start");
    let waited = tokio::time::timeout(std::time::Duration::from_millis(300), child.wait()).await;
    assert!(waited.is_err(), "it hangs");
    child.kill().await.expect("an end");
}
