//! Entra's refusals: one constructor a code, and the JSON they share.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock;
use crate::message::{Answer, Reply};

/// A refusal with its AADSTS code.
pub(crate) struct EntraError {
    code: u32,
    error: &'static str,
    message: String,
}

impl EntraError {
    /// `correlation_id` is the caller's `client-request-id`, if it sent one.
    pub(crate) fn answer(&self, correlation_id: Option<&str>) -> Answer {
        let (status, body) = self.reply(correlation_id);
        Answer::refused(Reply::json(status, &body).uncached())
    }

    pub(super) fn new(code: u32, error: &'static str, message: impl Into<String>) -> EntraError {
        EntraError {
            code,
            error,
            message: message.into(),
        }
    }

    /// Status and body.
    pub(super) fn reply(&self, correlation_id: Option<&str>) -> (u16, Value) {
        let timestamp = clock::entra_text(clock::now());
        let trace_id = Uuid::new_v4().to_string();
        let correlation_id = correlation_id.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
        let description = format!(
            "AADSTS{}: {} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {timestamp}",
            self.code, self.message
        );
        let mut body = json!({
            "error": self.error,
            "error_description": description,
            "error_codes": [self.code],
            "timestamp": timestamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.code),
        });
        match self.error {
            "interaction_required" => {
                body["suberror"] = json!("basic_action");
                body["claims"] =
                    json!(r#"{"access_token":{"capolids":{"essential":true,"values":["emulator"]}}}"#);
            }
            "invalid_grant" => body["suberror"] = json!("bad_token"),
            _ => {}
        }
        let status = if self.error == "invalid_client" { 401 } else { 400 };
        (status, body)
    }

    /// What a person gets to read.
    pub(crate) fn text(&self) -> String {
        format!("AADSTS{}: {}", self.code, self.message)
    }

