//! What is no secret although it stands where one would: placeholders, references, encrypted values and hashes.

use zeroize::Zeroizing;

use super::names::words;

/// Beginnings, in lower case, of what stands for something else: a reference, or what only its owner can read.
const STAND_INS: [&str; 47] = [
    // References: App Service, App Configuration; stores and tools of others.
    "@microsoft.keyvault(",
    "@microsoft.appconfiguration(",
    "keyvault:",
    "akv:",
    "vault:",
    "op://",
    "bws:",
    "ssm:",
    "secretsmanager:",
    "arn:aws:",
    "projects/",
    "file:",
    "env:",
    "@env:",
    "env(",
    "ref+",
    "secret://",
    "secrets.",
    "!ref",
    "!vault",
    "!secret",
    // Encrypted: SOPS, Ansible, Jasypt, Spring Cloud, age, PGP, Kubernetes' sealed secrets, git-crypt.
    "enc[",
    "$ansible_vault;",
    "enc(",
    "{cipher}",
    "age-encryption.org",
    "-----begin age encrypted",
    "-----begin pgp message",
    "-----begin encrypted",
    "secure:",
    "vault:v",
    // Hashes: crypt(5), LDAP (RFC 2307), Django and Werkzeug, subresource integrity.
    "$1$",
    "$2a$",
    "$2b$",
    "$2y$",
    "$5$",
    "$6$",
    "$7$",
    "$y$",
    "$argon2",
    "$scrypt$",
    "$pbkdf2",
    "pbkdf2",
    "{ssha",
    "{sha",
    "sha256",
    "sha512",
];

/// Public halves and certificates.
const PUBLIC: [&str; 4] = [
    "-----begin public key",
    "-----begin certificate",
    "ssh-",
    "ecdsa-sha2-",
];

/// Texts, in lower case, that nobody writes into a real value.
const EXAMPLE_TEXTS: [&str; 21] = [
    "changeme",
    "change-me",
    "change_me",
    "changethis",
    "change-this",
    "change_this",
    "placeholder",
    "example",
    "replaceme",
    "replace-me",
    "replace_me",
    "replace-with",
    "replace_with",
    "notasecret",
    "not-a-secret",
    "not_a_secret",
    "redacted",
    "dummy",
    "insert-",
    "insert_",
    "fixme",
];

/// Words of which examples and defaults are made.
const EXAMPLE_WORDS: [&str; 60] = [
    "a",
    "access",
    "account",
    "admin",
    "and",
    "api",
    "app",
    "auth",
    "bar",
    "baz",
    "client",
    "credential",
    "data",
    "db",
    "default",
    "demo",
    "dev",
    "fake",
    "foo",
    "for",
    "guest",
    "here",
    "is",
    "key",
    "local",
    "localhost",
    "mock",
    "my",
    "mysql",
    "new",
    "none",
    "not",
    "of",
    "old",
    "or",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "postgres",
    "private",
    "pwd",
    "redis",
    "root",
    "sa",
    "sample",
    "secret",
    "service",
    "shared",
    "some",
    "string",
    "super",
    "test",
    "the",
    "this",
    "token",
    "user",
    "username",
    "value",
    "your",
];

/// Beginnings of keys that everybody knows: of the emulators Azurite and Azure Cosmos DB (Microsoft Learn, *Use the Azurite
/// emulator*, *Develop locally using the Azure Cosmos DB emulator*).
const PUBLISHED: [&str; 2] = [
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq",
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM",
];

/// Whether a value stands for something else, or can be read by its owner alone, or is a hash.
pub(super) fn stands_for_something_else(value: &str) -> bool {
    let head = lower_head(value);
    STAND_INS
        .iter()
        .chain(&PUBLIC)
        .any(|begin| head.starts_with(begin))
        || is_template(value)
        || is_jwe(value)
}

