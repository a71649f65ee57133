/* A table of callbacks: libcurl for HTTP, this program's own ears for events. callbacks VAULT_URL NAME */
#include <nightlatch_curl.h>
#include <stdio.h>

struct program {
    nightlatch_curl *transport;
    FILE *audit;
};

static void http(void *context, const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    nightlatch_curl_perform(((struct program *)context)->transport, effect, outcome);
}

/* Each event is one line of JSON, and holds no secret: fit for an audit log as it is. */
static void event(void *context, const char *json, size_t len)
{
    fprintf(((struct program *)context)->audit, "%.*s\n", (int)len, json);
}

int main(int argc, char **argv)
{
    struct program program = { nightlatch_curl_new(), stderr };
    nightlatch_host host = NIGHTLATCH_HOST_INIT;
    nightlatch_config *config = nightlatch_config_new();
    nightlatch_client *client = NULL;
    nightlatch_vault *vault = NULL;
    nightlatch_secret *secret = NULL;
    nightlatch_error *error = NULL;
    host.context = &program;
    host.http = http;
    host.event = event;
    if (argc == 3 && nightlatch_config_set_number(config, NIGHTLATCH_TEXT("cache.ttl"), 60) == NIGHTLATCH_OK &&
        nightlatch_client_new(config, &host, &client, &error) == NIGHTLATCH_OK &&
        nightlatch_vault_new(client, NIGHTLATCH_TEXT(argv[1]), &vault, &error) == NIGHTLATCH_OK &&
        nightlatch_vault_get_secret(vault, NIGHTLATCH_TEXT(argv[2]), NIGHTLATCH_NONE, 0, &secret, &error) == NIGHTLATCH_OK)
        puts(nightlatch_secret_value(secret, NULL));
    else if (error != NULL)
        fprintf(stderr, "%s\n", nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL));
    int failed = secret == NULL;
    nightlatch_secret_free(secret);
    nightlatch_error_free(error);
    nightlatch_vault_free(vault);
    nightlatch_client_free(client);
    nightlatch_config_free(config);
    nightlatch_curl_free(program.transport);
    return failed;
}
