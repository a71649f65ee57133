//! What keys and certificates in files are encrypted with: PBES2 (RFC 8018), and the forms of PKCS #12 (RFC 7292) with
//! triple DES and RC2, which exporters still write.
//!
//! The number of iterations stands in the file, so a hostile file could keep its reader busy for hours. All the work
//! for one file is drawn from one [`Budget`], and refused before it is begun.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockCipherDecrypt, BlockModeDecrypt, BlockSizeUser, InnerIvInit, KeyInit};
use aes::{Aes128, Aes192, Aes256};
use cbc::Decryptor;
use des::TdesEde3;
use hmac::digest::Digest;
use hmac::{EagerHash, Hmac, Mac};
use pbkdf2::pbkdf2_hmac;
use rc2::Rc2;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use zeroize::{Zeroize, Zeroizing};

use super::der::{Der, OBJECT_IDENTIFIER, OCTET_STRING};
use super::unusable;
use crate::error::{Error, ErrorKind};
use crate::sensitive::Sensitive;

/// Why something could not be decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    Malformed,
    /// The password is not the right one.
    Password,
    /// In a way that is not known here.
    Unknown,
    /// It would take too much work.
    Costly,
}

impl Closed {
    /// As an error about `what`.
    pub(super) fn error(self, what: &str, given: bool) -> Error {
        let convert = "Convert it with OpenSSL: openssl pkcs12 -in app.pfx -nodes -out app.pem, or \
                       openssl pkcs8 -in key.pem -out plain.pem for a key alone.";
        match self {
            Closed::Malformed => unusable(format!("{what} cannot be read")).advise(convert),
            Closed::Password if given => unusable(format!("The password of {what} is wrong")),
            Closed::Password => {
                unusable(format!("{what} is encrypted and no password is given")).advise("Give its password.")
            }
            Closed::Unknown => Error::new(
                ErrorKind::Unsupported,
                format!("{what} is encrypted in a way that is not supported"),
            )
            .advise(convert),
            Closed::Costly => unusable(format!(
                "{what} asks for more than {MOST_ITERATIONS} iterations to be opened"
            ))
            .advise("Do not use this file unless you know where it comes from."),
        }
    }
}

/// About two seconds of work. OpenSSL and Windows write 2,048 iterations for each of three steps; who follows today's
/// advice for passwords writes 600,000.
const MOST_ITERATIONS: u32 = 2_000_000;

/// What opening one file may still cost.
pub(super) struct Budget(u32);

impl Budget {
    pub(super) fn new() -> Self {
        Self(MOST_ITERATIONS)
    }

    fn spend(&mut self, iterations: u32, blocks: usize) -> Result<(), Closed> {
        let cost = u32::try_from(blocks)
            .ok()
            .and_then(|blocks| iterations.checked_mul(blocks.max(1)));
        self.0 = cost
            .and_then(|cost| self.0.checked_sub(cost))
            .ok_or(Closed::Costly)?;
        Ok(())
    }
}

/// Opens an encrypted private key (PKCS #8).
pub(super) fn open_pkcs8(key: &[u8], password: &Sensitive) -> Result<Sensitive, Error> {
    let opened = match Der::whole_sequence(key) {
        Some(der) => open(der, &Password::new(password)?, &mut Budget::new()),
        None => Err(Closed::Malformed),
    };
    opened.map_err(|why| why.error("the private key", true))
}

/// Opens an `EncryptedPrivateKeyInfo`.
pub(super) fn open(mut info: Der<'_>, password: &Password, budget: &mut Budget) -> Result<Sensitive, Closed> {
    let algorithm = info.sequence().ok_or(Closed::Malformed)?;
    let content = info.take(OCTET_STRING).ok_or(Closed::Malformed)?;
    decrypt(algorithm, content, password, budget)
}

/// A password in the spellings that the schemes want.
pub(super) struct Password {
    utf8: Sensitive,
    /// UTF-16, big-endian, with an end mark; or nothing at all, where there is no password.
    bmp: Zeroizing<Vec<u8>>,
}

impl Password {
    pub(super) fn new(password: &Sensitive) -> Result<Self, Error> {
        let text = password
            .expose_str()
            .ok_or_else(|| unusable("The password is no text in UTF-8"))?;
        let mut bmp = Zeroizing::new(Vec::with_capacity(2 * text.len() + 2));
        bmp.extend(text.encode_utf16().chain([0]).flat_map(u16::to_be_bytes));
        Ok(Self {
            utf8: password.clone(),
            bmp,
        })
    }

    /// No password, which is not the same as an empty one.
    pub(super) fn none() -> Self {
        Self {
            utf8: Sensitive::default(),
            bmp: Zeroizing::default(),
        }
    }
}

const PBES2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d";
const PBKDF2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c";
const HMAC_WITH: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02";
const DES_EDE3_CBC: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x03\x07";
const AES: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01";
const PKCS12_PBE: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01";
const SHA1: &[u8] = b"\x2b\x0e\x03\x02\x1a";
const SHA2: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02";

