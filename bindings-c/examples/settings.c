/*
 * Settings with the secrets that they refer to.
 *
 *   settings variable NAME             a variable of the environment, such as DB_PASSWORD='@Microsoft.KeyVault(...)'
 *   settings file FILE                 an .env file of at most 64 KiB, as a JSON object
 *   settings check FILE                only how its references fare, for people and readiness probes
 *   settings load VAULT_URL [NAME...]  these secrets of a vault (16 at most; none: all that it lists), as a JSON object
 *
 * Ends with 0 if all secrets are there, 1 if not, 2 after wrong usage.
 */
#include <nightlatch_curl.h>
#include <stdio.h>
#include <stdlib.h>

/* A file's text, which may hold secrets. */
static char text[1 << 16];

static size_t read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t len = file != NULL ? fread(text, 1, sizeof text, file) : 0;
    if (file == NULL || fclose(file) != 0 || len == sizeof text) {
        fprintf(stderr, "%s cannot be read, or is too long\n", path);
        exit(2);
    }
    return len;
}

int main(int argc, char **argv)
{
    nightlatch_client *client = NULL;
    nightlatch_vault *vault = NULL;
    nightlatch_resolved *resolved = NULL;
    nightlatch_report *report = NULL;
    nightlatch_error *error = NULL;
    const char *what = argc > 2 ? argv[1] : "", *arg = argc > 2 ? argv[2] : "", *value;
    const char *names[16];
    size_t lens[16], count = 0;
    nightlatch_status status = NIGHTLATCH_INVALID_ARGUMENT;
    if (argc > 2 && argc <= 3 + 16)
        status = nightlatch_curl_open_client(NULL, &client, &error);
    if (status != NIGHTLATCH_OK) {
        /* told below */
    } else if (argc == 3 && strcmp(what, "variable") == 0 && (value = getenv(arg)) != NULL) {
        status = nightlatch_client_resolve(client, NIGHTLATCH_FORM_VALUE, NIGHTLATCH_TEXT(value), 0, 0, &resolved, &error);
    } else if (argc == 3 && strcmp(what, "file") == 0) {
        status = nightlatch_client_resolve(client, NIGHTLATCH_FORM_ENV, text, read_file(arg), 0, 0, &resolved, &error);
    } else if (argc == 3 && strcmp(what, "check") == 0) {
        status = nightlatch_client_check_references(client, NIGHTLATCH_FORM_ENV, text, read_file(arg), 0, 0, &report, &error);
    } else if (strcmp(what, "load") == 0) {
        for (; count < (size_t)argc - 3; count++)
            names[count] = argv[3 + count], lens[count] = strlen(names[count]);
        status = nightlatch_vault_new(client, NIGHTLATCH_TEXT(arg), &vault, &error);
        if (status == NIGHTLATCH_OK)
            status = nightlatch_vault_load(vault, count > 0 ? names : NULL, lens, count, NIGHTLATCH_NONE, NIGHTLATCH_NONE, 0,
                                           &resolved, &error);
    }

    int ended = 1;
    if (resolved != NULL) {
        puts(nightlatch_resolved_text(resolved, NULL));
        ended = 0;
    } else if (report != NULL) {
        fputs(nightlatch_report_text(report, NIGHTLATCH_TEXT("text"), NULL), stdout);
        ended = nightlatch_report_ok(report) ? 0 : 1;
    } else if (error != NULL) {
        fprintf(stderr, "%s\n", nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL));
    } else {
        fprintf(stderr, "usage: settings variable NAME | file FILE | check FILE | load VAULT_URL [NAME...]\n");
        ended = 2;
    }
    nightlatch_wipe(text, sizeof text);
    nightlatch_resolved_free(resolved), nightlatch_report_free(report), nightlatch_error_free(error);
    nightlatch_vault_free(vault), nightlatch_client_free(client);
    return ended;
}
