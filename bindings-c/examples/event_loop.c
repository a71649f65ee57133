/*
 * The second door: a program with its own event loop, here poll(2) around libcurl's multi interface.
 * event_loop VAULT_URL NAME... gets all the secrets at once, in one thread.
 *
 * libcurl says which sockets to watch and how long to wait at most; the engine says when its next deadline is.
 */
#include <curl/curl.h>
#include <nightlatch_curl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_SOCKETS = 64 };

/* An effect under way: the output that lent it must live as long. */
struct exchange {
    struct exchange *next;
    nightlatch_output *output;
    nightlatch_outcome *outcome;
    nightlatch_curl_exchange *curl;
};

static nightlatch_engine *engine;
static nightlatch_curl *transport;
static CURLM *multi;
static struct exchange *under_way;
static struct pollfd sockets[MOST_SOCKETS];
static nfds_t socket_count;
static uint64_t curl_due = UINT64_MAX;
static int waiting, failed;

static uint64_t monotonic(void)
{
    uint64_t now;
    nightlatch_now(&now, NULL);
    return now;
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *user, void *socket_user)
{
    nfds_t i = 0;
    (void)easy, (void)user, (void)socket_user;
    while (i < socket_count && sockets[i].fd != socket)
        i++;
    if (what == CURL_POLL_REMOVE) {
        if (i < socket_count)
            sockets[i] = sockets[--socket_count];
        return 0;
    }
    if (i == MOST_SOCKETS)
        return -1;
    if (i == socket_count)
        socket_count++;
    sockets[i].fd = socket;
    sockets[i].events = (short)((what & CURL_POLL_IN ? POLLIN : 0) | (what & CURL_POLL_OUT ? POLLOUT : 0));
    sockets[i].revents = 0;
    return 0;
}

static int on_timer(CURLM *of, long timeout_ms, void *user)
{
    (void)of, (void)user;
    curl_due = timeout_ms < 0 ? UINT64_MAX : monotonic() + (uint64_t)timeout_ms;
    return 0;
}

/* Answers an effect and forgets it. */
static void complete(struct exchange *exchange)
{
    uint64_t now;
    int64_t unix_ms;
    struct exchange **place = &under_way;
    while (*place != exchange)
        place = &(*place)->next;
    *place = exchange->next;
    nightlatch_now(&now, &unix_ms);
    (void)nightlatch_engine_complete(engine, nightlatch_output_effect_id(exchange->output), exchange->outcome, now, unix_ms);
    nightlatch_outcome_free(exchange->outcome);
    nightlatch_output_free(exchange->output);
    free(exchange);
}

static void end_exchange(struct exchange *exchange, CURLcode result)
{
    curl_multi_remove_handle(multi, nightlatch_curl_easy(exchange->curl));
    nightlatch_curl_finish(exchange->curl, (int)result);
    complete(exchange);
}

/* Begins an effect. HTTP goes on beside others; all else is done by the library's own means, at once. */
static void perform(nightlatch_output *output)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL)
        abort();
    exchange->output = output;
    exchange->outcome = nightlatch_outcome_new();
    exchange->next = under_way;
    under_way = exchange;
    const nightlatch_effect *effect = nightlatch_output_effect(output);
    if (nightlatch_effect_kind_of(effect) == NIGHTLATCH_EFFECT_HTTP)
        exchange->curl = nightlatch_curl_begin(transport, effect, exchange->outcome);
    else
        (void)nightlatch_effect_perform(effect, exchange->outcome);
    if (exchange->curl == NULL) {
        complete(exchange);
        return;
    }
    CURL *easy = nightlatch_curl_easy(exchange->curl);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
    curl_multi_add_handle(multi, easy);
}

static void finished(const nightlatch_output *output)
{
    nightlatch_secret *secret = nightlatch_reply_secret(nightlatch_output_reply(output));
    waiting--;
    if (secret != NULL) {
        printf("%s = %s\n", nightlatch_secret_text(secret, NIGHTLATCH_SECRET_NAME, NULL), nightlatch_secret_value(secret, NULL));
    } else {
        failed = 1;
        fprintf(stderr, "%s\n", nightlatch_error_text(nightlatch_output_error(output), NIGHTLATCH_ERROR_DESCRIPTION, NULL));
    }
    nightlatch_secret_free(secret);
}

