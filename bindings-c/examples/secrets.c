/*
 * Lists, sets and deletes secrets, through whatever identity this host has.
 *
 *   secrets VAULT_URL list                 the names, disabled secrets included
 *   secrets VAULT_URL set NAME             a new version; the value is a line on standard input
 *   secrets VAULT_URL delete NAME          returns when the vault has finished
 */
#include <nightlatch_curl.h>
#include <stdio.h>

static nightlatch_status list(nightlatch_vault *vault, nightlatch_error **error)
{
    nightlatch_page *page = NULL;
    nightlatch_status status;
    char next[4096] = ""; /* what asks for the next page; empty for the first */
    do {
        status = nightlatch_vault_list_properties_of_secrets(vault, NIGHTLATCH_TEXT(next), 0, 0, &page, error);
        if (status != NIGHTLATCH_OK)
            return status;
        for (size_t i = 0; i < nightlatch_page_count(page); i++)
            puts(nightlatch_properties_text(nightlatch_page_item(page, i), NIGHTLATCH_SECRET_NAME, NULL));
        const char *more = nightlatch_page_continuation(page, NULL);
        snprintf(next, sizeof next, "%s", more != NULL ? more : "");
        nightlatch_page_free(page);
    } while (*next != '\0');
    return status;
}

static nightlatch_status set(nightlatch_vault *vault, const char *name, nightlatch_error **error)
{
    char value[25 * 1024 + 2]; /* as much as the service takes */
    nightlatch_secret *secret = NULL;
    nightlatch_changes *changes = nightlatch_changes_new();
    if (fgets(value, sizeof value, stdin) == NULL)
        *value = '\0';
    (void)nightlatch_changes_set_content_type(changes, NIGHTLATCH_TEXT("text/plain"));
    nightlatch_status status =
        nightlatch_vault_set_secret(vault, NIGHTLATCH_TEXT(name), value, strcspn(value, "\n"), changes, false, 0, &secret, error);
    nightlatch_wipe(value, sizeof value);
    if (status == NIGHTLATCH_OK)
        printf("version %s\n", nightlatch_secret_text(secret, NIGHTLATCH_SECRET_VERSION, NULL));
    nightlatch_secret_free(secret);
    nightlatch_changes_free(changes);
    return status;
}

static nightlatch_status delete(nightlatch_vault *vault, const char *name, nightlatch_error **error)
{
    nightlatch_properties *deleted = NULL;
    nightlatch_status status = nightlatch_vault_delete_secret(vault, NIGHTLATCH_TEXT(name), true, 0, &deleted, error);
    if (status == NIGHTLATCH_OK)
        printf("deleted %s\n", nightlatch_properties_text(deleted, NIGHTLATCH_SECRET_NAME, NULL));
    nightlatch_properties_free(deleted);
    return status;
}

int main(int argc, char **argv)
{
    nightlatch_vault *vault = NULL;
    nightlatch_error *error = NULL;
    nightlatch_status status = NIGHTLATCH_INVALID_ARGUMENT;
    const char *what = argc > 2 ? argv[2] : "";
    bool named = strcmp(what, "set") == 0 || strcmp(what, "delete") == 0;
    if (argc != (named ? 4 : 3) || (!named && strcmp(what, "list") != 0)) {
        fprintf(stderr, "usage: secrets VAULT_URL list | set NAME | delete NAME\n");
        return 2;
    }
    status = nightlatch_curl_open(NULL, NIGHTLATCH_TEXT(argv[1]), &vault, &error);
    if (status == NIGHTLATCH_OK)
        status = !named ? list(vault, &error) : strcmp(what, "set") == 0 ? set(vault, argv[3], &error) : delete(vault, argv[3], &error);
    if (status != NIGHTLATCH_OK)
        fprintf(stderr, "%s\n", error != NULL ? nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL) : "refused");
    nightlatch_error_free(error);
    nightlatch_vault_free(vault);
    return status != NIGHTLATCH_OK;
}
