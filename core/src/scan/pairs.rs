//! Connection strings: names and values in one text, one of them a password.
//!
//! Written with semicolons (ADO.NET, ODBC, OLE DB, JDBC for SQL Server; Microsoft Learn, *Connection string syntax*), with commas
//! (StackExchange.Redis, *Configuration*) or with blanks (libpq; PostgreSQL, *Connection strings*).

use super::Rule;
use super::harmless::is_placeholder;

const CONNECTION_STRING: Rule = Rule {
    id: "connection-string",
    what: "A connection string with a password.",
};

/// Names, without blanks and in lower case, of what lets its holder in.
const SECRETS: [&str; 8] = [
    "password",
    "pwd",
    "accesskey",
    "accountkey",
    "apikey",
    "clientsecret",
    "sharedaccesskey",
    "sharedsecret",
];

/// Names of what a program connects to and as whom: without one of them, pairs are no connection string.
const PLACES: [&str; 17] = [
    "accountname",
    "addr",
    "address",
    "datasource",
    "dbname",
    "driver",
    "endpoint",
    "host",
    "hostname",
    "initialcatalog",
    "network",
    "networkaddress",
    "provider",
    "server",
    "uid",
    "user",
    "userid",
];

/// More characters than a connection string has.
const LONGEST: usize = 4096;

/// The rule, if a value is a connection string with a password.
pub(super) fn password(value: &str) -> Option<Rule> {
    if value.len() > LONGEST || !value.contains('=') {
        return None;
    }
    [';', ',', ' ']
        .into_iter()
        .any(|sign| holds_password(value, sign))
        .then_some(CONNECTION_STRING)
}

fn holds_password(value: &str, sign: char) -> bool {
    let parts: Vec<&str> = value.split(sign).map(str::trim).collect();
    let pairs: Vec<(String, &str)> = parts.iter().filter_map(|part| pair(part)).collect();
    // Redis begins with its host, without a name.
    let has_place = pairs.iter().any(|(name, _)| PLACES.contains(&&**name))
        || (sign == ',' && parts[0].contains('.') && !parts[0].contains('='));
    has_place
        && pairs
            .iter()
            .any(|(name, value)| SECRETS.contains(&&**name) && is_value(value))
}

/// A name, without blanks and in lower case, and its value.
fn pair<'t>(part: &&'t str) -> Option<(String, &'t str)> {
    let (name, value) = part.split_once('=')?;
    let name = name
        .chars()
        .filter(|c| !matches!(c, ' ' | '_'))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    Some((name, value.trim().trim_matches(['"', '\''])))
}

fn is_value(value: &str) -> bool {
    value.len() >= 4 && !is_placeholder(value)
}
