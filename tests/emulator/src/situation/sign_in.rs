//! What Microsoft Entra ID says.

use super::{Situation, other, server};
use crate::cloud::Cloud;
use crate::config::Outcome;
use crate::fault::Fault;
use crate::route::Service;

pub(super) const TABLE: &[Situation] = &[
    server(
        "tenant-invalid",
        "Entra ID gives nobody a token: AADSTS900023.",
        |draft| {
            draft.entra(
                900023,
                "invalid_request",
                "Specified tenant identifier is neither a valid DNS name, nor a valid external domain.",
            )
        },
    ),
    server(
        "tenant-unknown",
        "Entra ID gives nobody a token: AADSTS90002.",
        |draft| {
            draft.entra(90002, "invalid_request", "Tenant not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.")
        },
    ),
    server(
        "tenant-in-another-cloud",
        "Every tenant belongs to the cloud of China, or of the public if it did: AADSTS90038.",
        |draft| {
            let vaults = &mut draft.config.vaults;
            vaults
                .iter_mut()
                .for_each(|vault| vault.cloud = vault.cloud.or(Some(Cloud::Public)));
            for tenant in &mut draft.config.tenants {
                tenant.cloud = if tenant.cloud == Cloud::China {
                    Cloud::Public
                } else {
                    Cloud::China
                };
            }
            Ok(())
        },
    ),
    server(
        "application-unknown",
        "No application is registered: AADSTS700016.",
        |draft| {
            draft.applications()?.clear();
            Ok(())
        },
    ),
    server(
        "application-disabled",
        "Entra ID gives nobody a token: AADSTS7000112.",
        |draft| draft.entra(7000112, "unauthorized_client", "The application is disabled."),
    ),
    server(
        "client-secret-invalid",
        "The applications have another secret: AADSTS7000215.",
        |draft| {
            for application in draft.applications()? {
                application.secrets = vec![other()];
            }
            Ok(())
        },
    ),
    server(
        "client-secret-expired",
        "Entra ID gives nobody a token: AADSTS7000222.",
        |draft| {
            draft.entra(
                7000222,
                "invalid_client",
                "The provided client secret keys are expired.",
            )
        },
    ),
    server(
        "client-credential-missing",
        "Entra ID gives nobody a token: AADSTS700025.",
        |draft| {
            draft.entra(
                700025,
                "invalid_client",
                "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
            )
        },
    ),
    server(
        "resource-unknown",
        "Entra ID gives nobody a token: AADSTS500011.",
        |draft| {
            draft.entra(
                500011,
                "invalid_resource",
                "The resource principal was not found in the tenant.",
            )
        },
    ),
    server(
        "certificate-not-registered",
        "The applications know no certificate: AADSTS700027.",
        |draft| {
            for application in draft.applications()? {
                application.certificates.clear();
                application.trusted_subjects.clear();
            }
            Ok(())
        },
    ),
    server(
        "assertion-outside-its-time",
        "Entra ID gives nobody a token: AADSTS700024.",
        |draft| {
            draft.entra(
                700024,
                "invalid_client",
                "Client assertion is not within its valid time range.",
            )
        },
    ),
    server(
        "assertion-mismatch",
        "Entra ID gives nobody a token: AADSTS700021.",
        |draft| {
            draft.entra(
                700021,
                "invalid_client",
                "Client assertion application identifier doesn't match 'client_id' parameter.",
            )
        },
    ),
    server(
        "federation-missing",
        "The applications have no federated credential: AADSTS70025.",
        |draft| {
            for application in draft.applications()? {
                application.federated.clear();
            }
            Ok(())
        },
    ),
    server(
        "federation-issuer",
        "The federated credentials have another issuer: AADSTS700211.",
        |draft| {
            draft.trusts()?.for_each(|trust| trust.issuer = other());
            Ok(())
        },
    ),
    server(
        "federation-audience",
        "The federated credentials have another audience: AADSTS700212.",
        |draft| {
            draft.trusts()?.for_each(|trust| trust.audience = other());
            Ok(())
        },
    ),
    server(
        "federation-subject",
        "The federated credentials have another subject: AADSTS700213.",
        |draft| {
            draft.trusts()?.for_each(|trust| trust.subject = other());
            Ok(())
        },
    ),
    server(
        "password-wrong",
        "The users have another password: AADSTS50126.",
        |draft| {
            draft
                .config
                .users
                .iter_mut()
                .for_each(|user| user.password = Some(other()));
            Ok(())
        },
    ),
    server(
        "second-factor-needed",
        "The users need a second factor: AADSTS50076.",
        |draft| {
            draft
                .config
                .users
                .iter_mut()
                .for_each(|user| user.needs_mfa = true);
            Ok(())
        },
    ),
    server(
        "sign-in-expired",
        "Entra ID gives nobody a token: AADSTS50173.",
        |draft| {
            draft.entra(
                50173,
                "invalid_grant",
                "The provided grant has expired due to it being revoked, a fresh auth token is needed.",
            )
        },
    ),
    server(
        "device-code-expired",
        "The device code is over when it is used: AADSTS70020.",
        |draft| {
            draft.config.sign_in.outcome = Outcome::Expired;
            draft.config.sign_in.device.pending = Some(0);
            Ok(())
        },
    ),
    server(
        "device-code-pending",
        "Nobody enters the device code: AADSTS70016.",
        |draft| {
            draft.config.sign_in.device.pending = None;
            Ok(())
        },
    ),
    server(
        "not-assigned",
        "Entra ID gives nobody a token: AADSTS50105.",
        |draft| {
            draft.entra(
                50105,
                "invalid_grant",
                "The signed in user is not assigned to a role for the application.",
            )
        },
    ),
    server(
        "conditional-access",
        "Entra ID gives nobody a token: AADSTS53003.",
        |draft| {
            draft.entra(
                53003,
                "invalid_grant",
                "Access has been blocked by Conditional Access policies.",
            )
        },
    ),
    server(
        "consent-missing",
        "Entra ID gives nobody a token: AADSTS65001.",
        |draft| {
            draft.entra(
                65001,
                "invalid_grant",
                "The user or administrator has not consented to use the application.",
            )
        },
    ),
    server(
        "single-tenant",
        "Entra ID gives nobody a token: AADSTS50194.",
        |draft| {
            draft.entra(
                50194,
                "invalid_request",
                "The application is not configured as a multi-tenant application.",
            )
        },
    ),
    server(
        "sign-in-loop",
        "Entra ID gives nobody a token: AADSTS50196.",
        |draft| {
            draft.entra(
                50196,
                "invalid_grant",
                "The server terminated an operation because it encountered a client request loop.",
            )
        },
    ),
    server(
        "sign-in-service-busy",
        "The token endpoint answers 503.",
        |draft| {
            draft.fault(Fault::failing(Service::Entra, 503, None).at("/oauth2/v2.0/token"))?;
            draft.fault(Fault::failing(Service::TokenProxy, 503, None))
        },
    ),
];
