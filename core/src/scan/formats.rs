//! Secrets that are known by their format. Each rule follows the documentation of those who issue them; the formats are
//! facts, the rules are our own.

use std::ops::Range;

use zeroize::Zeroizing;

use super::Rule;
use super::harmless::is_placeholder;

/// A known secret in a text.
pub(super) struct Hit {
    pub(super) rule: Rule,
    pub(super) range: Range<usize>,
}

/// Which characters follow a beginning.
#[derive(Clone, Copy)]
enum Of {
    /// Letters and digits.
    Alnum,
    /// Those of a word: `_` too.
    Word,
    /// Those of Base64url: `-` and `_` too.
    Url,
    /// Those of Base64url and dots.
    Dotted,
    /// Digits and `a` to `f`.
    Hex,
}

/// A beginning, and how many characters of which kind follow it at least.
struct Format(&'static str, Of, usize, Rule);

const fn rule(id: &'static str, what: &'static str) -> Rule {
    Rule { id, what }
}

const GITHUB: Rule = rule("github-token", "A token of GitHub.");
const GITLAB: Rule = rule("gitlab-token", "A token of GitLab.");
const SLACK: Rule = rule("slack-token", "A token of Slack.");
const STRIPE: Rule = rule("stripe-key", "A secret key of Stripe.");
const NPM: Rule = rule("npm-token", "An access token of npm.");
const PYPI: Rule = rule("pypi-token", "An API token of PyPI.");
const OPENAI: Rule = rule("openai-key", "An API key of OpenAI.");
const ANTHROPIC: Rule = rule("anthropic-key", "An API key of Anthropic.");
const GOOGLE_KEY: Rule = rule("google-api-key", "An API key of Google.");
const GOOGLE_SECRET: Rule = rule("google-client-secret", "An OAuth client secret of Google.");
const DIGITALOCEAN: Rule = rule("digitalocean-token", "A token of DigitalOcean.");
const DOCKER: Rule = rule("docker-token", "An access token of Docker Hub.");
const HUGGING_FACE: Rule = rule("huggingface-token", "An access token of Hugging Face.");
const HASHICORP: Rule = rule("hashicorp-vault-token", "A token of HashiCorp Vault.");
const SENDGRID: Rule = rule("sendgrid-key", "An API key of SendGrid.");
const JWT: Rule = rule("jwt", "A signed token (JWT).");
const PRIVATE_KEY: Rule = rule("private-key", "A private key.");
const URL_PASSWORD: Rule = rule("url-password", "A URL with a password.");
const AWS: Rule = rule("aws-secret-access-key", "A secret access key of AWS.");
const AZURE_STORAGE: Rule = rule("azure-storage-key", "An account key of Azure Storage.");
const AZURE_COSMOS: Rule = rule("azure-cosmos-key", "An account key of Azure Cosmos DB.");
const AZURE_SHARED: Rule = rule(
    "azure-shared-access-key",
    "A shared access key of Azure Service Bus, Event Hubs or IoT Hub.",
);
const AZURE_SAS: Rule = rule("azure-sas", "A shared access signature of Azure.");
const AZURE_KEY: Rule = rule("azure-key", "A key of an Azure service.");
const AZURE_DEVOPS: Rule = rule("azure-devops-token", "A personal access token of Azure DevOps.");
const ENTRA: Rule = rule("entra-client-secret", "A client secret of Microsoft Entra ID.");

const FORMATS: [Format; 41] = [
    // GitHub Docs, "GitHub's token formats"; the GitHub blog, "Behind GitHub's new authentication token formats".
    Format("ghp_", Of::Alnum, 36, GITHUB),
    Format("gho_", Of::Alnum, 36, GITHUB),
    Format("ghu_", Of::Alnum, 36, GITHUB),
    Format("ghs_", Of::Alnum, 36, GITHUB),
    Format("ghr_", Of::Alnum, 36, GITHUB),
    Format("github_pat_", Of::Word, 60, GITHUB),
    // GitLab Docs, "GitLab token overview", "Token prefixes".
    Format("glpat-", Of::Dotted, 20, GITLAB),
    Format("gldt-", Of::Url, 20, GITLAB),
    Format("glrt-", Of::Dotted, 20, GITLAB),
    Format("glptt-", Of::Url, 20, GITLAB),
    Format("glft-", Of::Url, 20, GITLAB),
    Format("glcbt-", Of::Url, 20, GITLAB),
    Format("glsoat-", Of::Url, 20, GITLAB),
    Format("gloas-", Of::Url, 20, GITLAB),
    // Slack API, "Tokens".
    Format("xoxb-", Of::Url, 24, SLACK),
    Format("xoxp-", Of::Url, 24, SLACK),
    Format("xoxa-", Of::Url, 24, SLACK),
    Format("xoxr-", Of::Url, 24, SLACK),
    Format("xoxe-", Of::Url, 24, SLACK),
    Format("xoxe.xox", Of::Url, 24, SLACK),
    Format("xapp-", Of::Url, 24, SLACK),
    // Stripe Docs, "API keys", "Receive Stripe events in your webhook endpoint".
    Format("sk_live_", Of::Alnum, 20, STRIPE),
    Format("sk_test_", Of::Alnum, 20, STRIPE),
    Format("rk_live_", Of::Alnum, 20, STRIPE),
    Format("rk_test_", Of::Alnum, 20, STRIPE),
    Format("whsec_", Of::Alnum, 24, STRIPE),
    // npm Docs, "About access tokens"; the GitHub blog, "Announcing npm's new access token format".
    Format("npm_", Of::Alnum, 36, NPM),
    // PyPI, "API tokens": a macaroon, whose location `pypi.org` or `test.pypi.org` comes first.
    Format("pypi-AgE", Of::Url, 50, PYPI),
    // OpenAI API reference, "Authentication", "Admin API keys", "Project service accounts".
    Format("sk-proj-", Of::Url, 40, OPENAI),
    Format("sk-svcacct-", Of::Url, 40, OPENAI),
    Format("sk-admin-", Of::Url, 40, OPENAI),
    // Claude Docs, "API overview", "Admin API overview".
    Format("sk-ant-", Of::Url, 40, ANTHROPIC),
    // Google Cloud, "Manage API keys"; Google Identity, "Using OAuth 2.0".
    Format("AIza", Of::Url, 35, GOOGLE_KEY),
    Format("GOCSPX-", Of::Url, 28, GOOGLE_SECRET),
    // DigitalOcean Docs, "How to create a personal access token".
    Format("dop_v1_", Of::Hex, 64, DIGITALOCEAN),
    Format("doo_v1_", Of::Hex, 64, DIGITALOCEAN),
    // Docker Docs, "Personal access tokens", "Organization access tokens".
    Format("dckr_pat_", Of::Url, 27, DOCKER),
    Format("dckr_oat_", Of::Url, 27, DOCKER),
    // Hugging Face Hub documentation, "User access tokens".
    Format("hf_", Of::Alnum, 34, HUGGING_FACE),
    // HashiCorp Developer, Vault, "Tokens", "Token prefixes".
    Format("hvs.", Of::Url, 24, HASHICORP),
    // Twilio SendGrid, "API keys".
    Format("SG.", Of::Dotted, 66, SENDGRID),
];

/// What Azure puts into keys so that they can be told from other texts: characters before the mark, the mark, characters
/// behind it, padding, and the alphabet, `true` for Base64 and `false` for letters and digits. Microsoft, *Microsoft
/// Security Utilities*, "identifiable secrets"; Azure DevOps, "Use personal access tokens", "Format"; "common annotated
/// security keys".
const MARKS: [(usize, &str, usize, &str, bool, Rule); 15] = [
    (76, "+ASt", 6, "==", true, AZURE_STORAGE),
    (76, "ACDb", 6, "==", true, AZURE_COSMOS),
    (76, "+ABa", 6, "==", true, AZURE_KEY),
    (76, "+AMC", 6, "==", true, AZURE_KEY),
    (76, "APIM", 6, "==", true, AZURE_KEY),
    (33, "+ASb", 6, "=", true, AZURE_SHARED),
    (33, "+AEh", 6, "=", true, AZURE_SHARED),
    (33, "+ARm", 6, "=", true, AZURE_SHARED),
    (33, "AIoT", 6, "=", true, AZURE_SHARED),
    (33, "AzCa", 6, "=", false, AZURE_KEY),
    (42, "AzSe", 6, "", false, AZURE_KEY),
    (42, "+ACR", 6, "", true, AZURE_KEY),
    (44, "AzFu", 6, "==", false, AZURE_KEY),
    (52, "JQQJ9", 27, "", false, AZURE_KEY),
    (76, "AZDO", 4, "", false, AZURE_DEVOPS),
];

/// So many characters are enough to know a secret by; what others may begin in is not read to its end time and again.
const ENOUGH: usize = 300;

/// A part of a signed token may have so many.
const LONGEST_PART: usize = 4096;

/// The known secrets of a text, in order; none begins within another.
pub(super) fn known(text: &str) -> Vec<Hit> {
    let mut hits = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut url_searched_to = 0;
    while at < bytes.len() {
        let begins = at == 0 || !is_word(bytes[at - 1]);
        let hit = match bytes[at] {
            b':' if bytes[at..].starts_with(b"://") => url_with_password(bytes, at, &mut url_searched_to),
            b'-' if bytes[at..].starts_with(b"-----BEGIN ") => private_key(bytes, at),
            byte if begins && is_word(byte) => at_word(text, at),
            _ => None,
        };
        match hit {
            Some(hit) => {
                at = hit.range.end.max(at + 1);
                if hit.range.start >= hits.last().map_or(0, |last: &Hit| last.range.end) {
                    hits.push(hit);
                }
            }
            None => at += 1,
        }
    }
    hits
}

/// What begins with the character of a word, behind one that is none.
fn at_word(text: &str, at: usize) -> Option<Hit> {
    let rest = &text.as_bytes()[at..];
    prefixed(rest)
        .or_else(|| jwt(rest))
        .or_else(|| assigned(text, at))
        .or_else(|| marked(text.as_bytes(), at))
        .or_else(|| entra(rest))
        .map(|(rule, range)| Hit {
            rule,
            range: at + range.start..at + range.end,
        })
}

type Known = (Rule, Range<usize>);

fn prefixed(rest: &[u8]) -> Option<Known> {
    let Format(begin, of, least, rule) = FORMATS
        .iter()
        .find(|format| rest.starts_with(format.0.as_bytes()))?;
    let length = run(&rest[begin.len()..], |byte| of.holds(byte));
    let end = begin.len() + length;
    (length >= *least && !is_weak(&rest[begin.len()..end])).then_some((*rule, 0..end))
}

/// Three parts, of which the first two are JSON objects (RFC 7519, RFC 7515 section 3.1). Five would be encrypted.
fn jwt(rest: &[u8]) -> Option<Known> {
    if !rest.starts_with(b"eyJ") {
        return None;
    }
    let part = |text: &[u8]| run_within(LONGEST_PART, text, |byte| Of::Url.holds(byte));
    let header = part(rest);
    let rest = rest.get(header..)?.strip_prefix(b".")?;
    let claims = part(rest);
    let signature = rest.get(claims..)?.strip_prefix(b".")?;
    let length = part(signature);
    let is_one = rest.starts_with(b"eyJ") && header >= 12 && claims >= 12 && length >= 16;
    (is_one && signature.get(length) != Some(&b'.')).then_some((JWT, 0..header + claims + length + 2))
}

/// Values that are known by what they are assigned to: `AccountKey=`, `SharedAccessKey=`, `sig=`,
/// `aws_secret_access_key`. (Microsoft Learn, *Configure Azure Storage connection strings*, *Get connection string* of
/// Service Bus, *Create a service SAS*; AWS, *Configuration and credential file settings*: 40 characters.)
fn assigned(text: &str, at: usize) -> Option<Known> {
    let rest = &text.as_bytes()[at..];
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
    let value = |name: &str| {
        let head = rest.get(..name.len())?;
        let after = rest.get(name.len()..)?;
        let gap = after
            .iter()
            .take(6)
            .take_while(|byte| b" \t\"':=>".contains(byte))
            .count();
        let has_sign = after[..gap].iter().any(|byte| b"=:".contains(byte));
        (has_sign && head.eq_ignore_ascii_case(name.as_bytes())).then_some(name.len() + gap)
    };
    for (name, rule) in [("AccountKey", AZURE_STORAGE), ("SharedAccessKey", AZURE_SHARED)] {
        if let Some(start) = value(name) {
            let length = run(&rest[start..], is_base64);
            let end = start + length + run(&rest[start + length..], |byte| byte == b'=').min(2);
            let is_cosmos = rule == AZURE_STORAGE && names_cosmos(&text.as_bytes()[..at]);
            let rule = if is_cosmos { AZURE_COSMOS } else { rule };
            return (length >= 40 && !is_weak(&rest[start..end])).then_some((rule, 0..end));
        }
    }
    if let Some(start) = value("sig") {
        let is_encoded = |byte: u8| is_base64(byte) || byte == b'%' || byte == b'=';
        let length = run(&rest[start..], is_encoded);
        let signature = &rest[start..start + length];
        let ends = [&b"%3D"[..], b"%3d", b"="]
            .iter()
            .any(|end| signature.ends_with(end));
        return (ends && (44..=80).contains(&length) && !is_weak(signature))
            .then_some((AZURE_SAS, 0..start + length));
    }
    for name in ["aws_secret_access_key", "aws_secret_key", "SecretAccessKey"] {
        if let Some(start) = value(name) {
            let length = run(&rest[start..], is_base64);
            return (length == 40 && !is_weak(&rest[start..start + length]))
                .then_some((AWS, 0..start + length));
        }
    }
    None
}

/// Whether an `AccountEndpoint=` stands shortly before.
fn names_cosmos(before: &[u8]) -> bool {
    let near = &before[before.len().saturating_sub(200)..];
    let line = near.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    line.windows(16)
        .any(|window| window.eq_ignore_ascii_case(b"AccountEndpoint="))
}

/// Keys that carry a mark. The sign before them may be one of Base64 other than those of words.
fn marked(bytes: &[u8], at: usize) -> Option<Known> {
    if at > 0 && b"+/=".contains(&bytes[at - 1]) {
        return None;
    }
    let rest = &bytes[at..];
    let base64 = run(rest, |byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte));
    let alnum = run(rest, |byte| Of::Url.holds(byte));
    for (before, mark, after, padding, is_base64, rule) in MARKS {
        let length = before + mark.len() + after;
        let fits = length == if is_base64 { base64 } else { alnum };
        if fits
            && rest[before..].starts_with(mark.as_bytes())
            && rest[length..].starts_with(padding.as_bytes())
        {
            return Some((rule, 0..length + padding.len()));
        }
    }
    None
}

