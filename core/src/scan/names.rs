//! The names of values: which say that the value is a secret, and what the secret is called in the vault.

use super::Rule;
use super::harmless::{is_placeholder, stands_for_something_else};

const PASSWORD: Rule = Rule {
    id: "password",
    what: "A password.",
};
const SECRET: Rule = Rule {
    id: "secret",
    what: "A value whose name says that it is a secret.",
};

/// Last words of names of passwords, which people may have chosen.
const PASSWORDS: [&str; 5] = ["password", "passwd", "passphrase", "pwd", "pass"];

/// Last words of names of what machines have made.
const SECRETS: [&str; 5] = ["secret", "token", "credential", "authorization", "pat"];

/// What stands before "key" in the name of a key that is a secret.
const KEYS: [&str; 17] = [
    "access",
    "account",
    "admin",
    "api",
    "auth",
    "client",
    "encryption",
    "function",
    "host",
    "licence",
    "license",
    "master",
    "private",
    "secret",
    "shared",
    "signing",
    "storage",
];

/// Last words that say nothing about what a value is.
const NEUTRAL: [&str; 14] = [
    "base",
    "base64",
    "current",
    "dev",
    "new",
    "old",
    "primary",
    "prod",
    "production",
    "secondary",
    "staging",
    "string",
    "test",
    "value",
];

/// Words by which a name says that the value is none, or none that could be used.
const NOT: [&str; 22] = [
    "algorithm",
    "cancellation",
    "cipher",
    "continuation",
    "digest",
    "encrypted",
    "endpoint",
    "eos",
    "expiry",
    "forgot",
    "hash",
    "hashed",
    "hint",
    "label",
    "message",
    "mode",
    "next",
    "page",
    "pad",
    "placeholder",
    "public",
    "reset",
];

/// Characters that a secret of a machine's has at least, and those of its bits that each of them is worth.
const SHORTEST_SECRET: usize = 12;
const LEAST_BITS: f64 = 2.9;

/// The rule that a value falls under by its name. In programs, names of functions and fields stand in quotes, too.
pub(super) fn judged(name: &str, value: &str, is_program: bool) -> Option<Rule> {
    let rule = rule_of(name)?;
    let value = ["Bearer ", "Basic ", "token "]
        .iter()
        .find_map(|scheme| value.strip_prefix(scheme))
        .unwrap_or(value);
    if stands_for_something_else(value) || is_address(value) || value.contains(char::is_whitespace) {
        return None;
    }
    let is_no_name =
        !is_program || (value.len() >= 8 && !value.bytes().all(|byte| byte.is_ascii_alphabetic()));
    let is_one = is_no_name
        && if rule == PASSWORD {
            may_be_password(value)
        } else {
            may_be_secret(value)
        };
    (is_one && !is_placeholder(value)).then_some(rule)
}

/// What a name says that its value is.
fn rule_of(name: &str) -> Option<Rule> {
    let words = words(name.get(name.len().saturating_sub(super::values::LONGEST)..)?);
    if words.iter().any(|word| NOT.contains(&&**word)) {
        return None;
    }
    let is_neutral =
        |word: &&String| NEUTRAL.contains(&&***word) || word.bytes().all(|byte| byte.is_ascii_digit());
    let mut last = words.iter().rev().skip_while(is_neutral);
    let (word, before) = (last.next()?, last.next().map_or("", |word| word));
    let ends = |ends: &[&str], least: usize| {
        ends.iter()
            .any(|end| word == end || (end.len() >= least && word.ends_with(end)))
    };
    if ends(&PASSWORDS, 6) {
        return Some(PASSWORD);
    }
    let key = word
        .strip_suffix("key")
        .map(|start| if start.is_empty() { before } else { start });
    let is_key = key.is_some_and(|of| {
        KEYS.iter()
            .any(|key| of == *key || (key.len() > 4 && of.ends_with(key)))
    });
    (is_key || ends(&SECRETS, 5)).then_some(SECRET)
}

/// A password that a person may have chosen: not a word, nor an identifier.
fn may_be_password(value: &str) -> bool {
    let is_mixed = value.bytes().any(|byte| byte.is_ascii_digit())
        || value
            .bytes()
            .any(|byte| !byte.is_ascii_alphanumeric() && !b"_-./:".contains(&byte))
        || (value.len() >= 16 && bits(value) >= 3.5 && has_both_cases(value));
    value.len() >= 6 && distinct(value) >= 5 && is_mixed && !is_identifier(value)
}

/// A secret that a machine may have made.
fn may_be_secret(value: &str) -> bool {
    let has = |is: fn(&u8) -> bool| value.bytes().any(|byte| is(&byte));
    let is_mixed = (has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic))
        || (value.len() >= 24 && has_both_cases(value) && !value.contains(['_', '-', '.', ':']));
    value.len() >= SHORTEST_SECRET && bits(value) >= LEAST_BITS && is_mixed && !is_identifier(value)
}

/// Words and numbers with signs between them, such as `my-service.v2`.
fn is_identifier(value: &str) -> bool {
    let is_word = |part: &str| {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        digits == 0
            || (digits == part.len() && digits <= 4)
            || (digits < part.len() && digits <= 2 && part.len() <= 3)
    };
    value.contains(['-', '_', '.', ':', '/'])
        && value.split(['-', '_', '.', ':', '/']).all(is_word)
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte))
}

