/* See nightlatch_curl.h. */
#define _GNU_SOURCE
#include "internal.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* libcurl's memory holds tokens and secrets: all of it is wiped when it is freed. */

static void wiping_free(void *block)
{
    if (block != NULL)
        explicit_bzero(block, malloc_usable_size(block));
    free(block);
}

static void *wiping_realloc(void *block, size_t size)
{
    if (block == NULL)
        return malloc(size);
    size_t had = malloc_usable_size(block);
    void *larger = malloc(size);
    if (larger == NULL)
        return NULL;
    memcpy(larger, block, had < size ? had : size);
    wiping_free(block);
    return larger;
}

/* Guards the idle handles of all transports. A forked child finds it released, whoever held it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void take_lock(void)
{
    pthread_mutex_lock(&lock);
}

static void release_lock(void)
{
    pthread_mutex_unlock(&lock);
}

static CURLcode usable;

static void initialise(void)
{
    if (pthread_atfork(take_lock, release_lock, release_lock) != 0) {
        usable = CURLE_OUT_OF_MEMORY;
        return;
    }
    usable = curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wiping_free, wiping_realloc, strdup, calloc);
}

nightlatch_curl *nightlatch_curl_new(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, initialise);
    nightlatch_curl *transport = usable == CURLE_OK ? calloc(1, sizeof *transport) : NULL;
    if (transport == NULL)
        return NULL;
    transport->owner = getpid();
    return transport;
}

void nightlatch_curl_free(nightlatch_curl *transport)
{
    if (transport == NULL)
        return;
    /* In a forked child the parent's connections are left alone: closing them would be heard by the other side. */
    if (transport->owner == getpid())
        for (int i = 0; i < transport->idle_count; i++)
            curl_easy_cleanup(transport->idle[i]);
    free(transport->ca_file);
    free(transport);
}

nightlatch_status nightlatch_curl_set_ca_file(nightlatch_curl *transport, const char *path, size_t path_len)
{
    char *copy = transport != NULL && path != NULL ? strndup(path, path_len) : NULL;
    if (copy == NULL)
        return NIGHTLATCH_INVALID_ARGUMENT;
    free(transport->ca_file);
    transport->ca_file = copy;
    return NIGHTLATCH_OK;
}

nightlatch_status nightlatch_curl_set_connect_timeout(nightlatch_curl *transport, uint64_t timeout_ms)
{
    if (transport == NULL || timeout_ms > 86400000)
        return NIGHTLATCH_INVALID_ARGUMENT;
    transport->connect_timeout_ms = (long)timeout_ms;
    return NIGHTLATCH_OK;
}

nightlatch_status nightlatch_curl_attach(nightlatch_curl *transport, nightlatch_host *host)
{
    if (transport == NULL || host == NULL)
        return NIGHTLATCH_INVALID_ARGUMENT;
    host->context = transport;
    host->http = nightlatch_curl_perform;
    return NIGHTLATCH_OK;
}

static void release(void *transport)
{
    nightlatch_curl_free(transport);
}

nightlatch_status nightlatch_curl_open_client(const nightlatch_config *config,
                                              nightlatch_client **client, nightlatch_error **error)
{
    nightlatch_host host = NIGHTLATCH_HOST_INIT;
    nightlatch_curl *transport = nightlatch_curl_new();
    if (nightlatch_curl_attach(transport, &host) != NIGHTLATCH_OK)
        return NIGHTLATCH_UNSUPPORTED;
    host.release = release;
    nightlatch_status status = nightlatch_client_new(config, &host, client, error);
    if (status != NIGHTLATCH_OK)
        nightlatch_curl_free(transport);
    return status;
}

nightlatch_status nightlatch_curl_open(const nightlatch_config *config, const char *vault_url, size_t vault_url_len,
                                       nightlatch_vault **vault, nightlatch_error **error)
{
    nightlatch_client *client = NULL;
    nightlatch_status status = nightlatch_curl_open_client(config, &client, error);
    if (status != NIGHTLATCH_OK)
        return status;
    status = nightlatch_vault_new(client, vault_url, vault_url_len, vault, error);
    nightlatch_client_free(client);
    return status;
}

static CURL *take_handle(nightlatch_curl *transport)
{
    CURL *easy = NULL;
    take_lock();
    if (transport->owner != getpid()) {
        transport->owner = getpid();
        transport->idle_count = 0;
    }
    if (transport->idle_count > 0)
        easy = transport->idle[--transport->idle_count];
    release_lock();
    return easy != NULL ? easy : curl_easy_init();
}

