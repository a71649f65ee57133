//! Entra's refusals: one constructor a code, and the JSON they share.

use serde_json::json;
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
        let timestamp = clock::entra_text(clock::now());
        let trace_id = Uuid::new_v4().to_string();
        let correlation_id = correlation_id.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
        let description = format!(
            "AADSTS{}: {} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {timestamp}",
            self.code, self.message
        );
        let body = json!({
            "error": self.error,
            "error_description": description,
            "error_codes": [self.code],
            "timestamp": timestamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.code),
        });
        let status = if self.error == "invalid_client" { 401 } else { 400 };
        Answer::refused(Reply::json(status, &body).uncached())
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
