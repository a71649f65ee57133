//! App Service's forms of a reference (*Use Key Vault references as app settings*):
//!
//! ```text
//! @Microsoft.KeyVault(SecretUri=https://VAULT/secrets/NAME[/[VERSION[/]]])
//! @Microsoft.KeyVault(VaultName=VAULT;SecretName=NAME[;SecretVersion=VERSION])
//! ```
//!
//! What Microsoft documents of them is these examples. Where they leave something open, this is the rule:
//!
//! * `Microsoft.KeyVault` and the names of parts are read in any case: Azure's portal takes a value for a reference so, and
//!   names of settings and secrets are equal ignoring case everywhere in Azure. Parts may stand in any order.
//! * The reference is the whole value. No blanks in it or around it, no empty part, no part twice, no unknown one, and
//!   `SecretUri` alone: nobody documents that App Service reads such a thing, and what it does not read it hands to
//!   the program as the value.
//! * The URL is the secret's identifier and nothing more: no user, port, query, fragment or percent-encoding. Its host may
//!   be any: whose tokens may go there is decided where they are sent. An emulator on this machine may have a port.
//!
//! # What means to be a reference
//!
//! A value does if it holds `Microsoft.KeyVault(` anywhere, in any case; or if it begins, after blanks and quotes, with
//! an `@` and then `MicrosoftKeyVault` whatever stands between the letters; or with an `@` and holds a `SecretUri=`,
//! `VaultName=` or `SecretName=`. The first rule alone guarantees that no reference is handed through; the others
//! find slips of the pen. The bare URL of a secret is a plain value: programs that call the vault themselves are configured
//! with it.

use crate::identity::cloud::VaultDomain;
use crate::secret::{SecretId, SecretName, SecretVersion, VaultUrl, is_loopback};
use crate::url::Url;
use crate::wire::is_invisible;

use super::flaw::Flaw;

/// How a reference begins.
pub const PREFIX: &str = "@Microsoft.KeyVault(";

const SECRET_URI: &str = "SecretUri";
const VAULT_NAME: &str = "VaultName";
const SECRET_NAME: &str = "SecretName";
const SECRET_VERSION: &str = "SecretVersion";

/// What other objects of a vault stand under.
const OTHER_COLLECTIONS: [&str; 6] = [
    "keys",
    "certificates",
    "deletedsecrets",
    "deletedkeys",
    "deletedcertificates",
    "storage",
];

/// What is wrong, and at which byte.
pub(super) type Wrong = (Flaw, usize);

/// The secret that a value refers to; nothing for a plain value.
pub(super) fn reference(value: &str, domain: &VaultDomain) -> Result<Option<SecretId>, Wrong> {
    let Some(name_at) = find(value.as_bytes(), &PREFIX[1..]) else {
        return match resembles(value) {
            true => Err((Flaw::Misspelt, skip(value))),
            false => Ok(None),
        };
    };
    let before = value[..name_at]
        .strip_suffix('@')
        .ok_or((Flaw::Misspelt, name_at))?;
    if !before.is_empty() {
        return Err((around(before), 0));
    }
    let inner_at = PREFIX.len();
    let (inner, after) = value[inner_at..]
        .split_once(')')
        .ok_or((Flaw::Unclosed, value.len()))?;
    if !after.is_empty() {
        return Err((around(after), value.len() - after.len()));
    }
    match inner.char_indices().find(|(_, c)| is_blank(*c)) {
        Some((at, _)) => Err((Flaw::Blank, inner_at + at)),
        None => parts(inner, inner_at, domain).map(Some),
    }
}

/// Whether bytes that are no text mean to be a reference.
pub(super) fn is_meant(value: &[u8]) -> bool {
    find(value, &PREFIX[1..]).is_some()
}

/// What stands between the brackets, which begins at `start`.
fn parts(inner: &str, start: usize, domain: &VaultDomain) -> Result<SecretId, Wrong> {
    let names = [SECRET_URI, VAULT_NAME, SECRET_NAME, SECRET_VERSION];
    let mut found: [Option<(&str, usize)>; 4] = [None; 4];
    let mut at = start;
    for part in inner.split(';') {
        if part.is_empty() {
            return Err((Flaw::Empty, at));
        }
        let (name, value) = part.split_once('=').ok_or((Flaw::NotAPart, at))?;
        let known = names.iter().position(|known| known.eq_ignore_ascii_case(name));
        let place = &mut found[known.ok_or((Flaw::UnknownPart, at))?];
        if place.is_some() {
            return Err((Flaw::Twice, at));
        }
        let value_at = at + name.len() + 1;
        if value.is_empty() {
            return Err((Flaw::Empty, value_at));
        }
        *place = Some((value, value_at));
        at += part.len() + 1;
    }
    match found {
        [Some((url, at)), None, None, None] => secret_url(url, at),
        [Some(_), ref others @ ..] => {
            let value_at = others.iter().flatten().map(|(_, at)| *at).min();
            Err((Flaw::Mixed, value_at.unwrap_or(start)))
        }
        [None, vault, name, version] => {
            let (vault, at) = vault.ok_or((Flaw::NoVaultName, start))?;
            let vault = domain
                .vault(vault)
                .map_err(|_| (Flaw::VaultName, at + first_odd(vault)))?;
            let name = name.ok_or((Flaw::NoSecretName, start))?;
            Ok(SecretId {
                vault,
                name: secret_name(name)?,
                version: version.map(secret_version).transpose()?,
            })
        }
    }
}