static void abort_effect(uint64_t effect)
{
    for (struct exchange *exchange = under_way; exchange != NULL; exchange = exchange->next)
        if (nightlatch_output_effect_id(exchange->output) == effect) {
            end_exchange(exchange, CURLE_ABORTED_BY_CALLBACK);
            return;
        }
}

static void drain(void)
{
    nightlatch_output *output;
    while ((output = nightlatch_engine_poll_output(engine)) != NULL) {
        switch (nightlatch_output_kind_of(output)) {
        case NIGHTLATCH_OUTPUT_PERFORM:
            perform(output);
            continue; /* it lives on in its exchange */
        case NIGHTLATCH_OUTPUT_ABORT:
            abort_effect(nightlatch_output_effect_id(output));
            break;
        case NIGHTLATCH_OUTPUT_FINISHED:
            finished(output);
            break;
        default: /* events, and what is newer than this program */
            break;
        }
        nightlatch_output_free(output);
    }
}

/* Hands ended exchanges to the engine. */
static void reap(void)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
        struct exchange *exchange = NULL;
        CURLcode result = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&exchange);
        end_exchange(exchange, result);
        drain();
    }
}

static void turn(void)
{
    uint64_t now = monotonic(), engine_due = UINT64_MAX, due;
    int running;
    (void)nightlatch_engine_poll_timeout(engine, &engine_due);
    due = engine_due < curl_due ? engine_due : curl_due;
    int wait = due <= now ? 0 : due - now > 60000 ? 60000 : (int)(due - now);
    int ready = poll(sockets, socket_count, wait);
    struct pollfd seen[MOST_SOCKETS];
    nfds_t count = socket_count; /* libcurl changes the list while it works */
    memcpy(seen, sockets, sizeof seen);
    for (nfds_t i = 0; ready > 0 && i < count; i++)
        if (seen[i].revents != 0)
            curl_multi_socket_action(multi, seen[i].fd,
                                     (seen[i].revents & (POLLIN | POLLHUP) ? CURL_CSELECT_IN : 0) |
                                         (seen[i].revents & POLLOUT ? CURL_CSELECT_OUT : 0) |
                                         (seen[i].revents & POLLERR ? CURL_CSELECT_ERR : 0),
                                     &running);
    now = monotonic();
    if (curl_due <= now) {
        curl_due = UINT64_MAX;
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    reap();
    if (engine_due <= now) {
        int64_t unix_ms;
        nightlatch_now(&now, &unix_ms);
        (void)nightlatch_engine_handle_timeout(engine, now, unix_ms);
        drain();
    }
}

static void start(const char *vault, const char *name)
{
    uint64_t now, number;
    int64_t unix_ms;
    nightlatch_error *error = NULL;
    nightlatch_operation *operation = nightlatch_operation_new(NIGHTLATCH_TEXT("get_secret"));
    (void)nightlatch_operation_set_text(operation, NIGHTLATCH_TEXT("vault"), NIGHTLATCH_TEXT(vault));
    (void)nightlatch_operation_set_text(operation, NIGHTLATCH_TEXT("name"), NIGHTLATCH_TEXT(name));
    nightlatch_now(&now, &unix_ms);
    if (nightlatch_engine_start(engine, operation, now, unix_ms, &number, &error) == NIGHTLATCH_OK) {
        waiting++;
        drain();
    } else {
        failed = 1;
        fprintf(stderr, "%s\n", nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL));
        nightlatch_error_free(error);
    }
    nightlatch_operation_free(operation);
}

int main(int argc, char **argv)
{
    nightlatch_error *error = NULL;
    transport = nightlatch_curl_new();
    multi = curl_multi_init();
    if (argc < 3 || transport == NULL || multi == NULL || nightlatch_engine_new(NULL, &engine, &error) != NIGHTLATCH_OK) {
        fprintf(stderr, "%s\n", error ? nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL) : "usage: event_loop VAULT_URL NAME...");
        return 1;
    }
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    for (int i = 2; i < argc; i++)
        start(argv[1], argv[i]);
    while (waiting > 0)
        turn();
    while (under_way != NULL)
        end_exchange(under_way, CURLE_ABORTED_BY_CALLBACK);
    nightlatch_engine_free(engine);
    curl_multi_cleanup(multi);
    nightlatch_curl_free(transport);
    return failed;
}
