//! Answers [`Effect::Sign`](nightlatch_core::effect::Effect::Sign) for keys that stand in the engine's own effect.
//!
//! It is a crate of its own because the core has neither random numbers nor C code: native bindings share this one,
//! JavaScript has WebCrypto, and keys in hardware answer through their user's function.

#![forbid(unsafe_code)]

use nightlatch_core::effect::{Algorithm, Fault, FaultKind, Outcome};
#[cfg(feature = "encryption")]
use ring::rand::SecureRandom as _;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};

/// Signs `message` with an RSA key of 2,048 to 4,096 bits, given as PKCS #8 in DER. PS256 has a salt of 32 bytes.
pub fn sign(pkcs8: &[u8], algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, Fault> {
    let key = RsaKeyPair::from_pkcs8(pkcs8).map_err(|why| {
        let text = format!("the RSA key cannot be used: {why}; it must have 2,048 to 4,096 bits and an exponent of 65,537 or more");
        Fault::new(FaultKind::Other, text)
    })?;
    let padding: &dyn RsaEncoding = match algorithm {
        Algorithm::Ps256 => &RSA_PSS_SHA256,
        Algorithm::Rs256 => &RSA_PKCS1_SHA256,
    };
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(padding, &SystemRandom::new(), message, &mut signature)
        .map_err(|_| no_random_numbers())?;
    Ok(signature)
}

/// The same, as the answer to the effect.
pub fn answer(pkcs8: &[u8], algorithm: Algorithm, message: &[u8]) -> Outcome {
    match sign(pkcs8, algorithm, message) {
        Ok(signature) => Outcome::Signed(signature),
        Err(fault) => Outcome::Failed(fault),
    }
}

/// So many unpredictable bytes, as the answer to [`Effect::Random`](nightlatch_core::effect::Effect::Random).
#[cfg(feature = "encryption")]
pub fn random(length: usize) -> Outcome {
    let mut bytes = vec![0; length];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => Outcome::Random(bytes.into()),
        Err(_) => Outcome::Failed(no_random_numbers()),
    }
}

fn no_random_numbers() -> Fault {
    Fault::new(FaultKind::Other, "the operating system gave no random numbers")
}

/// Sixteen unpredictable bytes for [`Engine::new`](nightlatch_core::engine::Engine::new), for hosts whose language has no
/// source of them.
///
/// # Panics
///
/// The operating system gives none: nothing can go on safely.
pub fn seed() -> [u8; 16] {
    match ring::rand::generate(&SystemRandom::new()) {
        Ok(seed) => seed.expose(),
        Err(_) => panic!("the operating system gives no random numbers"),
    }
}