static void give_handle_back(nightlatch_curl *transport, CURL *easy, pid_t owner)
{
    if (owner != getpid())
        return; /* taken before a fork: the parent's, and left alone */
    curl_easy_reset(easy); /* keeps connections */
    take_lock();
    if (transport->owner == owner && transport->idle_count < MOST_IDLE) {
        transport->idle[transport->idle_count++] = easy;
        easy = NULL;
    }
    release_lock();
    if (easy != NULL)
        curl_easy_cleanup(easy);
}

static size_t on_header(char *line, size_t one, size_t len, void *user)
{
    nightlatch_curl_exchange *exchange = user;
    size_t size = one * len, end = size;
    while (end > 0 && (line[end - 1] == '\n' || line[end - 1] == '\r' || line[end - 1] == ' '))
        end--;
    if (end > 9 && memcmp(line, "HTTP/", 5) == 0) {
        /* Also after an interim answer: then everything begins anew. */
        const char *blank = memchr(line, ' ', end);
        unsigned long status = blank != NULL ? strtoul(blank + 1, NULL, 10) : 0;
        return nightlatch_outcome_http(exchange->outcome, (uint32_t)status) == NIGHTLATCH_OK ? size : 0;
    }
    const char *colon = memchr(line, ':', end);
    if (colon != NULL) {
        size_t name_len = (size_t)(colon - line), at = name_len + 1;
        while (at < end && (line[at] == ' ' || line[at] == '\t'))
            at++;
        /* A header that is no text is left out. */
        (void)nightlatch_outcome_add_header(exchange->outcome, line, name_len, line + at, end - at);
    }
    return size;
}

static size_t on_body(char *data, size_t one, size_t len, void *user)
{
    nightlatch_curl_exchange *exchange = user;
    if (nightlatch_outcome_add_body(exchange->outcome, data, one * len) == NIGHTLATCH_OK)
        return one * len;
    exchange->refused = true;
    return 0;
}

static int on_progress(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    nightlatch_curl_exchange *exchange = user;
    (void)a, (void)b, (void)c, (void)d;
    return nightlatch_outcome_is_wanted(exchange->outcome) ? 0 : 1;
}

/* The request's headers, and those of libcurl's own that are not wanted. False: no memory. */
static bool add_headers(nightlatch_curl_exchange *exchange, const nightlatch_effect *effect)
{
    static const char *const unwanted[] = { "Expect:", "Accept:", "User-Agent:", "Content-Type:" };
    bool given[] = { false, false, false, false };
    size_t count = nightlatch_effect_count(effect, NIGHTLATCH_EFFECT_HEADERS);
    for (size_t i = 0; i < count; i++) {
        size_t name_len, value_len;
        const char *name = nightlatch_effect_item_name(effect, NIGHTLATCH_EFFECT_HEADERS, i, &name_len);
        const char *value = nightlatch_effect_item(effect, NIGHTLATCH_EFFECT_HEADERS, i, &value_len);
        for (size_t j = 0; j < sizeof given; j++)
            given[j] |= strncasecmp(unwanted[j], name, name_len) == 0 && unwanted[j][name_len] == ':';
        size_t size = name_len + value_len + 3;
        char *line = malloc(size);
        if (line == NULL)
            return false;
        /* libcurl's way to say a header without a value */
        snprintf(line, size, value_len > 0 ? "%s: %s" : "%s;%s", name, value);
        struct curl_slist *more = curl_slist_append(exchange->headers, line);
        explicit_bzero(line, size);
        free(line);
        if (more == NULL)
            return false;
        exchange->headers = more;
    }
    for (size_t j = 0; j < sizeof given; j++) {
        struct curl_slist *more = given[j] ? exchange->headers : curl_slist_append(exchange->headers, unwanted[j]);
        if (more == NULL)
            return false;
        exchange->headers = more;
    }
    return true;
}

static void set_request(CURL *easy, const nightlatch_effect *effect)
{
    size_t body_len;
    const char *method = nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_METHOD, NULL);
    const char *body = nightlatch_effect_body(effect, &body_len);
    curl_easy_setopt(easy, CURLOPT_URL, nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_URL, NULL));
    if (body_len > 0 || strcmp(method, "POST") == 0) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body_len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

