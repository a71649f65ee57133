//! What is wrong with a text that means to be a reference, as one word of a closed list, and where.

use std::fmt;

use crate::error::{Error, ErrorKind};

macro_rules! flaws {
    ($($name:ident = $word:literal: $says:literal, $step:literal;)*) => {
        /// What is wrong with a reference. Words never change meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Flaw { $(#[doc = $says] $name),* }

        impl Flaw {
            /// Every flaw, in the order of the table.
            pub const ALL: &'static [Flaw] = &[$(Flaw::$name),*];

            /// The stable word, such as `surrounded`.
            pub const fn name(self) -> &'static str {
                match self { $(Flaw::$name => $word),* }
            }

            /// The flaw as a part of a sentence.
            pub const fn says(self) -> &'static str {
                match self { $(Flaw::$name => $says),* }
            }

            /// The next step.
            pub const fn step(self) -> &'static str {
                match self { $(Flaw::$name => $step),* }
            }
        }
    };
}

flaws! {
    // The text as a whole.
    Misspelt = "misspelt":
        "this resembles a Key Vault reference and is none",
        "Begin it with @Microsoft.KeyVault( and end it with ), both to the letter.";
    Surrounded = "surrounded":
        "something stands around the reference",
        "Make the reference the whole value; what stands around it, such as the rest of a connection string, goes into the secret.";
    Blank = "blank":
        "there is a blank or an invisible character",
        "Remove it: a reference holds none, and none stands around it.";
    Unclosed = "unclosed":
        "the closing bracket is missing",
        "End the reference with ).";

    // Its parts.
    Empty = "empty":
        "something is missing here",
        "Give SecretUri=https://..., or VaultName=...;SecretName=..., and no semicolon too many.";
    NotAPart = "not-a-part":
        "this part has no equals sign",
        "Write each part as NAME=VALUE, with ; between two of them.";
    UnknownPart = "unknown-part":
        "this part has an unknown name",
        "The names are SecretUri, VaultName, SecretName and SecretVersion.";
    Twice = "twice":
        "this part occurs a second time",
        "Leave one of them.";
    Mixed = "mixed":
        "this part stands beside SecretUri",
        "Give SecretUri alone, the version in its path, or VaultName and SecretName without it.";
    NoVaultName = "no-vault-name":
        "VaultName is missing",
        "Give VaultName and SecretName, or SecretUri alone.";
    NoSecretName = "no-secret-name":
        "SecretName is missing",
        "Give VaultName and SecretName, or SecretUri alone.";
    VaultName = "vault-name":
        "this is no name of a vault",
        "It has 3 to 24 letters, digits and single hyphens, and no domain: give a whole URL as SecretUri.";
    SecretName = "secret-name":
        "this is no name of a secret",
        "It has 1 to 127 letters, digits and hyphens; where a setting has _, : or ., the usual spelling is a hyphen.";
    SecretVersion = "secret-version":
        "this is no version of a secret",
        "It is the last part of a secret identifier, 32 hexadecimal digits; leave it out for the latest.";

    // The URL.
    Scheme = "scheme":
        "the URL does not begin with https://",
        "Give the secret's whole identifier, such as https://contoso.vault.azure.net/secrets/db-password.";
    Host = "host":
        "the URL has no valid host",
        "Give the vault's host as the portal shows it, such as contoso.vault.azure.net.";
    UserInfo = "user-info":
        "the URL holds a user name",
        "Remove what stands before the @: a vault knows its callers by their tokens.";
    Port = "port":
        "the URL holds a port",
        "Remove it: only an emulator on this machine has one.";
    Query = "query":
        "the URL holds a query",
        "End the URL before the question mark.";
    Fragment = "fragment":
        "the URL holds a fragment",
        "End the URL before the #.";
    Escape = "escape":
        "the URL holds a percent sign",
        "Write the URL plainly: names of secrets have nothing to encode.";
    Character = "character":
        "there is a character that no reference holds",
        "Replace it: what a reference holds can be typed in ASCII, without backslashes.";
    Path = "path":
        "the URL does not go on with /secrets/NAME or /secrets/NAME/VERSION",
        "Give the secret's whole identifier, such as https://contoso.vault.azure.net/secrets/db-password.";
    NotASecret = "not-a-secret":
        "the URL leads to something other than a secret",
        "Refer to /secrets/NAME; the private key of a certificate is the secret of the same name.";

    // App Configuration's form.
    Json = "json":
        "the value is not a JSON object",
        "Write it as {\"uri\": \"https://contoso.vault.azure.net/secrets/db-password\"}.";
    Member = "member":
        "the object does not hold exactly one member, uri, that is a text",
        "Write it as {\"uri\": \"https://contoso.vault.azure.net/secrets/db-password\"}.";
}

/// Why a text that means to be a reference is none: App Service's status `InvalidSyntax`. It holds nothing of the text
/// itself, for that may be a secret with a slip in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSyntax {
    /// What is wrong.
    pub flaw: Flaw,
    /// Where: the first character of the value is 1. What is missing at the end is one behind the last.
    pub column: usize,
}

impl InvalidSyntax {
    /// `flaw` at the byte `at` of `text`.
    pub(super) fn new(text: &str, (flaw, at): (Flaw, usize)) -> Self {
        let before = text.char_indices().take_while(|(start, _)| *start < at);
        Self {
            flaw,
            column: before.count() + 1,
        }
    }

    /// The error for whoever named the value.
    pub fn error_in(self, name: &str) -> Error {
        match name {
            "" => self.error(""),
            name => self.error(&format!(" in {name}")),
        }
    }

    fn error(self, place: &str) -> Error {
        let message = format!("The Key Vault reference{place} is not valid: {self}.");
        Error::new(ErrorKind::InvalidConfiguration, message).advise(self.flaw.step())
    }
}

impl fmt::Display for InvalidSyntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (character {})", self.flaw.says(), self.column)
    }
}

impl std::error::Error for InvalidSyntax {}

impl From<InvalidSyntax> for Error {
    fn from(wrong: InvalidSyntax) -> Self {
        wrong.error("")
    }
}
