//! Refusals of token endpoints, and what to do about them.

use std::fmt;

use crate::json::{Object, items};
use crate::sensitive::Sensitive;
use crate::verdict::Verdict;
use crate::wire::clean;

/// Why a token endpoint refused, in its own words, made fit to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenFailure {
    /// The error's name, such as `invalid_client`; App Service's status code; never branched on
    /// beyond what RFC 6749 defines.
    pub error: String,
    /// The description.
    pub description: String,
    /// AADSTS codes, in the order given.
    pub codes: Vec<u32>,
    /// Entra's trace id, for a support ticket.
    pub request_id: Option<String>,
    /// The correlation id.
    pub correlation_id: Option<String>,
    /// Claims (JSON) that the user must satisfy.
    pub claims: Option<String>,
}

impl TokenFailure {
    /// The next step, if one of the codes is a known one.
    pub fn advice(&self) -> Option<&'static str> {
        self.codes
            .iter()
            .find_map(|code| aadsts(*code))
            .map(|(_, advice)| advice)
    }

    /// Whether the service is busy, and would answer the same request later (RFC 6749 section 4.1.2.1).
    pub(crate) fn passes(&self) -> bool {
        self.error == "temporarily_unavailable" || matches!(self.codes.first(), Some(90033 | 90055))
    }
}

impl fmt::Display for TokenFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.error.as_str(), self.description.as_str()) {
            ("", text) | (text, "") => f.write_str(text),
            (error, description) => write!(f, "{error}: {description}"),
        }
    }
}

/// Reads a refusal: Entra ID and IMDS (`error`, `error_description`), App Service (`statusCode`,
/// `message`, `correlationId`), Service Fabric and ARM-like ones (`{"error": {"code", "message"}}`).
/// `None` when the body has none of these shapes, so something else is answering.
pub fn parse_failure(body: &Sensitive) -> Option<TokenFailure> {
    let object = Object::parse(body.expose())?;
    let inner = object.object("error");
    let first = |names: &[&str]| {
        [inner.as_ref(), Some(&object)]
            .into_iter()
            .flatten()
            .find_map(|o| names.iter().find_map(|name| o.text_or_number(name)))
            .map(|text| clean(&text))
            .filter(|text| !text.is_empty())
    };
    let error = first(&["error", "code", "statusCode"]);
    let description = first(&["error_description", "message"]);
    if error.is_none() && description.is_none() {
        return None;
    }
    let description = description.unwrap_or_default();
    let mut codes: Vec<u32> = object
        .raw("error_codes")
        .and_then(items)
        .and_then(|codes| codes.iter().map(|code| code.parse().ok()).collect())
        .unwrap_or_default();
    if codes.is_empty() {
        codes = aadsts_codes(&description);
    }
    codes.truncate(16);
    Some(TokenFailure {
        error: error.unwrap_or_default(),
        description,
        codes,
        request_id: first(&["trace_id"]),
        correlation_id: first(&["correlation_id", "correlationId"]),
        claims: object.text("claims").filter(|claims| is_claims(claims)),
    })
}

/// Whether a text is a request for claims as services write it, in which nothing looks like a credential.
fn is_claims(text: &str) -> bool {
    let mut texts = text.split('"').skip(1).step_by(2);
    text.len() <= 2048
        && !text.contains('\\')
        && Object::parse(text.as_bytes()).is_some()
        && texts.all(|text| clean(text) == text)
}

/// The AADSTS codes that a text names, in order.
pub fn aadsts_codes(text: &str) -> Vec<u32> {
    text.split("AADSTS")
        .skip(1)
        .filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            rest[..end].parse().ok()
        })
        .take(16)
        .collect()
}

