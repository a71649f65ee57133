//! What developer tools print and keep in files.

use serde::de::IgnoredAny;
use serde_json::Deserializer;

use super::answer::{TokenGrant, bearer, date};
use crate::json::{Object, items, text};
use crate::sensitive::Sensitive;
use crate::wire::Malformed;

/// Reads what `az account get-access-token --output json` prints.
///
/// Only `expires_on` counts, which Azure CLI 2.54.0 (2023) brought. The older `expiresOn` is a local
/// time without an offset: it cannot be read without knowing the zone, and not even then in the hour
/// when summer time ends.
pub fn parse_cli_token(stdout: &Sensitive) -> Result<TokenGrant, Malformed> {
    let object = Object::parse(stdout.expose())
        .ok_or_else(|| Malformed::new("Azure CLI did not print a JSON object."))?;
    grant(&object, "accessToken", "expires_on", || {
        if object.raw("expiresOn").is_some() {
            "Azure CLI told the token's end only as a local time; version 2.54.0 or later is needed."
        } else {
            "Azure CLI did not tell the token's end."
        }
    })
}

/// Reads what `azd auth token --output json` prints. Its `expiresOn` is in UTC.
pub fn parse_azd_token(stdout: &Sensitive) -> Result<TokenGrant, Malformed> {
    let object = Object::parse(stdout.expose())
        .ok_or_else(|| Malformed::new("The Azure Developer CLI did not print a JSON object."))?;
    grant(
        &object,
        "token",
        "expiresOn",
        || "The Azure Developer CLI did not tell the token's end.",
    )
}

/// Reads what our script for Azure PowerShell prints. Modules may write lines of their own before it.
pub fn parse_powershell_token(stdout: &Sensitive) -> Result<TokenGrant, Malformed> {
    let lines = || stdout.expose().split(|byte| *byte == b'\n').rev();
    let object = lines()
        .find_map(Object::parse)
        .ok_or_else(|| Malformed::new("Azure PowerShell did not print a JSON object."))?;
    grant(
        &object,
        "Token",
        "ExpiresOn",
        || "Azure PowerShell did not tell the token's end.",
    )
}

fn grant(
    object: &Object<'_>,
    token: &str,
    end: &str,
    endless: impl FnOnce() -> &'static str,
) -> Result<TokenGrant, Malformed> {
    Ok(TokenGrant {
        access_token: bearer(object, token, "tokenType")?,
        expires_on: Some(date(object, end).ok_or_else(|| Malformed::new(endless()))?),
        ..TokenGrant::default()
    })
}

/// What the Azure Developer CLI says on its standard error. With `--output json` that is JSON, by version:
/// `{"error", "message", "suggestion"}` (1.24 and newer), lines of which some are blank `consoleMessage`s and one
/// holds an `error` (1.23.7 to 1.23.15), and `consoleMessage`s before. What is none of these is taken as it is.
pub fn azd_message(stderr: &Sensitive) -> String {
    let all = String::from_utf8_lossy(stderr.expose());
    let mut said: Vec<String> = Vec::new();
    let mut rest = all.trim_start();
    while rest.starts_with('{') {
        let mut values = Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        if !matches!(values.next(), Some(Ok(_))) {
            break;
        }
        let (object, after) = rest.split_at(values.byte_offset());
        rest = after.trim_start();
        said.extend(Object::parse(object.as_bytes()).iter().flat_map(messages));
    }
    said.push(rest.trim().to_owned());
    said.retain(|text| !text.is_empty());
    said.join(" ")
}

fn messages(object: &Object<'_>) -> Vec<String> {
    let inside = ["data", "error"].map(|name| object.object(name));
    let places = [Some(object), inside[0].as_ref(), inside[1].as_ref()];
    let message = places
        .into_iter()
        .flatten()
        .find_map(|place| place.text("message"));
    [
        message.or_else(|| object.text("error")),
        object.text("suggestion"),
    ]
    .into_iter()
    .flatten()
    .map(|text| text.trim().to_owned())
    .collect()
}

/// A program that gives tokens for Visual Studio's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenProvider {
    /// Absolute path of the program.
    pub path: String,
    /// Arguments of its own.
    pub arguments: Vec<String>,
}

/// Reads `tokenprovider.json`: the programs in the order in which they are to be asked. A path that is not absolute
/// is refused, since it would mean another program in every working directory.
pub fn parse_token_providers(file: &Sensitive, windows: bool) -> Result<Vec<TokenProvider>, Malformed> {
    let unreadable = || Malformed::new("It is not a list of token providers.");
    let object = Object::parse(file.expose()).ok_or_else(unreadable)?;
    let list = object
        .raw("TokenProviders")
        .and_then(items)
        .ok_or_else(unreadable)?;
    let mut providers = Vec::new();
    for raw in list {
        let provider = Object::of_valid(raw).ok_or_else(unreadable)?;
        let path = provider.text("Path").ok_or_else(unreadable)?;
        if !is_absolute(&path, windows) {
            return Err(Malformed::new("A token provider's path is not absolute."));
        }
        let arguments = provider.raw("Arguments").map_or(Some(Vec::new()), |raw| {
            items(raw)?.into_iter().map(text).collect()
        });
        let preference = provider.number("Preference").unwrap_or(f64::MAX);
        providers.push((
            preference,
            TokenProvider {
                path,
                arguments: arguments.ok_or_else(unreadable)?,
            },
        ));
    }
    providers.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    Ok(providers.into_iter().map(|(_, provider)| provider).collect())
}

fn is_absolute(path: &str, windows: bool) -> bool {
    match (windows, path.as_bytes()) {
        (true, [drive, b':', b'\\' | b'/', ..]) => drive.is_ascii_alphabetic(),
        (false, [b'/', ..]) => true,
        _ => false,
    }
}
