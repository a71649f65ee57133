/* TLS: how it is spoken, and whom an exchange trusts. */
#define _GNU_SOURCE
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * OpenSSL keeps what it decrypted in its buffers, unless told otherwise; and libcurl itself cannot pin a certificate by its
 * hash. Both are done by OpenSSL's own functions, which are found in the process if libcurl uses it.
 */
enum { SHA_ONE_SIZE = 20 };

#if defined(__GNUC__)
extern uint64_t SSL_CTX_set_options(void *context, uint64_t options) __attribute__((weak));
extern void SSL_CTX_set_cert_verify_callback(void *context, int (*verify)(void *store, void *user), void *user)
    __attribute__((weak));
extern void *X509_STORE_CTX_get0_cert(const void *store) __attribute__((weak));
extern void X509_STORE_CTX_set_error(void *store, int error) __attribute__((weak));
extern const void *EVP_sha1(void) __attribute__((weak));
extern int X509_digest(const void *certificate, const void *type, unsigned char *digest, unsigned *len)
    __attribute__((weak));

/* In place of OpenSSL's own look at the certificate: only its hash counts, and nothing is sent before. */
static int verify_pin(void *store, void *user)
{
    const int accepted = 0, rejected = 28; /* X509_V_OK, X509_V_ERR_CERT_REJECTED */
    const nightlatch_curl_exchange *exchange = user;
    unsigned char digest[64]; /* EVP_MAX_MD_SIZE */
    unsigned len = 0;
    const void *certificate = X509_STORE_CTX_get0_cert(store);
    bool same = certificate != NULL && X509_digest(certificate, EVP_sha1(), digest, &len) == 1 && len == SHA_ONE_SIZE &&
                memcmp(digest, exchange->pin, SHA_ONE_SIZE) == 0;
    X509_STORE_CTX_set_error(store, same ? accepted : rejected);
    return same;
}

static CURLcode set_up_tls(CURL *easy, void *context, void *user)
{
    const uint64_t cleanse_plaintext = 1U << 1; /* SSL_OP_CLEANSE_PLAINTEXT of OpenSSL 3 */
    nightlatch_curl_exchange *exchange = user;
    (void)easy;
    SSL_CTX_set_options(context, cleanse_plaintext);
    if (exchange->pin != NULL)
        SSL_CTX_set_cert_verify_callback(context, verify_pin, exchange);
    return CURLE_OK;
}

static bool can_set_up_tls(void)
{
    const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;
    return library != NULL && strncmp(library, "OpenSSL/3", 9) == 0 && SSL_CTX_set_options != NULL;
}

static bool can_pin(void)
{
    return can_set_up_tls() && SSL_CTX_set_cert_verify_callback != NULL && X509_STORE_CTX_get0_cert != NULL &&
           X509_STORE_CTX_set_error != NULL && EVP_sha1 != NULL && X509_digest != NULL;
}
#else
static bool can_pin(void)
{
    return false;
}
#endif

/* TLS 1.2 or newer, and the network's certificate authorities: the transport's own file, else the environment's, else the system's. */
static void trust_the_network(nightlatch_curl_exchange *exchange)
{
    CURL *easy = exchange->easy;
    const char *own = exchange->transport->ca_file;
    const char *file = own != NULL ? own : getenv("SSL_CERT_FILE"), *folder = own != NULL ? NULL : getenv("SSL_CERT_DIR");
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (file != NULL && *file != '\0')
        curl_easy_setopt(easy, CURLOPT_CAINFO, file);
    if (folder != NULL && *folder != '\0')
        curl_easy_setopt(easy, CURLOPT_CAPATH, folder);
}

/*
 * Speaks to a server under another name than the URL's: TLS asks for it and checks it, while the connection goes to the
 * URL's host and the request names that.
 */
static CURLcode set_server_name(nightlatch_curl_exchange *exchange, const char *name)
{
    CURLU *url = curl_url();
    char *host = NULL, *port = NULL, *named = NULL;
    char line[1024];
    CURLcode result = CURLE_URL_MALFORMAT;
    if (url != NULL && curl_url_set(url, CURLUPART_URL, exchange->url, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
        curl_url_set(url, CURLUPART_HOST, name, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_URL, &named, 0) == CURLUE_OK) {
        int len = snprintf(line, sizeof line, "%s:%s:%s:%s", name, port, host, port);
        if (len > 0 && (size_t)len < sizeof line) {
            exchange->detour = curl_slist_append(NULL, line);
            snprintf(line, sizeof line, "Host: %s:%s", host, port);
            struct curl_slist *more = curl_slist_append(exchange->headers, line);
            if (more != NULL)
                exchange->headers = more;
            result = more != NULL && exchange->detour != NULL ? CURLE_OK : CURLE_OUT_OF_MEMORY;
        }
    }
    if (result == CURLE_OK)
        result = curl_easy_setopt(exchange->easy, CURLOPT_URL, named);
    if (result == CURLE_OK)
        result = curl_easy_setopt(exchange->easy, CURLOPT_CONNECT_TO, exchange->detour);
    curl_free(host), curl_free(port), curl_free(named);
    curl_url_cleanup(url);
    return result;
}

/* Whom the effect trusts, if not whom the network trusts. False: that cannot be done here, and the outcome says why. */
static bool trust_as_told(nightlatch_curl_exchange *exchange, const nightlatch_effect *effect)
{
    size_t pin_len, roots_len;
    const char *pin = nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_PIN, &pin_len);
    const char *roots = nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_ROOTS, &roots_len);
    const char *name = nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_SERVER_NAME, NULL);
    const char *why = NULL;
    if (pin == NULL && roots == NULL)
        return true;
    /* A connection is trusted for this effect alone: neither it nor its session serves another. */
    CURL *easy = exchange->easy;
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    if (strncasecmp(exchange->url, "https:", 6) != 0) {
        why = "a server that is to be known by its certificate must be spoken to by https";
    } else if (pin != NULL) {
        exchange->pin = (const unsigned char *)pin;
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
        if (pin_len != SHA_ONE_SIZE || !can_pin())
            why = "libcurl's TLS library cannot know a server by its certificate's SHA-1: libcurl with OpenSSL 3 can";
    } else {
#if LIBCURL_VERSION_NUM >= 0x074d00
        struct curl_blob blob = { (void *)(uintptr_t)roots, roots_len, CURL_BLOB_COPY };
        if (curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob) != CURLE_OK ||
            curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) != CURLE_OK)
            why = "libcurl's TLS library cannot take certificates from memory";
#else
        why = "libcurl is too old to take certificates from memory: 7.77.0 can";
#endif
        if (why == NULL && name != NULL && set_server_name(exchange, name) != CURLE_OK)
            why = "the server cannot be spoken to under another name";
    }
    if (why != NULL)
        (void)nightlatch_outcome_fail(exchange->outcome, NIGHTLATCH_FAULT_TLS, NIGHTLATCH_TEXT(why));
    return why == NULL;
}

bool nightlatch_curl_trust(nightlatch_curl_exchange *exchange, const nightlatch_effect *effect)
{
    trust_the_network(exchange);
#if defined(__GNUC__)
    if (can_set_up_tls()) {
        curl_easy_setopt(exchange->easy, CURLOPT_SSL_CTX_FUNCTION, set_up_tls);
        curl_easy_setopt(exchange->easy, CURLOPT_SSL_CTX_DATA, exchange);
    }
#endif
    return trust_as_told(exchange, effect);
}