static void set_rules(nightlatch_curl_exchange *exchange, const nightlatch_effect *effect)
{
    const nightlatch_curl *transport = exchange->transport;
    CURL *easy = exchange->easy;
    uint64_t timeout_ms = 30000, direct = 0;
    nightlatch_effect_number(effect, NIGHTLATCH_EFFECT_TIMEOUT_MS, &timeout_ms);
    nightlatch_effect_number(effect, NIGHTLATCH_EFFECT_DIRECT, &direct);
    long limit = timeout_ms == 0 ? 1 : timeout_ms > 86400000 ? 86400000 : (long)timeout_ms;
    long connect = transport->connect_timeout_ms;
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, limit);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect > 0 && connect < limit ? connect : limit);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http");
#else
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTPS | CURLPROTO_HTTP));
#endif
    if (direct != 0)
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
}

static void free_exchange(nightlatch_curl_exchange *exchange)
{
    curl_slist_free_all(exchange->detour);
    for (struct curl_slist *header = exchange->headers; header != NULL; header = header->next)
        explicit_bzero(header->data, strlen(header->data));
    curl_slist_free_all(exchange->headers);
    free(exchange);
}

nightlatch_curl_exchange *nightlatch_curl_begin(nightlatch_curl *transport, const nightlatch_effect *effect,
                                                nightlatch_outcome *outcome)
{
    if (transport == NULL || nightlatch_effect_kind_of(effect) != NIGHTLATCH_EFFECT_HTTP) {
        (void)nightlatch_outcome_fail(outcome, NIGHTLATCH_FAULT_UNSUPPORTED, NIGHTLATCH_NONE);
        return NULL;
    }
    nightlatch_curl_exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL || !add_headers(exchange, effect) || (exchange->easy = take_handle(transport)) == NULL) {
        if (exchange != NULL)
            free_exchange(exchange);
        (void)nightlatch_outcome_fail(outcome, NIGHTLATCH_FAULT_OTHER, NIGHTLATCH_TEXT("out of memory"));
        return NULL;
    }
    exchange->owner = getpid();
    exchange->transport = transport;
    exchange->outcome = outcome;
    CURL *easy = exchange->easy;
    exchange->url = nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_URL, NULL);
    set_request(easy, effect);
    set_rules(exchange, effect);
    if (!nightlatch_curl_trust(exchange, effect)) {
        give_handle_back(transport, easy, exchange->owner);
        free_exchange(exchange);
        return NULL;
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->headers);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->words);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, exchange);
    return exchange;
}

void *nightlatch_curl_easy(nightlatch_curl_exchange *exchange)
{
    return exchange != NULL ? exchange->easy : NULL;
}

static nightlatch_fault fault_of(CURL *easy, CURLcode result)
{
    long connect_status = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &connect_status);
    if (connect_status >= 300)
        return NIGHTLATCH_FAULT_PROXY;
    switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return NIGHTLATCH_FAULT_DNS;
    case CURLE_COULDNT_RESOLVE_PROXY:
#if LIBCURL_VERSION_NUM >= 0x074900
    case CURLE_PROXY:
#endif
        return NIGHTLATCH_FAULT_PROXY;
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
        return NIGHTLATCH_FAULT_CONNECT;
    case CURLE_OPERATION_TIMEDOUT:
        return NIGHTLATCH_FAULT_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_USE_SSL_FAILED:
        return NIGHTLATCH_FAULT_TLS;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: /* an answer that is no HTTP */
        return NIGHTLATCH_FAULT_CONNECTION_LOST;
    case CURLE_ABORTED_BY_CALLBACK:
        return NIGHTLATCH_FAULT_INTERRUPTED;
    default:
        return NIGHTLATCH_FAULT_OTHER;
    }
}

void nightlatch_curl_finish(nightlatch_curl_exchange *exchange, int result)
{
    if (exchange == NULL)
        return;
    if (result != CURLE_OK && !exchange->refused) {
        nightlatch_fault fault = fault_of(exchange->easy, (CURLcode)result);
        const char *words = *exchange->words != '\0' ? exchange->words : curl_easy_strerror((CURLcode)result);
        if (nightlatch_outcome_fail(exchange->outcome, fault, NIGHTLATCH_TEXT(words)) != NIGHTLATCH_OK)
            (void)nightlatch_outcome_fail(exchange->outcome, fault, NIGHTLATCH_NONE);
    }
    give_handle_back(exchange->transport, exchange->easy, exchange->owner);
    free_exchange(exchange);
}

void nightlatch_curl_perform(void *transport, const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    nightlatch_curl_exchange *exchange = nightlatch_curl_begin(transport, effect, outcome);
    if (exchange != NULL)
        nightlatch_curl_finish(exchange, (int)curl_easy_perform(exchange->easy));
}
