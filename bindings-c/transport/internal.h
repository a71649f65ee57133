/* What the transport's files share with each other and with nobody else. */
#ifndef NIGHTLATCH_CURL_INTERNAL_H
#define NIGHTLATCH_CURL_INTERNAL_H

#include "nightlatch_curl.h"

#include <curl/curl.h>
#include <unistd.h>

#if defined(__GNUC__)
#define HIDDEN __attribute__((visibility("hidden")))
#else
#define HIDDEN
#endif

/* More idle handles than a process usually talks at once. */
enum { MOST_IDLE = 32 };

struct nightlatch_curl {
    CURL *idle[MOST_IDLE];
    int idle_count;
    pid_t owner; /* of the idle handles: connections of a parent process are not ours */
    char *ca_file;
    long connect_timeout_ms;
};

struct nightlatch_curl_exchange {
    nightlatch_curl *transport;
    nightlatch_outcome *outcome;
    CURL *easy;
    pid_t owner; /* of the handle */
    struct curl_slist *headers;
    struct curl_slist *detour; /* where a server is that goes by another name */
    bool refused;              /* the outcome took no more of the answer, and says why */
    const char *url;           /* lent by the effect */
    const unsigned char *pin;  /* SHA-1 of the one certificate to accept; lent by the effect */
    char words[CURL_ERROR_SIZE];
};

/* Whom an exchange trusts, and how TLS is spoken. False: that cannot be done here, and the outcome says why. */
HIDDEN bool nightlatch_curl_trust(nightlatch_curl_exchange *exchange, const nightlatch_effect *effect);

#endif