/// Three characters, a digit, `Q~`, and 31 to 34 more; 40 together at most. (Microsoft Purview, *Microsoft Entra client
/// secret*.)
fn entra(rest: &[u8]) -> Option<Known> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    if !(rest.get(3)?.is_ascii_digit() && rest.get(4..6)? == b"Q~") {
        return None;
    }
    let length = run(rest, is_part);
    ((37..=40).contains(&length) && !is_weak(&rest[6..length])).then_some((ENTRA, 0..length))
}

/// A private key in PEM (RFC 7468) that is not encrypted, and has a body. On one line its ends may be written `\n`.
fn private_key(bytes: &[u8], at: usize) -> Option<Hit> {
    let rest = &bytes[at + 11..];
    let label = rest.iter().take(40).position(|byte| *byte == b'-')?;
    let kind = &rest[..label];
    let is_private = kind.ends_with(b"PRIVATE KEY") || kind.ends_with(b"PRIVATE KEY BLOCK");
    let body = rest[label..].strip_prefix(b"-----")?;
    let body = &body[..body.len().min(400)];
    let is_encrypted = kind.starts_with(b"ENCRYPTED") || body.windows(9).any(|window| window == b"ENCRYPTED");
    let mut text = Zeroizing::new(Vec::with_capacity(body.len()));
    text.extend(body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()));
    let text = text.strip_prefix(b"\\r").unwrap_or(&text);
    let text = text.strip_prefix(b"\\n").unwrap_or(text);
    let length = run(text, |byte| {
        byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)
    });
    let is_key = is_private && !is_encrypted && length >= 40 && !is_weak(&text[..length]);
    is_key.then_some(Hit {
        rule: PRIVATE_KEY,
        range: at..at + 11 + label + 5,
    })
}

