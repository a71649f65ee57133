//! How a secret is rotated: by three functions of the caller's, which make a value, put it into effect and verify it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::config::fields::{Fields, Record};
use crate::error::{Error, ErrorKind};
use crate::secret::{SecretId, SecretProperties};
use crate::time::UnixTime;

/// The tags with which a version says how far its rotation has come begin so.
pub(crate) const OWN_TAGS: &str = "nightlatch-";

/// What a rotation may take where its caller does not say: the functions are the caller's, and may take minutes.
pub(crate) const ROTATION_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// A version has at most so many tags,
const MOST_TAGS: usize = 15;
/// each of so many characters.
const LONGEST_TAG: usize = 256;

/// Rotation of one secret. What is not given is carried over from the version before.
#[derive(Clone, Debug)]
pub struct RotateCall {
    /// The secret, without a version.
    pub id: SecretId,
    /// The functions, by the number by which the host knows them.
    pub handle: u32,
    /// The names of two slots that are used in turn, such as two users of a database, so that both the old and the new
    /// value work while readers change over.
    pub slots: Option<[String; 2]>,
    /// What type the value has.
    pub content_type: Option<String>,
    /// When the new version ends. Carried over is how long the one before was to live.
    pub expires_on: Option<UnixTime>,
    /// Its tags, besides those of the rotation. These are at most three, and a version has at most 15.
    pub tags: Option<BTreeMap<String, String>>,
}

/// How a rotation ended well. Serialises by its field names.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rotation {
    /// The version in use now.
    pub properties: SecretProperties,
    /// The version before. It is left as it is: readers that have it still may need it.
    pub previous_version: Option<String>,
    /// The slot in use now, if there are two.
    pub slot: Option<String>,
    /// Whether a rotation was finished that an earlier call had begun.
    pub resumed: bool,
}

impl RotateCall {
    /// Refuses tags that would leave no room for the rotation's own.
    pub(crate) fn check_tags(&self, tags: &BTreeMap<String, String>) -> Result<(), Error> {
        let own = if self.slots.is_some() { 3 } else { 2 };
        if tags.len() <= MOST_TAGS - own {
            return Ok(());
        }
        let text = format!(
            "A version has at most {MOST_TAGS} tags, and a rotation needs {own} of them: {} are left no room.",
            tags.len()
        );
        Err(Error::new(ErrorKind::InvalidArgument, text).advise("Give fewer tags."))
    }
}

/// The same with names that have not been checked.
pub(super) struct RawRotation {
    handle: u32,
    slots: Option<Vec<String>>,
    content_type: Option<String>,
    expires_on: Option<UnixTime>,
    tags: Option<BTreeMap<String, String>>,
}

impl Record for RawRotation {
    fn of(fields: &mut Fields<'_>) -> Self {
        Self {
            handle: fields.required("handle"),
            slots: fields.or_default("slots"),
            content_type: fields.or_default("content_type"),
            expires_on: fields.or_default("expires_on"),
            tags: fields.or_default("tags"),
        }
    }
}

impl RawRotation {
    pub(super) fn checked(self, id: SecretId) -> Result<RotateCall, Error> {
        let refuse = |text: &str| Error::new(ErrorKind::InvalidArgument, text);
        let slots = self.slots.map(<[String; 2]>::try_from).transpose();
        let slots = slots
            .ok()
            .filter(|slots| slots.as_ref().is_none_or(is_two_names))
            .ok_or_else(|| {
                refuse("`slots` must be two different names, of 1 to 256 characters each.")
                    .advise("Give the names of two users or keys, such as blue and green.")
            })?;
        let tags = self.tags.unwrap_or_default();
        if tags.keys().any(|tag| is_own(tag)) {
            return Err(refuse(
                "Tags that begin with `nightlatch-` are the rotation's own.",
            ));
        }
        let call = RotateCall {
            id,
            handle: self.handle,
            slots,
            content_type: self.content_type,
            expires_on: self.expires_on,
            tags: Some(tags).filter(|tags| !tags.is_empty()),
        };
        call.check_tags(call.tags.as_ref().unwrap_or(&BTreeMap::new()))?;
        Ok(call)
    }
}

/// Whether a tag is the rotation's.
pub(crate) fn is_own(tag: &str) -> bool {
    let start = tag.get(..OWN_TAGS.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(OWN_TAGS))
}

fn is_two_names([one, other]: &[String; 2]) -> bool {
    let fits = |name: &String| (1..=LONGEST_TAG).contains(&name.chars().count());
    fits(one) && fits(other) && one != other
}
