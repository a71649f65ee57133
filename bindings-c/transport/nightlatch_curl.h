/*
 * nightlatch_curl: HTTP for nightlatch by libcurl.
 *
 * TLS 1.2 or newer with certificates checked, no redirects, connections kept open between exchanges, proxies from the
 * environment (HTTPS_PROXY, NO_PROXY and kin) but none for identity endpoints. Servers that are known by the SHA-1 of
 * their certificate (Service Fabric) need a libcurl with OpenSSL 3. The conventions of nightlatch.h hold. A transport may be
 * used by any number of threads.
 */
#ifndef NIGHTLATCH_CURL_H
#define NIGHTLATCH_CURL_H

#include <nightlatch.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Easy handles of libcurl, pooled with their connections. */
typedef struct nightlatch_curl nightlatch_curl;

/* One exchange under way. */
typedef struct nightlatch_curl_exchange nightlatch_curl_exchange;

/*
 * The quickest way to a vault: a transport, a client (from a configuration; NULL: the default one) and a vault in one,
 * all freed by nightlatch_vault_free.
 */
nightlatch_status nightlatch_curl_open(const nightlatch_config *config,
                                       const char *vault_url, size_t vault_url_len,
                                       nightlatch_vault **vault, nightlatch_error **error);

/* The same without a vault: for several, and for references, which name theirs. Freed by nightlatch_client_free. */
nightlatch_status nightlatch_curl_open_client(const nightlatch_config *config,
                                              nightlatch_client **client, nightlatch_error **error);

/*
 * A transport; NULL if libcurl cannot be used. Free it with nightlatch_curl_free, after every client that uses it.
 *
 * The first transport of a process initialises libcurl, unless the program did, and has it wipe all memory it frees.
 */
nightlatch_curl *nightlatch_curl_new(void);

/* Closes all connections. NULL is ignored. */
void nightlatch_curl_free(nightlatch_curl *transport);

/*
 * Trusts the CA certificates of a PEM file and no others. Not called: those of SSL_CERT_FILE and SSL_CERT_DIR if set,
 * else the system's.
 */
nightlatch_status nightlatch_curl_set_ca_file(nightlatch_curl *transport, const char *path, size_t path_len);

/* Limits how long connecting may take; 0, the default: as long as the exchange. */
nightlatch_status nightlatch_curl_set_connect_timeout(nightlatch_curl *transport, uint64_t timeout_ms);

/* Puts the transport into a table of callbacks, as its `http` and `context`. */
nightlatch_status nightlatch_curl_attach(nightlatch_curl *transport, nightlatch_host *host);

/* Performs an HTTP effect: the callback `http` itself, for tables whose `context` is something else. `transport` is a
 * nightlatch_curl. */
void nightlatch_curl_perform(void *transport, const nightlatch_effect *effect, nightlatch_outcome *outcome);

/*
 * For event loops: readies an easy handle for an HTTP effect, to be added to a multi handle. Effect and outcome must
 * live until nightlatch_curl_finish. NULL: the outcome says why.
 */
nightlatch_curl_exchange *nightlatch_curl_begin(nightlatch_curl *transport, const nightlatch_effect *effect,
                                                nightlatch_outcome *outcome);

/* The CURL handle of an exchange. CURLOPT_PRIVATE is the program's. */
void *nightlatch_curl_easy(nightlatch_curl_exchange *exchange);

/*
 * Ends an exchange with libcurl's result (CURLcode), and completes its outcome. The easy handle, by now removed from its
 * multi handle, goes back to the pool. NULL is ignored.
 */
void nightlatch_curl_finish(nightlatch_curl_exchange *exchange, int result);

#ifdef __cplusplus
}
#endif

#endif