/// `scheme://user:password@host` (RFC 3986, section 3.2.1), also without a user.
fn url_with_password(bytes: &[u8], at: usize, searched_to: &mut usize) -> Option<Hit> {
    let scheme = bytes[..at].iter().rev().take(20);
    let scheme = scheme
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
        .count();
    let rest = &bytes[at + 3..];
    let length = rest
        .iter()
        .take(512)
        .take_while(|byte| !b"/?#\"'<>`\\ \t\r\n".contains(byte))
        .count();
    if scheme == 0 || at < *searched_to {
        return None;
    }
    *searched_to = at + 3;
    let user_info = &rest[..rest[..length].iter().rposition(|byte| *byte == b'@')?];
    let colon = user_info.iter().position(|byte| *byte == b':')?;
    let password = std::str::from_utf8(&user_info[colon + 1..]).ok()?;
    (password.len() >= 4 && !is_placeholder(password) && password != "***").then_some(Hit {
        rule: URL_PASSWORD,
        range: at - scheme..at + 3 + length,
    })
}

/// A text of few different characters, or an example.
fn is_weak(text: &[u8]) -> bool {
    let mut seen = [false; 256];
    text.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    let distinct = seen.iter().filter(|seen| **seen).count();
    distinct < 8 || std::str::from_utf8(text).is_ok_and(is_placeholder)
}

/// How many characters from the beginning are of a kind.
fn run(text: &[u8], is_part: impl Fn(u8) -> bool) -> usize {
    run_within(ENOUGH, text, is_part)
}

fn run_within(most: usize, text: &[u8], is_part: impl Fn(u8) -> bool) -> usize {
    text.iter().take(most).take_while(|byte| is_part(**byte)).count()
}

fn is_word(byte: u8) -> bool {
    Of::Url.holds(byte)
}

impl Of {
    fn holds(self, byte: u8) -> bool {
        match self {
            Self::Alnum => byte.is_ascii_alphanumeric(),
            Self::Word => byte.is_ascii_alphanumeric() || byte == b'_',
            Self::Url => byte.is_ascii_alphanumeric() || b"-_".contains(&byte),
            Self::Dotted => byte.is_ascii_alphanumeric() || b"-_.".contains(&byte),
            Self::Hex => byte.is_ascii_hexdigit(),
        }
    }
}
