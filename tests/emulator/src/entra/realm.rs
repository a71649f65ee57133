//! What the first part of a path names: a tenant, any tenant, or AD FS.

use super::error::EntraError;
use crate::cloud::Cloud;
use crate::config::Tenant;
use crate::directory::{Application, User};
use crate::message::Request;
use crate::world::World;

/// The directory that a request is about, and the name it used.
pub(super) struct Realm<'a> {
    /// The named tenant, or else the first.
    pub(super) tenant: &'a Tenant,
    pub(super) form: Form<'a>,
}

/// How a request names its directory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form<'a> {
    Tenant(&'a str),
    /// `organizations` or `common`: the tenant is the user's own.
    Any(&'a str),
    Adfs,
}

impl<'a> Realm<'a> {
    /// The tenant that a path names, if it lives in the cloud of the authority that was asked.
    pub(super) fn find(world: &'a World, name: &'a str, request: &Request) -> Result<Realm<'a>, EntraError> {
        if ["organizations", "common"].contains(&name) {
            return Ok(Realm {
                tenant: world.directory.first_tenant(),
                form: Form::Any(name),
            });
        }
        let Some(tenant) = world.directory.tenant(name) else {
            let well_formed = uuid::Uuid::try_parse(name).is_ok() || name.contains('.');
            return Err(if well_formed {
                EntraError::unknown_tenant
            } else {
                EntraError::malformed_tenant
            }(name));
        };
        if Cloud::of_authority(request.hostname()).is_some_and(|cloud| cloud != tenant.cloud) {
            return Err(EntraError::other_cloud(name, tenant.cloud.authority()));
        }
        Ok(Realm {
            tenant,
            form: Form::Tenant(name),
        })
    }

    /// AD FS, which has no tenants: the first one stands for its directory.
    pub(super) fn adfs(world: &'a World) -> Realm<'a> {
        Realm {
            tenant: world.directory.first_tenant(),
            form: Form::Adfs,
        }
    }

    /// The application with this id.
    pub(super) fn application(
        &self,
        world: &'a World,
        client_id: &str,
    ) -> Result<&'a Application, EntraError> {
        let tenant = match self.form {
            Form::Any(_) => None,
            Form::Tenant(_) | Form::Adfs => Some(self.tenant.id.as_str()),
        };
        world
            .directory
            .application(client_id, tenant)
            .ok_or_else(|| EntraError::unknown_application(client_id, &self.tenant.id))
    }

    /// Whether a user may sign in here.
    pub(super) fn admits(&self, user: &User) -> bool {
        matches!(self.form, Form::Any(_)) || user.tenant.id == self.tenant.id
    }

    /// What an endpoint's URLs begin with, as the client named it.
    pub(super) fn base(&self, request: &Request) -> String {
        let authority = request.host.trim_end_matches(":443");
        match self.form {
            Form::Tenant(name) | Form::Any(name) => format!("https://{authority}/{name}"),
            Form::Adfs => format!("https://{authority}/adfs"),
        }
    }

    /// The names of the token endpoint to which an assertion may be addressed: those of the same tenant count as well.
    pub(super) fn token_urls(&self, request: &Request) -> Vec<String> {
        let base = self.base(request);
        match self.form {
            Form::Adfs => vec![format!("{base}/oauth2/token")],
            Form::Tenant(_) | Form::Any(_) => {
                let aliases = self.tenant.cloud.authorities().iter().flat_map(|authority| {
                    let names = [Some(&self.tenant.id), self.tenant.domain.as_ref()];
                    names
                        .into_iter()
                        .flatten()
                        .map(move |name| format!("https://{authority}/{name}"))
                });
                let bases = std::iter::once(base).chain(aliases);
                bases.map(|base| format!("{base}/oauth2/v2.0/token")).collect()
            }
        }
    }
}
