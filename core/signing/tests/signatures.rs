//! Signatures, verified by the other half of the same library and compared with what OpenSSL made of the same key.

use nightlatch_core::effect::{Algorithm, FaultKind};
use nightlatch_signing::sign;
use ring::signature::{
    KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey,
    VerificationAlgorithm,
};

const KEY: &[u8] = include_bytes!("data/key.pk8");
/// By `openssl dgst -sha256 -sign`; PKCS #1 v1.5 knows no chance, so it must come out to the byte.
const RS256_OF_OPENSSL: &[u8] = include_bytes!("data/message.rs256");
const MESSAGE: &[u8] = b"eyJhbGciOiJQUzI1NiJ9.eyJqdGkiOiIxIn0";

fn verifies(by: &'static dyn VerificationAlgorithm, message: &[u8], signature: &[u8]) -> bool {
    let pair = RsaKeyPair::from_pkcs8(KEY).unwrap();
    UnparsedPublicKey::new(by, pair.public_key().as_ref())
        .verify(message, signature)
        .is_ok()
}

#[test]
fn ps256_verifies_and_differs_each_time() {
    let [first, second] = [(); 2].map(|()| sign(KEY, Algorithm::Ps256, MESSAGE).unwrap());
    assert_ne!(first, second, "the salt is random");
    for signature in [&first, &second] {
        assert_eq!(signature.len(), 256);
        assert!(verifies(&RSA_PSS_2048_8192_SHA256, MESSAGE, signature));
        assert!(!verifies(&RSA_PSS_2048_8192_SHA256, b"something else", signature));
        assert!(!verifies(&RSA_PKCS1_2048_8192_SHA256, MESSAGE, signature));
    }
}

#[test]
fn rs256_is_what_openssl_makes() {
    let signature = sign(KEY, Algorithm::Rs256, MESSAGE).unwrap();
    assert_eq!(signature, RS256_OF_OPENSSL);
    assert!(verifies(&RSA_PKCS1_2048_8192_SHA256, MESSAGE, &signature));
}

#[test]
fn what_is_no_usable_key_is_told() {
    for bad in [&b""[..], b"not a key", &KEY[..KEY.len() - 1]] {
        let fault = sign(bad, Algorithm::Ps256, MESSAGE).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Other);
        assert!(fault.detail.contains("2,048"), "{fault}");
    }
}
