//! Entra's contents: tenants, applications and known resources, with the references of the configuration resolved.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};

use crate::certificate::Certificate;
use crate::clock;
use crate::cloud::Cloud;
use crate::config::{self, Config};
use crate::jwt::VerifyingKey;
use crate::oidc::Issuers;
use crate::token::Principal;
use crate::vault::LOCAL_DOMAIN;

/// Resources besides the vaults for which a token can be had, so that a wrong audience can be shown.
const OTHER_RESOURCES: [&str; 4] = [
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://graph.microsoft.com",
    "https://storage.azure.com",
];

/// The application of the developer tools, which every tenant knows.
pub(crate) const DEVELOPER_SIGN_ON: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// What Entra ID knows.
pub(crate) struct Directory {
    tenants: Vec<config::Tenant>,
    applications: Vec<Application>,
    users: Vec<User>,
}

/// A person.
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) object_id: String,
    pub(crate) tenant: config::Tenant,
    pub(crate) password: Option<String>,
    pub(crate) needs_mfa: bool,
}

/// An application that may ask for tokens.
pub(crate) struct Application {
    pub(crate) principal: Principal,
    pub(crate) public: bool,
    redirect_uris: Vec<String>,
    pub(crate) secrets: Vec<String>,
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) trusted_subjects: Vec<TrustedSubject>,
    pub(crate) federated: Vec<Trust>,
    /// The `jti` of each assertion it may not see again, with the end of its life.
    used_assertions: Option<Mutex<HashMap<String, u64>>>,
}

/// Whose certificates need no registration.
pub(crate) struct TrustedSubject {
    pub(crate) name: String,
    pub(crate) issuer: Certificate,
}

/// A federated identity credential.
pub(crate) struct Trust {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) audience: String,
    pub(crate) keys: Vec<VerifyingKey>,
}

impl Directory {
    pub(crate) fn new(config: &Config, issuers: &Issuers) -> io::Result<Directory> {
        let mut directory = Directory {
            tenants: config.tenants.clone(),
            applications: Vec::new(),
            users: Vec::new(),
        };
        if directory.tenants.is_empty() {
            return Err(invalid("there must be a tenant"));
        }
        for app in &config.app_registrations {
            let tenant = directory.tenant_or_first(app.tenant.as_deref())?;
            directory
                .applications
                .push(Application::new(app, tenant, issuers)?);
        }
        for tenant in &config.tenants {
            let principal = principal(DEVELOPER_SIGN_ON, DEVELOPER_SIGN_ON, tenant, None);
            directory.applications.push(Application::public(principal));
        }
        for user in &config.users {
            let tenant = directory.tenant_or_first(user.tenant.as_deref())?;
            directory.users.push(User::new(user, tenant));
        }
        Ok(directory)
    }

    /// The tenant that another part of the configuration refers to.
    pub(crate) fn tenant_or_first(&self, id: Option<&str>) -> io::Result<&config::Tenant> {
        match id {
            None => Ok(self.first_tenant()),
            Some(id) => self
                .tenant(id)
                .ok_or_else(|| invalid(format!("there is no tenant {id}"))),
        }
    }

    pub(crate) fn first_tenant(&self) -> &config::Tenant {
        &self.tenants[0]
    }

    pub(crate) fn managed_identity(&self, identity: &config::Identity) -> io::Result<Principal> {
        let tenant = self.tenant_or_first(identity.tenant.as_deref())?;
        Ok(principal(
            &identity.client_id,
            &identity.object_id,
            tenant,
            Some(identity.resource_id()),
        ))
    }

    /// The tenant that a request names by GUID or domain.
    pub(crate) fn tenant(&self, name: &str) -> Option<&config::Tenant> {
        self.tenants.iter().find(|tenant| {
            let names = [Some(&tenant.id), tenant.domain.as_ref()];
            names
                .into_iter()
                .flatten()
                .any(|known| known.eq_ignore_ascii_case(name))
        })
    }

    /// The application in a tenant, or in any.
    pub(crate) fn application(&self, client_id: &str, tenant: Option<&str>) -> Option<&Application> {
        self.applications.iter().find(|application| {
            let principal = &application.principal;
            principal.client_id.eq_ignore_ascii_case(client_id)
                && tenant.is_none_or(|tenant| principal.tenant == tenant)
        })
    }

    /// Whether a resource is one of the applications: its client id, perhaps as URI.
    fn is_application(&self, resource: &str) -> bool {
        self.application(resource.strip_prefix("api://").unwrap_or(resource), None)
            .is_some()
    }

    /// The application with this client or object id.
    pub(crate) fn application_of_any_tenant(&self, id: &str) -> Option<Principal> {
        let mut principals = self.applications.iter().map(|application| &application.principal);
        principals.find(|principal| principal.is_named(id)).cloned()
    }

    /// The user with this name or object id.
    pub(crate) fn user(&self, name: &str) -> Option<&User> {
        let names = |user: &User| [&user.name, &user.object_id].map(|own| own.eq_ignore_ascii_case(name));
        self.users.iter().find(|user| names(user).contains(&true))
    }

    pub(crate) fn first_user(&self) -> Option<&User> {
        self.users.first()
    }