/// A URL, of which passwords are told by their format, or the path of a file.
fn is_address(value: &str) -> bool {
    value.contains("://")
        || ["/", "./", "../", "~/", "\\\\"]
            .iter()
            .any(|begin| value.starts_with(begin))
            && !value.ends_with('=')
        || value.as_bytes().get(1..3) == Some(b":\\")
}

fn has_both_cases(value: &str) -> bool {
    value.bytes().any(|byte| byte.is_ascii_lowercase()) && value.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn distinct(value: &str) -> usize {
    counts(value).iter().filter(|count| **count > 0).count()
}

fn counts(value: &str) -> [u32; 256] {
    let mut counts = [0; 256];
    value.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    counts
}

/// Shannon's entropy: bits for each character.
fn bits(value: &str) -> f64 {
    let all = value.len() as f64;
    let shares = counts(value)
        .into_iter()
        .filter(|count| *count > 0)
        .map(|count| f64::from(count) / all);
    -shares.map(|share| share * share.log2()).sum::<f64>()
}

/// The words of a name, in lower case: `clientSecret2`, `CLIENT_SECRET_2` and `Client-Secret 2` have the same.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = None;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        if !c.is_alphanumeric() {
            before = None;
            continue;
        }
        let next_is_lower = chars.peek().is_some_and(|c| c.is_lowercase());
        let begins = before.is_none_or(|before: char| {
            (c.is_uppercase() && (before.is_lowercase() || next_is_lower))
                || c.is_numeric() != before.is_numeric()
        });
        if begins {
            // Of a value this holds a part: growing would leave copies behind.
            words.push(String::with_capacity(2 * name.len()));
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
        before = Some(c);
    }
    words
}

/// A name for the secret: the value's own, with the names that lead to it; of a variable of the environment its own alone.
pub(super) fn suggested(path: &[String]) -> Option<String> {
    let own = path.last()?;
    let is_variable = |name: &str| {
        name.bytes().any(|byte| byte.is_ascii_uppercase())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let parts: Vec<String> = match is_variable(own) {
        true => vec![part_of_name(&own.to_ascii_lowercase())],
        false => path.iter().map(|part| part_of_name(part)).collect(),
    };
    let mut name = String::new();
    for part in parts.iter().rev().filter(|part| !part.is_empty()) {
        let longer = if name.is_empty() {
            part.clone()
        } else {
            format!("{part}--{name}")
        };
        if longer.len() > LONGEST {
            break;
        }
        name = longer;
    }
    (!name.is_empty()).then_some(name)
}

/// Leaves room for a number.
const LONGEST: usize = 120;

/// Letters, digits and hyphens; two underscores or a colon part names in configurations, as `--` does in a vault.
fn part_of_name(part: &str) -> String {
    let mut name = String::new();
    for piece in part.replace("__", ":").split(':') {
        let words = piece
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty());
        let piece = words.collect::<Vec<_>>().join("-");
        if !piece.is_empty() {
            name.push_str(if name.is_empty() { "" } else { "--" });
            name.push_str(&piece);
        }
    }
    name.truncate(LONGEST);
    name
}

/// Another name, where the first one is taken.
pub(super) fn numbered(name: &str, number: usize) -> String {
    format!("{}-{number}", &name[..name.len().min(LONGEST)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        for name in [
            "clientSecret2",
            "CLIENT_SECRET_2",
            "Client-Secret 2",
            "client.secret.2",
        ] {
            assert_eq!(words(name), ["client", "secret", "2"], "{name}");
        }
        assert_eq!(words("DBPassword"), ["db", "password"]);
    }

    #[test]
    fn names_tell_secrets() {
        for name in [
            "password",
            "DB_PASSWORD",
            "dbpassword",
            "smtp.pass",
            "PGPASSWORD",
            "userPwd",
            "passwordPrimary",
        ] {
            assert_eq!(rule_of(name), Some(PASSWORD), "{name}");
        }
        for name in [
            "client_secret",
            "ApiKey",
            "OPENAI_API_KEY",
            "apikey",
            "SECRET_KEY_BASE",
            "accessToken",
            "StorageAccountKey1",
            "jwtSigningKey",
            "AZURE_DEVOPS_EXT_PAT",
            "authorization",
        ] {
            assert_eq!(rule_of(name), Some(SECRET), "{name}");
        }
        for name in [
            "",
            "path",
            "compass",
            "key",
            "partitionKey",
            "publicKeyToken",
            "password_file",
            "secretName",
            "token_endpoint",
            "access_key_id",
            "password_hash",
            "passwordHint",
            "monkey",
            "max_tokens",
            "nextPageToken",
        ] {
            assert_eq!(rule_of(name), None, "{name}");
        }
    }

    #[test]
    fn names_of_secrets_are_made_of_paths() {
        for (path, name) in [
            (
                &["ConnectionStrings", "Default"][..],
                Some("ConnectionStrings--Default"),
            ),
            (
                &["services", "db", "POSTGRES_PASSWORD"],
                Some("postgres-password"),
            ),
            (&["ConnectionStrings__Main"], Some("ConnectionStrings--Main")),
            (
                &["spring.datasource.password"],
                Some("spring-datasource-password"),
            ),
            (&["Auth:Secret"], Some("Auth--Secret")),
            (&["pässword"], Some("p-ssword")),
            (&["", "__"], None),
            (&[], None),
        ] {
            let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
            assert_eq!(suggested(&path).as_deref(), name, "{path:?}");
        }
        let long = vec!["x".repeat(127); 8];
        assert_eq!(suggested(&long).map(|name| name.len()), Some(LONGEST));
    }
}