    pub(crate) fn unknown_tenant(tenant: &str) -> EntraError {
        let message = format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the \
             correct cloud. Check with your subscription administrator, this may happen if there are no active \
             subscriptions for the tenant."
        );
        EntraError {
            code: 90002,
            error: "invalid_request",
            message,
        }
    }

    pub(crate) fn malformed_tenant(tenant: &str) -> EntraError {
        let message = format!(
            "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain."
        );
        EntraError {
            code: 900023,
            error: "invalid_request",
            message,
        }
    }

    pub(crate) fn other_cloud(tenant: &str, authority: &str) -> EntraError {
        let message =
            format!("Tenant '{tenant}' request is being redirected to the National Cloud '{authority}'.");
        EntraError {
            code: 90038,
            error: "invalid_request",
            message,
        }
    }

    pub(crate) fn unsupported_grant(grant: &str) -> EntraError {
        let message = format!("The app requested an unsupported grant type '{grant}'.");
        EntraError {
            code: 70003,
            error: "unsupported_grant_type",
            message,
        }
    }

    pub(crate) fn missing_parameter(name: &str) -> EntraError {
        let message = format!("The request body must contain the following parameter: '{name}'.");
        EntraError {
            code: 900144,
            error: "invalid_request",
            message,
        }
    }

    pub(crate) fn unknown_application(client_id: &str, tenant: &str) -> EntraError {
        let message = format!(
            "Application with identifier '{client_id}' was not found in the directory '{tenant}'. This can happen if \
             the application has not been installed by the administrator of the tenant or consented to by any user \
             in the tenant. You may have sent your authentication request to the wrong tenant."
        );
        EntraError {
            code: 700016,
            error: "unauthorized_client",
            message,
        }
    }

    pub(crate) fn several_scopes(scope: &str) -> EntraError {
        let message = format!(
            "The provided request must include a 'scope' input parameter. The provided value for the input \
             parameter 'scope' is not valid. The scope '{scope}' is not valid."
        );
        EntraError {
            code: 70011,
            error: "invalid_scope",
            message,
        }
    }

    pub(crate) fn scope_without_default(scope: &str) -> EntraError {
        let message = format!(
            "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with \
             /.default suffixed to the resource identifier (application ID URI)."
        );
        EntraError {
            code: 1002012,
            error: "invalid_scope",
            message,
        }
    }

    pub(crate) fn unknown_resource(resource: &str, tenant: &str) -> EntraError {
        let message = format!(
            "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if \
             the application has not been installed by the administrator of the tenant or consented to by any user \
             in the tenant. You might have sent your authentication request to the wrong tenant."
        );
        EntraError {
            code: 500011,
            error: "invalid_resource",
            message,
        }
    }

    pub(crate) fn no_credential() -> EntraError {
        let message = "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.";
        EntraError {
            code: 7000216,
            error: "invalid_client",
            message: message.into(),
        }
    }

    pub(crate) fn wrong_secret(client_id: &str) -> EntraError {
        let message = format!(
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, \
             not the client secret ID, for a secret added to app '{client_id}'."
        );
        EntraError {
            code: 7000215,
            error: "invalid_client",
            message,
        }
    }

    pub(crate) fn malformed_claims() -> EntraError {
        let message = "The provided value for the input parameter 'claims' is not valid JSON.".into();
        EntraError {
            code: 90013,
            error: "invalid_request",
            message,
        }
    }

    pub(crate) fn malformed_assertion() -> EntraError {
        EntraError {
            code: 50027,
            error: "invalid_request",
            message: "JWT token is invalid or malformed.".into(),
        }
    }

    pub(crate) fn nothing_federated(client_id: &str) -> EntraError {
        let message = format!("The client '{client_id}' has no configured federated identity credentials.");
        EntraError {
            code: 70025,
            error: "invalid_client",
            message,
        }
    }

    pub(crate) fn no_trust_in_issuer(issuer: &str) -> EntraError {
        EntraError::no_federated_record(700211, "issuer", issuer)
    }

    pub(crate) fn no_trust_in_audience(audience: &str) -> EntraError {
        EntraError::no_federated_record(700212, "audience", audience)
    }

    pub(crate) fn no_trust_in_subject(subject: &str) -> EntraError {
        EntraError::no_federated_record(700213, "subject", subject)
    }

    pub(crate) fn out_of_time(not_before: f64, expires: f64) -> EntraError {
        let written = |seconds: f64| clock::entra_text(seconds.max(0.0) as u64);
        let message = format!(
            "Client assertion is not within its valid time range. Current time: {}, assertion valid from {}, expiry \
             time of assertion {}.",
            clock::entra_text(clock::now()),
            written(not_before),
            written(expires)
        );
        EntraError {
            code: 700024,
            error: "invalid_client",
            message,
        }
    }

    /// `reason` is a short sentence about the key.
    pub(crate) fn unverified_assertion(reason: &str) -> EntraError {
        EntraError {
            code: 700027,
            error: "invalid_client",
            message: format!("Client assertion failed signature validation. [Reason - {reason}]"),
        }
    }

    pub(crate) fn assertion_of_another(client_id: &str) -> EntraError {
        let message = format!(
            "Client assertion application identifier doesn't match 'client_id' parameter. Review 'iss' and 'sub' of \
             the assertion for the application '{client_id}'."
        );
        EntraError {
            code: 700021,
            error: "invalid_client",
            message,
        }
    }

    pub(crate) fn assertion_for_another() -> EntraError {
        EntraError {
            code: 700023,
            error: "invalid_client",
            message: "Client assertion audience claim does not match Realm issuer.".into(),
        }
    }

    pub(crate) fn untrusted_subject(name: &str) -> EntraError {
        EntraError {
            code: 700030,
            error: "invalid_client",
            message: format!("Invalid certificate - subject name '{name}' in certificate is not authorized."),
        }
    }

    pub(crate) fn replayed_assertion() -> EntraError {
        EntraError {
            code: 50027,
            error: "invalid_request",
            message: "JWT token is invalid or malformed: its jti was used before.".into(),
        }
    }

    pub(crate) fn tenant_needed(name: &str) -> EntraError {
        EntraError {
            code: 50059,
            error: "invalid_request",
            message: format!("No tenant-identifying information found: '{name}' names no tenant."),
        }
    }

    pub(crate) fn credential_of_public_client() -> EntraError {
        EntraError {
            code: 700025,
            error: "invalid_client",
            message:
                "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."
                    .into(),
        }
    }

    pub(crate) fn no_credential_of_confidential_client() -> EntraError {
        EntraError { code: 7000218, error: "invalid_client", message: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.".into() }
    }

    pub(crate) fn wrong_redirect(uri: &str) -> EntraError {
        EntraError {
            code: 50011,
            error: "invalid_request",
            message: format!(
                "The redirect URI '{uri}' specified in the request does not match the redirect URIs configured for the application."
            ),
        }
    }

    pub(crate) fn unknown_code() -> EntraError {
        EntraError {
            code: 70000,
            error: "invalid_grant",
            message: "Provided grant is invalid or malformed: the code.".into(),
        }
    }

    pub(crate) fn code_redeemed() -> EntraError {
        EntraError { code: 54005, error: "invalid_grant", message: "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.".into() }
    }

    pub(crate) fn code_expired() -> EntraError {
        EntraError { code: 70008, error: "invalid_grant", message: "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.".into() }
    }

    pub(crate) fn other_redirect() -> EntraError {
        EntraError { code: 500112, error: "invalid_grant", message: "The reply address does not match the reply address provided when requesting Authorization code.".into() }
    }

    pub(crate) fn wrong_verifier() -> EntraError {
        EntraError { code: 50148, error: "invalid_grant", message: "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE.".into() }
    }

    pub(crate) fn authorization_pending() -> EntraError {
        EntraError {
            code: 70016,
            error: "authorization_pending",
            message: "OAuth 2.0 device flow error. Authorization is pending. Continue polling.".into(),
        }
    }

    pub(crate) fn slow_down() -> EntraError {
        EntraError {
            code: 70016,
            error: "slow_down",
            message: "OAuth 2.0 device flow error. Authorization is pending. Slow down.".into(),
        }
    }

    pub(crate) fn authorization_declined() -> EntraError {
        EntraError {
            code: 65004,
            error: "authorization_declined",
            message: "User declined to consent to access the app.".into(),
        }
    }

    pub(crate) fn unknown_device_code() -> EntraError {
        EntraError {
            code: 70018,
            error: "bad_verification_code",
            message: "Device code is not valid: there is no such code.".into(),
        }
    }

    pub(crate) fn device_code_expired() -> EntraError {
        EntraError { code: 70020, error: "expired_token", message: "The provided value for the input parameter 'device_code' is not valid. This device code has expired.".into() }
    }

    pub(crate) fn unknown_refresh_token() -> EntraError {
        EntraError {
            code: 70000,
            error: "invalid_grant",
            message: "Provided grant is invalid or malformed: the refresh token.".into(),
        }
    }

    pub(crate) fn grant_revoked() -> EntraError {
        EntraError {
            code: 50173,
            error: "invalid_grant",
            message: "The provided grant has expired due to it being revoked, a fresh auth token is needed."
                .into(),
        }
    }

    pub(crate) fn unknown_user(name: &str) -> EntraError {
        EntraError {
            code: 50034,
            error: "invalid_grant",
            message: format!(
                "The user account {name} does not exist in the directory. To sign into this application, the account must be added to the directory."
            ),
        }
    }

    pub(crate) fn wrong_password() -> EntraError {
        EntraError {
            code: 50126,
            error: "invalid_grant",
            message: "Error validating credentials due to invalid username or password.".into(),
        }
    }

    pub(crate) fn needs_mfa() -> EntraError {
        EntraError { code: 50076, error: "interaction_required", message: "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource.".into() }
    }

    pub(crate) fn unverified_user_assertion() -> EntraError {
        EntraError {
            code: 50013,
            error: "invalid_grant",
            message: "Assertion failed signature validation.".into(),
        }
    }

    pub(crate) fn user_assertion_for_another() -> EntraError {
        EntraError {
            code: 500131,
            error: "invalid_grant",
            message: "Assertion audience does not match the Client app presenting the assertion.".into(),
        }
    }

    pub(crate) fn user_assertion_expired() -> EntraError {
        EntraError { code: 500133, error: "invalid_grant", message: "Assertion is not within its valid time range. Ensure that the access token is not expired before using it for user assertion, or request a new token.".into() }
    }

    pub(crate) fn no_user_in_assertion() -> EntraError {
        EntraError { code: 7000114, error: "invalid_grant", message: "Application is not allowed to make application on-behalf-of calls: the assertion is of no user.".into() }
    }

    fn no_federated_record(code: u32, claim: &str, found: &str) -> EntraError {
        let message = format!(
            "No matching federated identity record found for presented assertion {claim} '{found}'. Please check your \
             federated identity credential Subject, Audience and Issuer against the presented assertion."
        );
        EntraError {
            code,
            error: "invalid_client",
            message,
        }
    }
}
