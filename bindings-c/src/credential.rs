//! Shortcuts to the credentials that need more than a name. Whatever they take can be set by its path too, and so can the
//! rest: the README lists all settings.

use std::ffi::c_char;

use nightlatch_core::error::Error;
use serde_json::{Value, json};

use crate::config::{Parts, nightlatch_config};
use crate::door::door;
use crate::slice::{bytes, text};
use crate::status::nightlatch_status;

impl Parts {
    /// Takes a credential with some settings. An empty text is left out, and the core says if it must be there.
    fn take(&mut self, name: &str, texts: &[(&str, &str)], secrets: &[(&str, &[u8])]) -> Result<(), Error> {
        self.set("credential", json!({"type": name}))?;
        for (field, value) in texts.iter().filter(|(_, value)| !value.is_empty()) {
            self.set(&format!("credential.{field}"), *value)?;
        }
        for (field, value) in secrets.iter().filter(|(_, value)| !value.is_empty()) {
            self.set_secret(&format!("credential.{field}"), value)?;
        }
        Ok(())
    }

    fn take_number(&mut self, field: &str, number: u32) -> Result<(), Error> {
        self.set(&format!("credential.{field}"), Value::from(number))
    }
}

/// Takes an application with a client secret. The secret is kept as by `nightlatch_config_set_secret`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_use_client_secret(
    config: *mut nightlatch_config,
    tenant_id: *const c_char,
    tenant_id_len: usize,
    client_id: *const c_char,
    client_id_len: usize,
    client_secret: *const c_char,
    client_secret_len: usize,
) -> nightlatch_status {
    door!([config] {
        config.change(|parts| {
            // SAFETY: the header's conventions.
            let (tenant, client) = unsafe { (text(tenant_id, tenant_id_len)?, text(client_id, client_id_len)?) };
            // SAFETY: the header's conventions.
            let secret = unsafe { bytes(client_secret, client_secret_len)? };
            let texts = [("tenant_id", tenant), ("client_id", client)];
            parts.take("ClientSecretCredential", &texts, &[])?;
            // Also an empty one: the core says that it is.
            parts.set_secret("credential.client_secret", secret)
        })
    })
}

/// Takes an application with a certificate in a file: PEM with certificate and key, or PKCS #12. An empty `password` is
/// none. A key file that others may read is told of by the event `key_file_shared`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_use_certificate_file(
    config: *mut nightlatch_config,
    tenant_id: *const c_char,
    tenant_id_len: usize,
    client_id: *const c_char,
    client_id_len: usize,
    path: *const c_char,
    path_len: usize,
    password: *const c_char,
    password_len: usize,
) -> nightlatch_status {
    door!([config] {
        config.change(|parts| {
            // SAFETY: the header's conventions.
            let (tenant, client) = unsafe { (text(tenant_id, tenant_id_len)?, text(client_id, client_id_len)?) };
            // SAFETY: the header's conventions.
            let (path, password) = unsafe { (text(path, path_len)?, bytes(password, password_len)?) };
            let texts = [("tenant_id", tenant), ("client_id", client), ("certificate_path", path)];
            parts.take("ClientCertificateCredential", &texts, &[("password", password)])
        })
    })
}

/// Takes an application with a certificate in memory: PEM with certificate and key, or the bytes of a PKCS #12 file. Both it
/// and the password (empty: none) are kept as by `nightlatch_config_set_secret`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_use_certificate(
    config: *mut nightlatch_config,
    tenant_id: *const c_char,
    tenant_id_len: usize,
    client_id: *const c_char,
    client_id_len: usize,
    certificate: *const c_char,
    certificate_len: usize,
    password: *const c_char,
    password_len: usize,
) -> nightlatch_status {
    door!([config] {
        config.change(|parts| {
            // SAFETY: the header's conventions.
            let (tenant, client) = unsafe { (text(tenant_id, tenant_id_len)?, text(client_id, client_id_len)?) };
            // SAFETY: the header's conventions.
            let (certificate, password) = unsafe { (bytes(certificate, certificate_len)?, bytes(password, password_len)?) };
            let secrets = [("certificate", certificate), ("password", password)];
            let texts = [("tenant_id", tenant), ("client_id", client)];
            parts.take("ClientCertificateCredential", &texts, &secrets)
        })
    })
}

/// Takes an application with a certificate (PEM, without a key) whose key only the program reaches, such as one in a
/// security module: the callback `sign` is asked with `key` as its `HANDLE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_use_signing_key(
    config: *mut nightlatch_config,
    tenant_id: *const c_char,
    tenant_id_len: usize,
    client_id: *const c_char,
    client_id_len: usize,
    certificate: *const c_char,
    certificate_len: usize,
    key: u32,
) -> nightlatch_status {
    door!([config] {
        config.change(|parts| {
            // SAFETY: the header's conventions.
            let (tenant, client) = unsafe { (text(tenant_id, tenant_id_len)?, text(client_id, client_id_len)?) };
            // SAFETY: the header's conventions.
            let certificate = unsafe { bytes(certificate, certificate_len)? };
            let texts = [("tenant_id", tenant), ("client_id", client)];
            parts.take("ClientCertificateCredential", &texts, &[("certificate", certificate)])?;
            parts.take_number("signing_key", key)
        })
    })
}

/// Takes an application that proves itself by an assertion of the program's: the callback `assertion` is asked with that
/// number as its `HANDLE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_use_client_assertion(
    config: *mut nightlatch_config,
    tenant_id: *const c_char,
    tenant_id_len: usize,
    client_id: *const c_char,
    client_id_len: usize,
    assertion: u32,
) -> nightlatch_status {
    door!([config] {
        config.change(|parts| {
            // SAFETY: the header's conventions.
            let (tenant, client) = unsafe { (text(tenant_id, tenant_id_len)?, text(client_id, client_id_len)?) };
            let texts = [("tenant_id", tenant), ("client_id", client)];
            parts.take("ClientAssertionCredential", &texts, &[])?;
            parts.take_number("assertion", assertion)
        })
    })
}