/// What an AADSTS code means, and the next step (*Microsoft Entra authentication and authorization error codes*). For
/// diagnosis only: Microsoft may change what a code means.
pub fn aadsts(code: u32) -> Option<(Verdict, &'static str)> {
    Some(match code {
        7000215 => (
            Verdict::ClientSecretInvalid,
            "Send the client secret's value, not its id, and check that the secret belongs to this application.",
        ),
        7000222 => (
            Verdict::ClientSecretExpired,
            "The client secret has expired: create a new one and update the configuration, or better, use a federated credential, which needs no secret.",
        ),
        7000216 => (
            Verdict::ClientCredentialMissing,
            "The application is confidential: configure a client secret, a certificate or a federated credential.",
        ),
        7000218 => (
            Verdict::ClientCredentialMissing,
            "The application needs a secret or an assertion; if it should sign users in without one, allow public client flows in its registration.",
        ),
        700025 => (
            Verdict::ClientCredentialMissing,
            "The application is registered as a public client: send no secret, or switch its public client flows off.",
        ),
        700016 => (
            Verdict::ApplicationUnknown,
            "Check client id and tenant id: the application is not known in this tenant, or has no service principal there.",
        ),
        7000229 => (
            Verdict::ApplicationUnknown,
            "Create the application's service principal in this tenant (az ad sp create --id <client id>).",
        ),
        7000112 => (
            Verdict::ApplicationDisabled,
            "The application is disabled in this tenant: enable it under Enterprise applications.",
        ),
        90002 => (
            Verdict::TenantUnknown,
            "Check the tenant id, and that the authority host is that of the tenant's cloud.",
        ),
        900023 | 90013 => (
            Verdict::TenantInvalid,
            "Mend the tenant: it must be a tenant id or a verified domain name.",
        ),
        90038 => (
            Verdict::TenantInAnotherCloud,
            "The tenant belongs to another cloud: set AZURE_AUTHORITY_HOST to that cloud's authority.",
        ),
        500011 | 50001 => (
            Verdict::ResourceUnknown,
            "The resource is not known in this tenant: check the scope, the tenant and the cloud; for Azure Key Vault it is https://vault.azure.net.",
        ),
        70011 | 1002012 => (
            Verdict::ResourceUnknown,
            "Use the scope https://vault.azure.net/.default.",
        ),
        700027 => (
            Verdict::CertificateNotRegistered,
            "Upload the certificate to the application's registration (the message names the thumbprint), or replace it if it has expired.",
        ),
        700024 => (
            Verdict::AssertionOutsideItsTime,
            "The assertion is not valid at this time: check this machine's clock, and fetch the federated token just before it is used.",
        ),
        700021 => (
            Verdict::AssertionMismatch,
            "Issuer and subject of the assertion must be the client id.",
        ),
        700023 => (
            Verdict::AssertionMismatch,
            "The audience of the assertion must be the token endpoint of this tenant.",
        ),
        700030 => (
            Verdict::CertificateNotRegistered,
            "The certificate's subject or issuer is not the one that the application trusts: send the right certificate, with its chain.",
        ),
        70021 => (
            Verdict::FederationMissing,
            "Compare issuer, subject and audience of the federated token with the application's federated credential.",
        ),
        700211 => (
            Verdict::FederationIssuer,
            "No federated credential of the application has this issuer: it must be equal to the letter, trailing slash included.",
        ),
        700212 => (
            Verdict::FederationAudience,
            "No federated credential of the application has this audience: usually it is api://AzureADTokenExchange.",
        ),
        700213 => (
            Verdict::FederationSubject,
            "No federated credential of the application has this subject: system:serviceaccount:<namespace>:<name> for Kubernetes, repo:<owner>/<name>:ref:refs/heads/<branch> and the like for GitHub.",
        ),
        70025 => (
            Verdict::FederationMissing,
            "Add a federated credential to the application or managed identity.",
        ),
        50034 => (
            Verdict::PasswordWrong,
            "The user does not exist in this tenant: check the user name and the tenant.",
        ),
        50126 => (Verdict::PasswordWrong, "The user name or password is wrong."),
        50076 | 50079 => (
            Verdict::SecondFactorNeeded,
            "Sign in interactively: this tenant asks for a second factor (az login).",
        ),
        50105 => (
            Verdict::NotAssigned,
            "Assign the user or group to the application, under Enterprise applications.",
        ),
        50173 | 700082 | 70008 | 70043 => (
            Verdict::SignInExpired,
            "Sign in again (az login): the earlier sign-in was revoked or has expired.",
        ),
        53003 => (
            Verdict::ConditionalAccess,
            "A Conditional Access policy blocks this sign-in: ask the tenant's administrator which one.",
        ),
        53000 | 53001 | 530003 => (
            Verdict::ConditionalAccess,
            "Use a device that the organisation manages and finds compliant.",
        ),
        65001 => (
            Verdict::ConsentMissing,
            "An administrator must consent to the application in this tenant.",
        ),
        50194 => (
            Verdict::SingleTenant,
            "The application lives in one tenant only: use that tenant's id instead of common or organizations.",
        ),
        50196 => (
            Verdict::SignInLoop,
            "The same request was repeated too often: keep one client for the life of the process, so that tokens are cached.",
        ),
        90033 | 90055 => (
            Verdict::SignInServiceBusy,
            "Try again later: the service is busy.",
        ),
        70016 => (
            Verdict::DeviceCodePending,
            "Enter the code that was shown, in a browser; the sign-in is still waiting for it.",
        ),
        70018 => (
            Verdict::DeviceCodeExpired,
            "The device code is not the one that was given out: start the sign-in again.",
        ),
        70019 | 70020 => (
            Verdict::DeviceCodeExpired,
            "The device code has expired: start the sign-in again.",
        ),
        _ => return None,
    })
}
