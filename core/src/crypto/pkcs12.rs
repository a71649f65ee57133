//! Personal information exchange files (`.pfx`, `.p12`; RFC 7292), as OpenSSL, Windows, Java and Key Vault write them.
//!
//! ```text
//!  PFX ── authenticated safe ──┬─ data ───────────── bags: key, encrypted key, certificate
//!      └─ code over the safe   └─ encrypted data ──▶ bags
//! ```
//!
//! Written here, over `der` and the ciphers of `password_based`, and not taken from a library: the number of iterations must
//! be bounded before any work is done, at every place where one stands, keys must be wiped, and the crate for it brings
//! 79 others, some of them pre-releases.

use super::der::{Der, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING};
use super::password_based::{Budget, Closed, Password, check_mac, decrypt, open as open_key};
use crate::error::Error;
use crate::sensitive::Sensitive;

/// 1.2.840.113549.1.7.1 and .6
const DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
const ENCRYPTED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06";
/// 1.2.840.113549.1.12.10.1, before the number of the sort of bag.
const BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01";
/// 1.2.840.113549.1.9.22.1
const X509: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01";

/// `[0]`, with elements inside or with bytes.
const CONTEXT_0: u8 = 0xa0;
const CONTEXT_0_BYTES: u8 = 0x80;

/// Certificates (DER) and private keys (PKCS #8) of a file. Without `keys` the keys in it stay closed.
pub(super) fn open(
    file: &[u8],
    password: Option<&Sensitive>,
    keys: bool,
) -> Result<(Vec<Sensitive>, Vec<Sensitive>), Error> {
    let given = password.is_some_and(|password| !password.is_empty());
    // What tools write who are given no password: some none at all, others an empty one.
    let passwords = match password.filter(|_| given) {
        Some(password) => vec![Password::new(password)?],
        None => vec![Password::none(), Password::new(&Sensitive::default())?],
    };
    let mut budget = Budget::new();
    let mut end = Err(Closed::Password);
    for password in &passwords {
        end = read(file, password, keys, &mut budget);
        if !matches!(end, Err(Closed::Password)) {
            break;
        }
    }
    let safe = end.map_err(|why| why.error("the PKCS #12 file", given))?;
    Ok((safe.certificates, safe.keys))
}

#[derive(Default)]
struct Safe {
    certificates: Vec<Sensitive>,
    keys: Vec<Sensitive>,
}

fn read(file: &[u8], password: &Password, keys: bool, budget: &mut Budget) -> Result<Safe, Closed> {
    let parts = || {
        let mut file = Der::whole_sequence(file)?;
        file.take(INTEGER)?;
        let content = data(file.sequence()?)?;
        Some((content, file))
    };
    let (content, mut rest) = parts().ok_or(Closed::Malformed)?;
    if !rest.is_empty() {
        check_mac(
            rest.sequence().ok_or(Closed::Malformed)?,
            content,
            password,
            budget,
        )?;
    }
    let mut safe = Safe::default();
    let mut infos = Der::whole_sequence(content).ok_or(Closed::Malformed)?;
    while !infos.is_empty() {
        let info = infos.sequence().ok_or(Closed::Malformed)?;
        match data(info) {
            Some(bags) => safe.add(bags, password, keys, budget)?,
            None => {
                let (algorithm, content) = encrypted(info).ok_or(Closed::Malformed)?;
                let bags = decrypt(algorithm, content, password, budget)?;
                safe.add(bags.expose(), password, keys, budget)?;
            }
        }
    }
    Ok(safe)
}

/// The bytes of a `ContentInfo` that is plain data.
fn data(mut info: Der<'_>) -> Option<&[u8]> {
    if info.take(OBJECT_IDENTIFIER)? != DATA {
        return None;
    }
    info.inside(CONTEXT_0)?.take(OCTET_STRING)
}

/// Algorithm and bytes of a `ContentInfo` that is encrypted with a password.
fn encrypted(mut info: Der<'_>) -> Option<(Der<'_>, &[u8])> {
    if info.take(OBJECT_IDENTIFIER)? != ENCRYPTED_DATA {
        return None;
    }
    let mut data = info.inside(CONTEXT_0)?.sequence()?;
    data.take(INTEGER)?;
    let mut content = data.sequence()?;
    content.take(OBJECT_IDENTIFIER)?;
    Some((content.sequence()?, content.take(CONTEXT_0_BYTES)?))
}

impl Safe {
    fn add(
        &mut self,
        bags: &[u8],
        password: &Password,
        keys: bool,
        budget: &mut Budget,
    ) -> Result<(), Closed> {
        // What a wrong password leaves behind fits a padding now and then, but is no sequence.
        let mut bags = Der::whole_sequence(bags).ok_or(Closed::Password)?;
        while !bags.is_empty() {
            let mut bag = bags.sequence().ok_or(Closed::Malformed)?;
            let sort = bag.take(OBJECT_IDENTIFIER).and_then(|id| id.strip_prefix(BAG));
            let mut value = bag.inside(CONTEXT_0).ok_or(Closed::Malformed)?;
            match sort {
                Some([1]) if keys => {
                    let (_, _, key) = value.element().ok_or(Closed::Malformed)?;
                    self.keys.push(key.to_vec().into());
                }
                Some([2]) if keys => {
                    let key = value.sequence().ok_or(Closed::Malformed)?;
                    self.keys.push(open_key(key, password, budget)?);
                }
                Some([3]) => {
                    let mut bag = value.sequence().ok_or(Closed::Malformed)?;
                    if bag.take(OBJECT_IDENTIFIER) == Some(X509) {
                        let certificate = bag
                            .inside(CONTEXT_0)
                            .and_then(|mut inside| inside.take(OCTET_STRING));
                        self.certificates
                            .push(certificate.ok_or(Closed::Malformed)?.to_vec().into());
                    }
                }
                // Revocation lists, secrets, keys that are not wanted.
                _ => {}
            }
        }
        Ok(())
    }
}