/// Takes an application on behalf of the user whose token is `user_assertion`. The application's proof is set after this:
/// `credential.client_secret`, the settings of a certificate, or `credential.assertion`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_use_on_behalf_of(
    config: *mut nightlatch_config,
    tenant_id: *const c_char,
    tenant_id_len: usize,
    client_id: *const c_char,
    client_id_len: usize,
    user_assertion: *const c_char,
    user_assertion_len: usize,
) -> nightlatch_status {
    door!([config] {
        config.change(|parts| {
            // SAFETY: the header's conventions.
            let (tenant, client) = unsafe { (text(tenant_id, tenant_id_len)?, text(client_id, client_id_len)?) };
            // SAFETY: the header's conventions.
            let user = unsafe { bytes(user_assertion, user_assertion_len)? };
            let texts = [("tenant_id", tenant), ("client_id", client)];
            parts.take("OnBehalfOfCredential", &texts, &[("user_assertion", user)])
        })
    })
}

/// Takes the identity of a workload that finds a token in a file, as on Kubernetes. What is empty comes from the environment.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_use_workload_identity(
    config: *mut nightlatch_config,
    tenant_id: *const c_char,
    tenant_id_len: usize,
    client_id: *const c_char,
    client_id_len: usize,
    token_file_path: *const c_char,
    token_file_path_len: usize,
) -> nightlatch_status {
    door!([config] {
        config.change(|parts| {
            // SAFETY: the header's conventions.
            let (tenant, client) = unsafe { (text(tenant_id, tenant_id_len)?, text(client_id, client_id_len)?) };
            // SAFETY: the header's conventions.
            let path = unsafe { text(token_file_path, token_file_path_len)? };
            let texts = [("tenant_id", tenant), ("client_id", client), ("token_file_path", path)];
            parts.take("WorkloadIdentityCredential", &texts, &[])
        })
    })
}

/// Takes a service connection of Azure Pipelines; the token is the job's `System.AccessToken`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_use_azure_pipelines(
    config: *mut nightlatch_config,
    tenant_id: *const c_char,
    tenant_id_len: usize,
    client_id: *const c_char,
    client_id_len: usize,
    service_connection_id: *const c_char,
    service_connection_id_len: usize,
    system_access_token: *const c_char,
    system_access_token_len: usize,
) -> nightlatch_status {
    door!([config] {
        config.change(|parts| {
            // SAFETY: the header's conventions.
            let (tenant, client) = unsafe { (text(tenant_id, tenant_id_len)?, text(client_id, client_id_len)?) };
            // SAFETY: the header's conventions.
            let connection = unsafe { text(service_connection_id, service_connection_id_len)? };
            // SAFETY: the header's conventions.
            let token = unsafe { bytes(system_access_token, system_access_token_len)? };
            let texts = [("tenant_id", tenant), ("client_id", client), ("service_connection_id", connection)];
            parts.take("AzurePipelinesCredential", &texts, &[("system_access_token", token)])
        })
    })
}

/// Takes the person who signed in at a page of the program's own, from which the code came back to `redirect_uri`. A
/// confidential client sets `credential.client_secret` after this.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_use_authorization_code(
    config: *mut nightlatch_config,
    tenant_id: *const c_char,
    tenant_id_len: usize,
    client_id: *const c_char,
    client_id_len: usize,
    authorization_code: *const c_char,
    authorization_code_len: usize,
    redirect_uri: *const c_char,
    redirect_uri_len: usize,
) -> nightlatch_status {
    door!([config] {
        config.change(|parts| {
            // SAFETY: the header's conventions.
            let (tenant, client) = unsafe { (text(tenant_id, tenant_id_len)?, text(client_id, client_id_len)?) };
            // SAFETY: the header's conventions.
            let code = unsafe { bytes(authorization_code, authorization_code_len)? };
            // SAFETY: the header's conventions.
            let redirect_uri = unsafe { text(redirect_uri, redirect_uri_len)? };
            let texts = [("tenant_id", tenant), ("client_id", client), ("redirect_uri", redirect_uri)];
            parts.take("AuthorizationCodeCredential", &texts, &[("authorization_code", code)])
        })
    })
}

/// Takes a person's name and password. Few tenants allow it still; it cannot pass multi-factor authentication.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_use_username_password(
    config: *mut nightlatch_config,
    username: *const c_char,
    username_len: usize,
    password: *const c_char,
    password_len: usize,
) -> nightlatch_status {
    door!([config] {
        config.change(|parts| {
            // SAFETY: the header's conventions.
            let (name, password) = unsafe { (text(username, username_len)?, bytes(password, password_len)?) };
            parts.take("UsernamePasswordCredential", &[("username", name)], &[("password", password)])
        })
    })
}

/// Adds a credential, by its SDK name, to a chain of which the first that has a token serves; the first call begins the chain
/// in place of the credential set so far. The settings of the one number `n`, counted from 0, are set below
/// `credential.sources.n`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_config_add_source(
    config: *mut nightlatch_config,
    name: *const c_char,
    name_len: usize,
) -> nightlatch_status {
    door!([config] {
        config.change(|parts| {
            // SAFETY: the header's conventions.
            let name = unsafe { text(name, name_len)? };
            if !parts.has_chain() {
                parts.set("credential", json!({"type": "ChainedTokenCredential", "sources": []}))?;
            }
            parts.append("credential.sources", json!({"type": name}))
        })
    })
}