/// The one byte by which an identifier is longer than `prefix`.
fn last_of(identifier: &[u8], prefix: &[u8]) -> Option<u8> {
    match identifier.strip_prefix(prefix)? {
        [last] => Some(*last),
        _ => None,
    }
}

/// Decrypts by an `AlgorithmIdentifier`.
pub(super) fn decrypt(
    mut algorithm: Der<'_>,
    content: &[u8],
    password: &Password,
    budget: &mut Budget,
) -> Result<Sensitive, Closed> {
    let scheme = algorithm.take(OBJECT_IDENTIFIER).ok_or(Closed::Malformed)?;
    let parameters = algorithm.sequence().ok_or(Closed::Malformed)?;
    if scheme == PBES2 {
        return pbes2(parameters, content, password, budget);
    }
    let (cipher, length, iv) = match last_of(scheme, PKCS12_PBE) {
        Some(3) => (Cipher::TripleDes, 24, 8),
        Some(4) => (Cipher::TripleDes, 16, 8),
        Some(5) => (Cipher::Rc2, 16, 8),
        Some(6) => (Cipher::Rc2, 5, 8),
        _ => return Err(Closed::Unknown),
    };
    let (salt, iterations) = salt_and_iterations(parameters).ok_or(Closed::Malformed)?;
    let mut derive = |id, length| pkcs12_kdf::<Sha1>(id, &password.bmp, salt, iterations, length, budget);
    let (mut key, iv) = (derive(1, length)?, derive(2, iv)?);
    if (cipher, length) == (Cipher::TripleDes, 16) {
        let first = Zeroizing::new(key[..8].to_vec());
        let two = std::mem::replace(&mut key, Zeroizing::new(Vec::with_capacity(24)));
        key.extend_from_slice(&two);
        key.extend_from_slice(&first);
    }
    cipher.decrypt(&key, &iv, content)
}

fn pbes2(
    mut parameters: Der<'_>,
    content: &[u8],
    password: &Password,
    budget: &mut Budget,
) -> Result<Sensitive, Closed> {
    let mut parts = || {
        let (mut derivation, mut encryption) = (parameters.sequence()?, parameters.sequence()?);
        let (kdf, kdf_parameters) = (derivation.take(OBJECT_IDENTIFIER)?, derivation.sequence()?);
        Some((
            kdf,
            kdf_parameters,
            encryption.take(OBJECT_IDENTIFIER)?,
            encryption.take(OCTET_STRING),
        ))
    };
    let (kdf, mut kdf_parameters, cipher, iv) = parts().ok_or(Closed::Malformed)?;
    let (cipher, length) = match (cipher, last_of(cipher, AES)) {
        (_, Some(0x02)) => (Cipher::Aes, 16),
        (_, Some(0x16)) => (Cipher::Aes, 24),
        (_, Some(0x2a)) => (Cipher::Aes, 32),
        (DES_EDE3_CBC, _) => (Cipher::TripleDes, 24),
        _ => return Err(Closed::Unknown),
    };
    if kdf != PBKDF2 {
        return Err(Closed::Unknown);
    }
    let salt = kdf_parameters.take(OCTET_STRING).ok_or(Closed::Malformed)?;
    let iterations = number(kdf_parameters.unsigned()).ok_or(Closed::Malformed)?;
    // The key's length may stand there; the cipher tells it too.
    let _ = kdf_parameters.unsigned();
    let hash = match kdf_parameters.sequence() {
        None => 7,
        Some(mut prf) => prf
            .take(OBJECT_IDENTIFIER)
            .and_then(|identifier| last_of(identifier, HMAC_WITH))
            .ok_or(Closed::Unknown)?,
    };
    let mut key = Zeroizing::new(vec![0; length]);
    let (derive, size): (Derive, usize) = match hash {
        7 => (pbkdf2_hmac::<Sha1>, 20),
        9 => (pbkdf2_hmac::<Sha256>, 32),
        10 => (pbkdf2_hmac::<Sha384>, 48),
        11 => (pbkdf2_hmac::<Sha512>, 64),
        _ => return Err(Closed::Unknown),
    };
    budget.spend(iterations, length.div_ceil(size))?;
    derive(password.utf8.expose(), salt, iterations, &mut key);
    cipher.decrypt(&key, iv.ok_or(Closed::Malformed)?, content)
}

/// Password, salt, iterations, and the key to be made.
type Derive = fn(&[u8], &[u8], u32, &mut [u8]);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cipher {
    Aes,
    TripleDes,
    Rc2,
}

impl Cipher {
    fn decrypt(self, key: &[u8], iv: &[u8], content: &[u8]) -> Result<Sensitive, Closed> {
        match (self, key.len()) {
            (Cipher::Aes, 16) => cbc(Aes128::new_from_slice(key), iv, content),
            (Cipher::Aes, 24) => cbc(Aes192::new_from_slice(key), iv, content),
            (Cipher::Aes, _) => cbc(Aes256::new_from_slice(key), iv, content),
            (Cipher::TripleDes, _) => cbc(TdesEde3::new_from_slice(key), iv, content),
            (Cipher::Rc2, length) => cbc(
                Ok::<_, ()>(Rc2::new_with_eff_key_len(key, 8 * length)),
                iv,
                content,
            ),
        }
    }
}