/// A secret's identifier, which begins at `start` of the value.
pub(super) fn secret_url(url: &str, start: usize) -> Result<SecretId, Wrong> {
    let (scheme, rest) = url.split_once("://").ok_or((Flaw::Scheme, start))?;
    if !scheme.eq_ignore_ascii_case("https") {
        return Err((Flaw::Scheme, start));
    }
    let host_at = start + scheme.len() + "://".len();
    let host_end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    if let Some(at) = rest[..host_end].find('@') {
        return Err((Flaw::UserInfo, host_at + at));
    }
    let odd = |(at, c)| Some((odd_character(c)?, host_at + at));
    if let Some(wrong) = rest.char_indices().find_map(odd) {
        return Err(wrong);
    }
    let (vault, path_at) = (
        vault(&url[..url.len() - rest.len() + host_end], host_at)?,
        host_at + host_end,
    );
    secret_path(&rest[host_end..], path_at, vault)
}

/// What can stand in no part of an identifier.
fn odd_character(c: char) -> Option<Flaw> {
    Some(match c {
        '%' => Flaw::Escape,
        '?' => Flaw::Query,
        '#' => Flaw::Fragment,
        c if is_blank(c) => Flaw::Blank,
        '\\' => Flaw::Character,
        c if c.is_ascii_graphic() => return None,
        _ => Flaw::Character,
    })
}

/// The vault of `https://HOST`, whose host begins at `host_at` of the value.
fn vault(origin: &str, host_at: usize) -> Result<VaultUrl, Wrong> {
    let wrong = (Flaw::Host, host_at);
    let url = Url::parse(origin).ok_or(wrong)?;
    if url.host.split('.').any(str::is_empty) {
        return Err(wrong);
    }
    if url.port.is_some() && !is_loopback(&url.host.to_ascii_lowercase()) {
        return Err((Flaw::Port, host_at + url.host.len()));
    }
    VaultUrl::parse(origin, false).map_err(|_| wrong)
}

/// `/secrets/NAME[/[VERSION[/]]]`, which begins at `start` of the value.
fn secret_path(path: &str, start: usize, vault: VaultUrl) -> Result<SecretId, Wrong> {
    let mut at = start;
    let segments = path.split('/').map(|segment| {
        let begins = at;
        at += segment.len() + 1;
        (segment, begins)
    });
    let segments: Vec<(&str, usize)> = segments.collect();
    let (collection, at) = *segments.get(1).ok_or((Flaw::Path, start))?;
    if !collection.eq_ignore_ascii_case("secrets") {
        let other = OTHER_COLLECTIONS
            .iter()
            .any(|other| other.eq_ignore_ascii_case(collection));
        return Err((if other { Flaw::NotASecret } else { Flaw::Path }, at));
    }
    // One slash may stand at the end.
    let segments = match &segments[2..] {
        [before @ .., ("", _)] if !before.is_empty() => before,
        all => all,
    };
    if let Some((_, at)) = segments.iter().find(|(segment, _)| segment.is_empty()) {
        return Err((Flaw::Path, *at));
    }
    let (name, version) = match *segments {
        [name] => (name, None),
        [name, version] => (name, Some(version)),
        [_, _, (_, at), ..] => return Err((Flaw::Path, at)),
        [] => return Err((Flaw::Path, start + path.len())),
    };
    Ok(SecretId {
        vault,
        name: secret_name(name)?,
        version: version.map(secret_version).transpose()?,
    })
}

fn secret_name((text, at): (&str, usize)) -> Result<SecretName, Wrong> {
    SecretName::parse(text).map_err(|_| (Flaw::SecretName, at + first_odd(text)))
}

fn secret_version((text, at): (&str, usize)) -> Result<SecretVersion, Wrong> {
    SecretVersion::parse(text).map_err(|_| (Flaw::SecretVersion, at + first_odd(text)))
}

/// The first character that is no letter, digit or hyphen; the beginning where the length is what is wrong.
fn first_odd(text: &str) -> usize {
    text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .unwrap_or(0)
}

/// What it means that a text stands before or after a reference.
fn around(text: &str) -> Flaw {
    match text.chars().all(is_blank) {
        true => Flaw::Blank,
        false => Flaw::Surrounded,
    }
}

/// Whether a value without `Microsoft.KeyVault(` means to be a reference. It may be a secret, so no part of it is copied.
fn resembles(value: &str) -> bool {
    let Some(rest) = value[skip(value)..].strip_prefix(['@', '\u{ff20}']) else {
        return false;
    };
    let letters = rest.chars().filter(|c| c.is_alphanumeric());
    let name = "microsoftkeyvault";
    letters
        .flat_map(char::to_lowercase)
        .take(name.len())
        .eq(name.chars())
        || ["SecretUri=", "VaultName=", "SecretName="]
            .iter()
            .any(|part| find(rest.as_bytes(), part).is_some())
}

/// Where a value begins behind blanks and quotes.
fn skip(value: &str) -> usize {
    value
        .find(|c| !is_blank(c) && !matches!(c, '"' | '\'' | '`' | '\u{2018}'..='\u{201f}'))
        .unwrap_or(value.len())
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_invisible(c)
}

/// Where `needle`, which is ASCII, stands for the first time, ignoring case.
fn find(hay: &[u8], needle: &str) -> Option<usize> {
    hay.windows(needle.len())
        .position(|part| part.eq_ignore_ascii_case(needle.as_bytes()))
}
