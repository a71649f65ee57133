//! What a vault says of a secret, laid out for C: shared by secrets, deleted ones, and pages of lists.

use std::ffi::c_char;

use nightlatch_core::secret::{DeletedSecret, SecretProperties};
use nightlatch_core::time::UnixTime;

use crate::door::{door, free};
use crate::slice::{Text, give, lend_option};

/// What a vault says of a secret, deleted or not, besides its value. It never changes; any number of threads may read it.
pub struct nightlatch_properties {
    texts: Vec<(u32, Text)>,
    numbers: Vec<(u32, i64)>,
    tags: Vec<(Text, Text)>,
}

/// The texts of a secret besides its value. Those that the vault did not say are absent.
#[repr(u32)]
pub enum nightlatch_secret_fact {
    /// The full identifier, version included.
    NIGHTLATCH_SECRET_ID = 1,
    /// The vault's URL.
    NIGHTLATCH_SECRET_VAULT_URL = 2,
    /// The name.
    NIGHTLATCH_SECRET_NAME = 3,
    /// The version.
    NIGHTLATCH_SECRET_VERSION = 4,
    /// Free text.
    NIGHTLATCH_SECRET_CONTENT_TYPE = 5,
    /// How deletion works in this vault, such as `Recoverable+Purgeable`.
    NIGHTLATCH_SECRET_RECOVERY_LEVEL = 6,
    /// The key identifier of the certificate that stands behind the secret.
    NIGHTLATCH_SECRET_KEY_ID = 7,
    /// The version before.
    NIGHTLATCH_SECRET_PREVIOUS_VERSION = 8,
    /// Of a deleted secret: the identifier under which it can be recovered.
    NIGHTLATCH_SECRET_RECOVERY_ID = 9,
}

/// The numbers of a secret. Those that the vault did not say are absent. Times are seconds since 1970.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum nightlatch_secret_number_fact {
    /// 1 if it may be read.
    NIGHTLATCH_SECRET_ENABLED = 1,
    /// Not valid before; for information.
    NIGHTLATCH_SECRET_NOT_BEFORE = 2,
    /// Not valid from then on; for information.
    NIGHTLATCH_SECRET_EXPIRES_ON = 3,
    /// When this version was made.
    NIGHTLATCH_SECRET_CREATED_ON = 4,
    /// When its attributes last changed.
    NIGHTLATCH_SECRET_UPDATED_ON = 5,
    /// Days it can be recovered after deletion.
    NIGHTLATCH_SECRET_RECOVERABLE_DAYS = 6,
    /// 1 if a certificate stands behind it.
    NIGHTLATCH_SECRET_MANAGED = 7,
    /// Of a deleted secret: when it was deleted.
    NIGHTLATCH_SECRET_DELETED_DATE = 8,
    /// Of a deleted secret: when the service purges it.
    NIGHTLATCH_SECRET_SCHEDULED_PURGE_DATE = 9,
}

impl nightlatch_properties {
    pub(crate) fn new(p: &SecretProperties) -> Self {
        use nightlatch_secret_fact::*;
        use nightlatch_secret_number_fact::*;
        let seconds = |time: Option<UnixTime>| time.map(UnixTime::as_secs);
        let texts = [
            (NIGHTLATCH_SECRET_ID, Some(p.id.as_str())),
            (NIGHTLATCH_SECRET_VAULT_URL, Some(p.vault_url.as_str())),
            (NIGHTLATCH_SECRET_NAME, Some(p.name.as_str())),
            (NIGHTLATCH_SECRET_VERSION, p.version.as_deref()),
            (NIGHTLATCH_SECRET_CONTENT_TYPE, p.content_type.as_deref()),
            (NIGHTLATCH_SECRET_RECOVERY_LEVEL, p.recovery_level.as_deref()),
            (NIGHTLATCH_SECRET_KEY_ID, p.key_id.as_deref()),
            (NIGHTLATCH_SECRET_PREVIOUS_VERSION, p.previous_version.as_deref()),
        ];
        let numbers = [
            (NIGHTLATCH_SECRET_ENABLED, p.enabled.map(i64::from)),
            (NIGHTLATCH_SECRET_NOT_BEFORE, seconds(p.not_before)),
            (NIGHTLATCH_SECRET_EXPIRES_ON, seconds(p.expires_on)),
            (NIGHTLATCH_SECRET_CREATED_ON, seconds(p.created_on)),
            (NIGHTLATCH_SECRET_UPDATED_ON, seconds(p.updated_on)),
            (
                NIGHTLATCH_SECRET_RECOVERABLE_DAYS,
                p.recoverable_days.map(i64::from),
            ),
            (NIGHTLATCH_SECRET_MANAGED, p.managed.map(i64::from)),
        ];
        Self {
            texts: texts
                .into_iter()
                .filter_map(|(fact, text)| Some((fact as u32, Text::new(text?))))
                .collect(),
            numbers: numbers
                .into_iter()
                .filter_map(|(fact, number)| Some((fact as u32, number?)))
                .collect(),
            tags: p.tags.iter().map(|(k, v)| (Text::new(k), Text::new(v))).collect(),
        }
    }

