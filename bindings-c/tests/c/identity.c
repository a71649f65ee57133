/*
 * Gets a secret through libcurl with the credential that the arguments name: identity VAULT NAME CREDENTIAL [KIND:PATH=VALUE...].
 * KIND is t (text), n (number), f (flag) or s (secret value, of a file if it begins with @). Prints the value, or on standard error
 * what went wrong and each event.
 */
#include <nightlatch_curl.h>
#include <stdio.h>
#include <stdlib.h>

static void on_event(void *context, const char *json, size_t len)
{
    (void)context;
    fprintf(stderr, "%.*s\n", (int)len, json);
}

static bool set(nightlatch_config *config, const char *argument)
{
    static char content[1 << 16];
    const char *equals = strchr(argument, '=');
    char path[128];
    if (equals == NULL || argument[1] != ':')
        return false;
    snprintf(path, sizeof path, "credential.%.*s", (int)(equals - argument - 2), argument + 2);
    const char *value = equals + 1;
    size_t len = strlen(value);
    switch (argument[0]) {
    case 't':
        return nightlatch_config_set_text(config, NIGHTLATCH_TEXT(path), value, len) == NIGHTLATCH_OK;
    case 'n':
        return nightlatch_config_set_number(config, NIGHTLATCH_TEXT(path), atof(value)) == NIGHTLATCH_OK;
    case 'f':
        return nightlatch_config_set_flag(config, NIGHTLATCH_TEXT(path), strcmp(value, "true") == 0) == NIGHTLATCH_OK;
    case 's':
        if (value[0] == '@') {
            FILE *file = fopen(value + 1, "rb");
            len = file != NULL ? fread(content, 1, sizeof content, file) : 0;
            if (file != NULL)
                fclose(file);
            value = content;
        }
        return nightlatch_config_set_secret(config, NIGHTLATCH_TEXT(path), value, len) == NIGHTLATCH_OK;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    nightlatch_host host = NIGHTLATCH_HOST_INIT;
    nightlatch_config *config = nightlatch_config_new();
    nightlatch_curl *transport = nightlatch_curl_new();
    nightlatch_client *client = NULL;
    nightlatch_vault *vault = NULL;
    nightlatch_secret *secret = NULL;
    nightlatch_error *error = NULL;
    bool good = argc >= 4 && nightlatch_config_use_credential(config, NIGHTLATCH_TEXT(argv[3])) == NIGHTLATCH_OK &&
                nightlatch_config_set_number(config, NIGHTLATCH_TEXT("retry.delay"), 0.01) == NIGHTLATCH_OK;
    for (int i = 4; i < argc; i++)
        good = good && set(config, argv[i]);
    if (!good) {
        fprintf(stderr, "wrong arguments\n");
        return 2;
    }
    (void)nightlatch_curl_attach(transport, &host);
    host.event = on_event;
    if (nightlatch_client_new(config, &host, &client, &error) == NIGHTLATCH_OK &&
        nightlatch_vault_new(client, NIGHTLATCH_TEXT(argv[1]), &vault, &error) == NIGHTLATCH_OK &&
        nightlatch_vault_get_secret(vault, NIGHTLATCH_TEXT(argv[2]), NIGHTLATCH_NONE, 0, &secret, &error) == NIGHTLATCH_OK)
        puts(nightlatch_secret_value(secret, NULL));
    else
        fprintf(stderr, "%s: %s\n", nightlatch_error_text(error, NIGHTLATCH_ERROR_NAME, NULL),
                nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL));
    bool failed = secret == NULL;
    nightlatch_error_free(error);
    nightlatch_secret_free(secret);
    nightlatch_vault_free(vault);
    nightlatch_client_free(client);
    nightlatch_config_free(config);
    nightlatch_curl_free(transport);
    return failed;
}