/// A value that another program fills in before it is used.
fn is_template(value: &str) -> bool {
    let wrapped = |begin, end| value.starts_with(begin) && value.ends_with(end);
    let is_name = |text: &str| {
        let mut bytes = text.bytes();
        bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
            && bytes.all(|b| b.is_ascii_alphanumeric() || b"_.:".contains(&b))
    };
    value.strip_prefix('$').is_some_and(is_name)
        || wrapped('<', '>')
        || wrapped('[', ']')
        || wrapped('{', '}')
        || (wrapped('%', '%') && value.len() > 1 && is_name(&value[1..value.len() - 1]))
        || (wrapped('#', '#') && value.len() > 1)
        || ["${", "$(", "{{", "<%", "#{"]
            .iter()
            .any(|begin| value.contains(begin))
        || [
            "process.env.",
            "os.environ",
            "os.getenv(",
            "getenv(",
            "System.getenv",
        ]
        .iter()
        .any(|begin| value.starts_with(begin))
}

/// An encrypted value as nightlatch and other JOSE libraries write it: five parts (RFC 7516, section 7.1).
fn is_jwe(value: &str) -> bool {
    value.starts_with("eyJ") && value.bytes().filter(|byte| *byte == b'.').count() == 4
}

/// Whether a value is one that is to be replaced, or that everybody knows.
pub(super) fn is_placeholder(value: &str) -> bool {
    if PUBLISHED.iter().any(|known| value.starts_with(known)) || stands_for_something_else(value) {
        return true;
    }
    let head = lower_head(value);
    EXAMPLE_TEXTS.iter().any(|text| head.contains(text))
        || has_few_characters(value)
        || is_sequence(value)
        || is_of_example_words(value)
}

/// `xxxx`, `****`, `0000-0000`.
fn has_few_characters(value: &str) -> bool {
    let mut seen = [false; 256];
    let counted = value.bytes().map(|byte| byte.to_ascii_lowercase());
    for byte in counted.filter(|byte| !b"-_. :/".contains(byte)) {
        seen[usize::from(byte)] = true;
    }
    seen.iter().filter(|seen| **seen).count() <= 2
}

/// `1234567890`, `abcdefghijkl`, `0123456789abcdef`: mostly a character behind the one before it.
fn is_sequence(value: &str) -> bool {
    let bytes = value.as_bytes();
    let steps = bytes
        .windows(2)
        .filter(|pair| pair[1] == pair[0].wrapping_add(1))
        .count();
    bytes.len() >= 6 && steps * 5 >= (bytes.len() - 1) * 3
}

/// `my-secret-password`, `test123`, `Password1`.
fn is_of_example_words(value: &str) -> bool {
    if value.len() > 100 {
        return false;
    }
    words(value).into_iter().map(Zeroizing::new).all(|word| {
        (word.bytes().all(|byte| byte.is_ascii_digit()) && (word.len() <= 4 || is_sequence(&word)))
            || is_example_word(&word)
    })
}

/// One of the words, or several that are written as one.
fn is_example_word(word: &str) -> bool {
    let is_one = |word: &str| EXAMPLE_WORDS.binary_search(&word).is_ok();
    is_one(word)
        || (2..word.len().saturating_sub(1))
            .filter(|at| word.is_char_boundary(*at))
            .any(|at| is_one(&word[..at]) && is_one(&word[at..]))
}

/// The beginning of a value in lower case: as much as is looked at.
fn lower_head(value: &str) -> Zeroizing<String> {
    let end = (0..=value.len().min(200))
        .rev()
        .find(|end| value.is_char_boundary(*end));
    Zeroizing::new(value[..end.unwrap_or(0)].to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_can_be_searched() {
        assert!(EXAMPLE_WORDS.is_sorted());
    }

    #[test]
    fn placeholders_are_told_from_values() {
        for value in [
            "",
            "changeme",
            "ChangeMe123",
            "<password>",
            "${DB_PASSWORD}",
            "$DB_PASSWORD",
            "%DB_PASSWORD%",
            "{{ pw }}",
            "xxxx",
            "****",
            "00000000-0000-0000-0000-000000000000",
            "1234567890",
            "abcdefghijklmnop",
            "my-secret",
            "Password123",
            "testpassword",
            "your_api_key_here",
            "AKIAIOSFODNN7EXAMPLE",
            "#{Octopus.Variable}#",
            "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
        ] {
            assert!(is_placeholder(value), "{value}");
        }
        for value in [
            "hunter2",
            "P@ssw0rd!",
            "correct-horse",
            "Tr0ub4dor&3",
            "s3cr3t",
            "$ecret$auce9",
        ] {
            assert!(!is_placeholder(value), "{value}");
        }
    }
}
