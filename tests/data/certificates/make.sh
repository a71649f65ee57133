#!/usr/bin/env bash
# Made every file here, once, with OpenSSL 3.0; the keys are worth nothing. Running it again gives other keys, and so
# other thumbprints. The files whose name begins with `slow` ask for eight million iterations, which takes a while.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

key() { openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:$2" -out "$work/$1.key" 2>/dev/null; }
self() { openssl req -x509 -new -key "$work/$1.key" -subj "/CN=$2" -days 36500 -out "$work/$1.crt"; }
issued() { # issued NAME SUBJECT ISSUER
    openssl req -new -key "$work/$1.key" -subj "/CN=$2" |
        openssl x509 -req -CA "$work/$3.crt" -CAkey "$work/$3.key" -CAcreateserial -days 36500 -out "$work/$1.crt" 2>/dev/null
}

key root 2048; self root "Nightlatch Test Root"
key middle 2048; issued middle "Nightlatch Test Issuer" root
key app 2048; issued app "nightlatch.test" middle
key other 2048; self other "other.test"
key weak 1024; self weak "weak.test"
openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$work/ec.key"; self ec "ec.test"

cat "$work/app.crt" "$work/app.key" >app.pem
cp "$work/app.crt" certificate.pem
cp "$work/app.key" key.pem
openssl pkcs8 -topk8 -nocrypt -in "$work/app.key" -outform der -out key.pk8
cp "$work/other.key" other_key.pem
{ openssl rsa -in "$work/app.key" -traditional 2>/dev/null; cat "$work/app.crt"; } >pkcs1.pem
# In no order, as people paste it together, with a stranger among them.
cat "$work/root.crt" "$work/app.key" "$work/other.crt" "$work/app.crt" "$work/middle.crt" >chain.pem
cat "$work/ec.crt" "$work/ec.key" >ec.pem
cat "$work/weak.crt" "$work/weak.key" >weak.pem
openssl x509 -in "$work/app.crt" -outform der -out certificate.cer

encrypted() { { openssl pkcs8 -topk8 -in "$work/app.key" -passout pass:pass "${@:2}"; cat "$work/app.crt"; } >"$1"; }
encrypted pbes2_aes256.pem -v2 aes256
encrypted pbes2_aes128_sha512.pem -v2 aes128 -v2prf hmacWithSHA512
encrypted pbes2_3des_sha1.pem -v2 des3 -v2prf hmacWithSHA1
encrypted pkcs12_3des.pem -v1 PBE-SHA1-3DES
encrypted pkcs12_2des.pem -v1 PBE-SHA1-2DES
encrypted pkcs5_md5_des.pem -v1 PBE-MD5-DES -provider legacy -provider default
encrypted scrypt.pem -scrypt
# The password is a canary of tests/secrecy.rs.
encrypted password_of_secrecy.pem -v2 aes256 -iter 100 -passout 'pass:c1I8Q~eNt5sEcReT9kJhM3bVfD7sL2pO6iU0yT4rE.wQ_x'
encrypted slow.pem -v2 aes256 -iter 8388607
{ openssl rsa -in "$work/app.key" -traditional -aes128 -passout pass:pass 2>/dev/null; cat "$work/app.crt"; } >dek_info.pem

cat "$work/middle.crt" "$work/root.crt" >"$work/above.crt"
pfx() { openssl pkcs12 -export -inkey "$work/app.key" -in "$work/app.crt" -certfile "$work/above.crt" -out "$1" "${@:2}"; }
pfx modern.pfx -passout pass:pass
pfx legacy_rc2_40.pfx -passout pass:pass -legacy
pfx legacy_rc2_128.pfx -passout pass:pass -legacy -certpbe PBE-SHA1-RC2-128 -keypbe PBE-SHA1-2DES
pfx sha512.pfx -passout pass:pass -macalg sha512 -certpbe AES-128-CBC -keypbe AES-192-CBC
pfx unicode.pfx -passout "pass:pässwörd🔑" -legacy
pfx empty_password.pfx -passout pass: -legacy
pfx no_encryption.pfx -passout pass: -keypbe NONE -certpbe NONE -nomac
pfx slow_mac.pfx -passout pass:pass -keypbe NONE -certpbe NONE -iter 8388607
pfx slow_key.pfx -passout pass:pass -certpbe NONE -nomac -iter 8388607
openssl pkcs12 -export -nokeys -in "$work/app.crt" -passout pass:pass -out no_key.pfx

# OpenSSL's command cannot leave the password out, which is not the same as an empty one; its library can.
cat "$work/app.crt" "$work/app.key" | python3 -c '
import ctypes, sys, tempfile
crypto, pointer = ctypes.CDLL("libcrypto.so.3"), ctypes.c_void_p
for name in ("BIO_new_file", "PEM_read_bio_PrivateKey", "PEM_read_bio_X509", "PKCS12_create"):
    getattr(crypto, name).restype = pointer
pem = tempfile.NamedTemporaryFile()
pem.write(sys.stdin.buffer.read())
pem.flush()
read = lambda kind: pointer(kind(pointer(crypto.BIO_new_file(pem.name.encode(), b"r")), None, None, None))
key, certificate = read(crypto.PEM_read_bio_PrivateKey), read(crypto.PEM_read_bio_X509)
file = crypto.PKCS12_create(None, b"app", key, certificate, None, -1, -1, 2048, 2048, 0)
out = pointer(crypto.BIO_new_file(b"null_password.pfx", b"w"))
crypto.i2d_PKCS12_bio(out, pointer(file))
crypto.BIO_free(out)'