fn cbc<C: BlockCipherDecrypt + BlockSizeUser, E>(
    cipher: Result<C, E>,
    iv: &[u8],
    content: &[u8],
) -> Result<Sensitive, Closed> {
    let cipher = cipher.map_err(|_| Closed::Malformed)?;
    let mode = Decryptor::inner_iv_slice_init(cipher, iv).map_err(|_| Closed::Malformed)?;
    let mut bytes = Zeroizing::new(content.to_vec());
    // Padding that does not fit is what a wrong key leaves.
    let length = mode
        .decrypt_padded::<Pkcs7>(&mut bytes)
        .map_err(|_| Closed::Password)?
        .len();
    bytes.truncate(length);
    Ok(std::mem::take(&mut *bytes).into())
}

/// Whether the code over `content` that a PKCS #12 file carries is right (RFC 7292 section 5.1).
pub(super) fn check_mac(
    mut mac: Der<'_>,
    content: &[u8],
    password: &Password,
    budget: &mut Budget,
) -> Result<(), Closed> {
    let mut parts = || {
        let mut info = mac.sequence()?;
        let hash = info.sequence()?.take(OBJECT_IDENTIFIER)?;
        let digest = info.take(OCTET_STRING)?;
        let salt = mac.take(OCTET_STRING)?;
        let iterations = if mac.is_empty() {
            Some(1)
        } else {
            number(mac.unsigned())
        };
        Some((hash, digest, salt, iterations?))
    };
    let (hash, digest, salt, iterations) = parts().ok_or(Closed::Malformed)?;
    let check = match (hash, last_of(hash, SHA2)) {
        (SHA1, _) => mac_fits::<Sha1>,
        (_, Some(1)) => mac_fits::<Sha256>,
        (_, Some(2)) => mac_fits::<Sha384>,
        (_, Some(3)) => mac_fits::<Sha512>,
        _ => return Err(Closed::Unknown),
    };
    check(digest, content, &password.bmp, salt, iterations, budget)
}

fn mac_fits<D: Digest + EagerHash + BlockSizeUser>(
    digest: &[u8],
    content: &[u8],
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    budget: &mut Budget,
) -> Result<(), Closed> {
    let key = pkcs12_kdf::<D>(
        3,
        password,
        salt,
        iterations,
        <D as Digest>::output_size(),
        budget,
    )?;
    let mut mac = <Hmac<D> as KeyInit>::new_from_slice(&key).map_err(|_| Closed::Malformed)?;
    Mac::update(&mut mac, content);
    mac.verify_slice(digest).map_err(|_| Closed::Password)
}

/// Makes a key of a password (RFC 7292 appendix B.2). `id` says what for: 1 a key, 2 an initial vector, 3 a code.
fn pkcs12_kdf<D: Digest + BlockSizeUser>(
    id: u8,
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    length: usize,
    budget: &mut Budget,
) -> Result<Zeroizing<Vec<u8>>, Closed> {
    budget.spend(iterations, length.div_ceil(<D as Digest>::output_size()))?;
    let size = D::block_size();
    let fill = |bytes: &[u8]| bytes.len().div_ceil(size) * size;
    // Salt and password, each repeated until it fills whole blocks.
    let mut input = Zeroizing::new(Vec::with_capacity(fill(salt) + fill(password)));
    input.extend(salt.iter().cycle().take(fill(salt)));
    input.extend(password.iter().cycle().take(fill(password)));
    let mut key = Zeroizing::new(Vec::with_capacity(length));
    loop {
        let mut hash = D::new()
            .chain_update(vec![id; size])
            .chain_update(&*input)
            .finalize();
        for _ in 1..iterations {
            hash = D::digest(&hash);
        }
        let wanted = (length - key.len()).min(hash.len());
        key.extend_from_slice(&hash[..wanted]);
        if key.len() == length {
            hash.zeroize();
            return Ok(key);
        }
        // Every block of the input grows by the hash, repeated, and one.
        for block in input.chunks_mut(size) {
            let mut carry = 1;
            for (byte, added) in block
                .iter_mut()
                .rev()
                .zip((0..size).rev().map(|at| hash[at % hash.len()]))
            {
                carry += u16::from(*byte) + u16::from(added);
                *byte = carry as u8;
                carry >>= 8;
            }
        }
    }
}

fn salt_and_iterations(mut parameters: Der<'_>) -> Option<(&[u8], u32)> {
    Some((parameters.take(OCTET_STRING)?, number(parameters.unsigned())?))
}

/// A number of iterations: at least one. One that no `u32` holds counts as the largest, which no budget allows.
fn number(bytes: Option<&[u8]>) -> Option<u32> {
    let bytes = bytes.filter(|bytes| !bytes.is_empty())?;
    if bytes.len() > 4 {
        return Some(u32::MAX);
    }
    Some(bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}