    /// Whether tokens can be had for a resource; those of vaults on local names may carry any port.
    pub(crate) fn knows_resource(&self, resource: &str) -> bool {
        let local_port = resource
            .strip_prefix("https://")
            .and_then(|host| host.strip_prefix(LOCAL_DOMAIN));
        let local = local_port.is_some_and(|rest| {
            rest.strip_prefix(':')
                .map_or(rest.is_empty(), |port| port.parse::<u16>().is_ok())
        });
        local
            || Cloud::ALL.iter().any(|cloud| cloud.vault_resource() == resource)
            || self.is_application(resource)
            || OTHER_RESOURCES.contains(&resource.trim_end_matches('/'))
    }
}

impl User {
    fn new(user: &config::User, tenant: &config::Tenant) -> User {
        User {
            name: user.name.clone(),
            object_id: user.object_id.clone(),
            tenant: tenant.clone(),
            password: user.password.clone(),
            needs_mfa: user.needs_mfa,
        }
    }

    /// The user, acting through an application.
    pub(crate) fn with_application(&self, client_id: &str) -> Principal {
        Principal {
            user: Some(self.name.clone()),
            ..principal(client_id, &self.object_id, &self.tenant, None)
        }
    }
}

impl Application {
    fn new(
        app: &config::AppRegistration,
        tenant: &config::Tenant,
        issuers: &Issuers,
    ) -> io::Result<Application> {
        let readable = |pem: &str| {
            Certificate::from_pem(pem)
                .ok_or_else(|| invalid(format!("an unreadable certificate of {}", app.client_id)))
        };
        let trusted_subject = |trusted: &config::TrustedSubject| {
            Ok(TrustedSubject {
                name: trusted.name.clone(),
                issuer: readable(&trusted.issuer)?,
            })
        };
        Ok(Application {
            principal: principal(&app.client_id, &app.object_id, tenant, None),
            public: app.public,
            redirect_uris: app.redirect_uris.clone(),
            secrets: app.secrets.clone(),
            certificates: app
                .certificates
                .iter()
                .map(|pem| readable(pem))
                .collect::<io::Result<_>>()?,
            trusted_subjects: app
                .trusted_subjects
                .iter()
                .map(trusted_subject)
                .collect::<io::Result<_>>()?,
            federated: app
                .federated
                .iter()
                .map(|federated| Trust::new(federated, issuers))
                .collect::<io::Result<_>>()?,
            used_assertions: app.single_use_assertions.then(Mutex::default),
        })
    }

    /// One that every tenant knows.
    fn public(principal: Principal) -> Application {
        Application {
            principal,
            public: true,
            redirect_uris: Vec::new(),
            secrets: Vec::new(),
            certificates: Vec::new(),
            trusted_subjects: Vec::new(),
            federated: Vec::new(),
            used_assertions: None,
        }
    }

    /// Whether the sign-in page may go back to a place.
    pub(crate) fn may_redirect_to(&self, uri: &str) -> bool {
        let host = uri
            .strip_prefix("http://")
            .map(|rest| rest.split([':', '/', '?']).next().unwrap_or_default());
        host.is_some_and(|host| ["localhost", "127.0.0.1"].contains(&host))
            || self.redirect_uris.iter().any(|own| own == uri)
    }

    /// Whether an assertion with this `jti` may be used now; with one that must be single, this uses it up.
    pub(crate) fn takes_assertion(&self, jti: &str, expires: u64) -> bool {
        let Some(used) = &self.used_assertions else {
            return true;
        };
        let mut used = used.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::now();
        used.retain(|_, expires| *expires > now);
        used.insert(jti.into(), expires).is_none()
    }
}

impl Trust {
    fn new(federated: &config::Federated, issuers: &Issuers) -> io::Result<Trust> {
        let unreadable = |form: &str| invalid(format!("the {form} of issuer {} is no key", federated.issuer));
        let jwk = federated.jwk.as_ref();
        let jwk = jwk
            .map(|jwk| VerifyingKey::from_jwk(jwk).ok_or_else(|| unreadable("jwk")))
            .transpose()?;
        let pem = federated.pem.as_ref();
        let pem = pem
            .map(|pem| VerifyingKey::from_pem(pem).ok_or_else(|| unreadable("pem")))
            .transpose()?;
        let shared = federated.hmac.as_deref().map(VerifyingKey::from_shared_text);
        Ok(Trust {
            issuer: federated.issuer.clone(),
            subject: federated.subject.clone(),
            audience: federated.audience.clone(),
            keys: [jwk, pem, shared, issuers.key_of(&federated.issuer)]
                .into_iter()
                .flatten()
                .collect(),
        })
    }
}

pub(crate) fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("configuration: {}", message.into()),
    )
}

fn principal(
    client_id: &str,
    object_id: &str,
    tenant: &config::Tenant,
    resource_id: Option<String>,
) -> Principal {
    Principal {
        client_id: client_id.into(),
        object_id: object_id.into(),
        tenant: tenant.id.clone(),
        issuer: tenant.cloud.issuer(&tenant.id),
        resource_id,
        user: None,
    }
}