    pub(crate) fn of_deleted(deleted: &DeletedSecret) -> Self {
        use nightlatch_secret_fact::*;
        use nightlatch_secret_number_fact::*;
        let mut new = Self::new(&deleted.properties);
        let recovery_id = deleted.recovery_id.as_deref().map(Text::new);
        new.texts
            .extend(recovery_id.map(|id| (NIGHTLATCH_SECRET_RECOVERY_ID as u32, id)));
        for (fact, time) in [
            (NIGHTLATCH_SECRET_DELETED_DATE, deleted.deleted_date),
            (
                NIGHTLATCH_SECRET_SCHEDULED_PURGE_DATE,
                deleted.scheduled_purge_date,
            ),
        ] {
            new.numbers.extend(time.map(|time| (fact as u32, time.as_secs())));
        }
        new
    }

    pub(crate) fn text(&self, fact: u32) -> Option<&Text> {
        self.texts
            .iter()
            .find(|(name, _)| *name == fact)
            .map(|(_, text)| text)
    }

    pub(crate) fn number(&self, fact: u32) -> Option<i64> {
        self.numbers
            .iter()
            .find(|(name, _)| *name == fact)
            .map(|(_, number)| *number)
    }

    /// Names and values, in the order of the names.
    pub(crate) fn tags(&self) -> &[(Text, Text)] {
        &self.tags
    }
}

/// Frees properties that a call handed over; not those that are lent. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_properties_free(properties: *mut nightlatch_properties) {
    // SAFETY: the header's conventions.
    unsafe { free(properties) }
}

/// A text, as named by `nightlatch_secret_fact`; NULL if absent. It lives as long as the properties. `len`, if not NULL,
/// gets its length; a NUL follows it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_properties_text(
    properties: *const nightlatch_properties,
    fact: u32,
    len: *mut usize,
) -> *const c_char {
    door!([properties] {
        // SAFETY: the header's conventions.
        unsafe { lend_option(properties.text(fact), len) }
    })
}

/// Writes a number, as named by `nightlatch_secret_number_fact`. False if absent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_properties_number(
    properties: *const nightlatch_properties,
    fact: u32,
    value: *mut i64,
) -> bool {
    door!([properties] {
        // SAFETY: the header's conventions.
        unsafe { give(properties.number(fact), value) }
    })
}

/// How many tags there are.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_properties_tag_count(properties: *const nightlatch_properties) -> usize {
    door!([properties] { properties.tags().len() })
}

/// The name of the tag number `index`, in the order of the names; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_properties_tag_name(
    properties: *const nightlatch_properties,
    index: usize,
    len: *mut usize,
) -> *const c_char {
    door!([properties] {
        // SAFETY: the header's conventions.
        unsafe { lend_option(properties.tags().get(index).map(|(name, _)| name), len) }
    })
}

/// The value of the tag number `index`; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nightlatch_properties_tag(
    properties: *const nightlatch_properties,
    index: usize,
    len: *mut usize,
) -> *const c_char {
    door!([properties] {
        // SAFETY: the header's conventions.
        unsafe { lend_option(properties.tags().get(index).map(|(_, value)| value), len) }
    })
}
