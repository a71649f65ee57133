//! Which tenant may be asked for a token: decided here and nowhere else.
//!
//! A vault's challenge, or a caller, may want a token of another tenant than the configured one:
//!
//! | configured | wanted | asked |
//! |---|---|---|
//! | nothing (developers' tools, people) | any | the wanted one |
//! | one | the same, in any case of its letters | the wanted one |
//! | one | one of `additionally_allowed_tenants`, or any if that holds `*` | the wanted one |
//! | one | any other | an error that names it |
//! | `adfs`, or anything while `AZURE_IDENTITY_DISABLE_MULTITENANTAUTH` is set | any | the configured one |
//!
//! `AZURE_ADDITIONALLY_ALLOWED_TENANTS` (separated by `;`) counts where the option is not given.

use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::identity::cloud;
use crate::json::quoted;
use crate::verdict::Verdict;

/// The tenants that a credential may be asked for.
pub(crate) struct Tenants {
    own: Option<String>,
    allowed: Vec<String>,
    fixed: bool,
}

impl Tenants {
    pub(crate) fn new(config: &Config, own: Option<&str>, allowed: &[String]) -> Result<Self, Error> {
        let own = own.map(str::trim);
        if let Some(own) = own.filter(|own| !cloud::is_tenant(own)) {
            return Err(Error::new(
                ErrorKind::InvalidConfiguration,
                format!("{} is not a tenant.", quoted(own)),
            )
            .advise("Give the directory (tenant) id, or one of its domains.")
            .diagnose(Verdict::TenantInvalid));
        }
        let listed = config
            .environment
            .get("AZURE_ADDITIONALLY_ALLOWED_TENANTS")
            .unwrap_or_default();
        let from_environment = listed
            .split(';')
            .map(str::trim)
            .filter(|t| !t.is_empty())
            .map(str::to_owned);
        Ok(Self {
            own: own.map(str::to_owned),
            allowed: if allowed.is_empty() {
                from_environment.collect()
            } else {
                allowed.to_vec()
            },
            fixed: config
                .environment
                .get("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH")
                .is_some()
                || own.is_some_and(|own| own.eq_ignore_ascii_case("adfs")),
        })
    }

    /// An application has its tokens in one tenant; the words for any tenant stand for people, who choose theirs when
    /// they sign in.
    pub(crate) fn require_one(&self, wanted: Option<&str>) -> Result<(), Error> {
        let asked = self.resolve(wanted)?.unwrap_or_default();
        match ["common", "organizations", "consumers"]
            .into_iter()
            .find(|word| word.eq_ignore_ascii_case(asked))
        {
            None => Ok(()),
            Some(word) => Err(Error::new(
                ErrorKind::InvalidConfiguration,
                format!("An application cannot sign in to the tenant `{word}`, which stands for the tenants of people."),
            )
            .advise("Give the directory (tenant) id of the tenant in which the application has its service principal.")),
        }
    }

    /// The tenant to ask when `wanted` is wanted: it, if it may be asked; `None` is the source's own choice.
    pub(crate) fn resolve<'a>(&'a self, wanted: Option<&'a str>) -> Result<Option<&'a str>, Error> {
        let own = self.own.as_deref();
        let Some(wanted) = wanted.filter(|_| !self.fixed) else {
            return Ok(own);
        };
        if !cloud::is_tenant(wanted) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("{} is not a tenant.", quoted(wanted)),
            ));
        }
        let same = |tenant: &str| tenant.eq_ignore_ascii_case(wanted);
        if own.is_none_or(same) || self.allowed.iter().any(|t| t == "*" || same(t)) {
            return Ok(Some(wanted));
        }
        Err(Error::new(
            ErrorKind::AuthenticationFailed,
            format!("The current credential is not configured to acquire tokens for tenant {wanted}."),
        )
        .advise("Add the tenant to additionally_allowed_tenants (or \"*\"), or configure the credential with that tenant.")
        .diagnose(Verdict::TenantNotAllowed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Environment;

    fn tenants(own: Option<&str>, allowed: &[&str], variables: &[(&str, &str)]) -> Tenants {
        let environment = Environment::from_iter(variables.iter().copied());
        let config = Config {
            environment,
            ..Config::default()
        };
        let allowed: Vec<String> = allowed.iter().map(|t| (*t).to_owned()).collect();
        Tenants::new(&config, own, &allowed).unwrap()
    }

    #[test]
    fn another_tenant_needs_leave() {
        assert_eq!(
            tenants(Some("a"), &[], &[]).resolve(Some("A")).unwrap(),
            Some("A")
        );
        assert!(tenants(Some("a"), &[], &[]).resolve(Some("b")).is_err());
        assert_eq!(
            tenants(Some("a"), &["*"], &[]).resolve(Some("b")).unwrap(),
            Some("b")
        );
        assert_eq!(tenants(None, &[], &[]).resolve(Some("b")).unwrap(), Some("b"));
        let listed = [("AZURE_ADDITIONALLY_ALLOWED_TENANTS", "x; B ;")];
        assert_eq!(
            tenants(Some("a"), &[], &listed).resolve(Some("b")).unwrap(),
            Some("b")
        );
    }

    #[test]
    fn switched_off_means_always_the_own_one() {
        let off = [("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH", "1")];
        assert_eq!(
            tenants(Some("a"), &["*"], &off).resolve(Some("b")).unwrap(),
            Some("a")
        );
        assert_eq!(
            tenants(Some("adfs"), &["*"], &[]).resolve(Some("b")).unwrap(),
            Some("adfs")
        );
    }

    #[test]
    fn a_tenant_cannot_smuggle_a_path() {
        assert!(tenants(None, &[], &[]).resolve(Some("../evil")).is_err());
        assert!(Tenants::new(&Config::default(), Some("a/b"), &[]).is_err());
    }
}
