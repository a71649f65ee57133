/* Every operation on secrets, one line for each, against the vault that the environment names: as its siblings in tests/foreign do. */
#include <nightlatch_curl.h>
#include <stdio.h>
#include <stdlib.h>

#define T NIGHTLATCH_TEXT
#define NONE NIGHTLATCH_NONE

static const char *const name = "foreign-one", *const second = "foreign-two";
static const int64_t ends = 1925089445; /* 2031-01-02T03:04:05Z */
static nightlatch_vault *vault;
static nightlatch_error *error;

/* Ends the program with the error, unless the call worked. */
static void must(nightlatch_status status)
{
    if (status == NIGHTLATCH_OK)
        return;
    fprintf(stderr, "%s\n", nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL));
    nightlatch_error_free(error);
    exit(1);
}

/* The refusal as the service's status says it, 0 if there was none. What the client itself knows to be gone, it does not ask for. */
static int refusal(nightlatch_status status)
{
    if (status != NIGHTLATCH_NOT_FOUND && status != NIGHTLATCH_CONFLICT)
        must(status);
    nightlatch_error_free(error);
    error = NULL;
    return status == NIGHTLATCH_NOT_FOUND ? 404 : status == NIGHTLATCH_CONFLICT ? 409 : 0;
}

static const char *yes(bool answer)
{
    return answer ? "yes" : "no";
}

static const char *text(const nightlatch_properties *properties, nightlatch_secret_fact fact)
{
    const char *found = nightlatch_properties_text(properties, fact, NULL);
    return found != NULL ? found : "";
}

static nightlatch_secret *set(const char *of, const char *value, const nightlatch_changes *changes)
{
    nightlatch_secret *secret = NULL;
    must(nightlatch_vault_set_secret(vault, T(of), T(value), changes, false, 0, &secret, &error));
    return secret;
}

static nightlatch_secret *get(const char *of, const char *version)
{
    nightlatch_secret *secret = NULL;
    must(nightlatch_vault_get_secret(vault, T(of), T(version), 0, &secret, &error));
    return secret;
}

static int get_refused(const char *of)
{
    nightlatch_secret *secret = NULL;
    return refusal(nightlatch_vault_get_secret(vault, T(of), NONE, 0, &secret, &error));
}

static void say_value(const char *step, nightlatch_secret *secret)
{
    printf("%s | %s\n", step, nightlatch_secret_value(secret, NULL));
    nightlatch_secret_free(secret);
}

static void say_name(const char *step, nightlatch_properties *properties)
{
    printf("%s | %s\n", step, text(properties, NIGHTLATCH_SECRET_NAME));
    nightlatch_properties_free(properties);
}

static void say_tags(const nightlatch_properties *properties)
{
    printf(" | ");
    for (size_t i = 0; i < nightlatch_properties_tag_count(properties); i++)
        printf("%s%s=%s", i > 0 ? "," : "", nightlatch_properties_tag_name(properties, i, NULL), nightlatch_properties_tag(properties, i, NULL));
}

typedef nightlatch_status list(const char *continuation, size_t len, nightlatch_page **page);

static nightlatch_status secrets(const char *continuation, size_t len, nightlatch_page **page)
{
    return nightlatch_vault_list_properties_of_secrets(vault, continuation, len, 1, 0, page, &error);
}

static nightlatch_status deleted(const char *continuation, size_t len, nightlatch_page **page)
{
    return nightlatch_vault_list_deleted_secrets(vault, continuation, len, 1, 0, page, &error);
}

static nightlatch_status versions(const char *continuation, size_t len, nightlatch_page **page)
{
    return nightlatch_vault_list_properties_of_secret_versions(vault, T(name), continuation, len, 1, 0, page, &error);
}

/* Walks all pages, each of one item: which of the two names are there, and how often. */
static void walk(list *next_page, int found[2])
{
    nightlatch_page *page = NULL, *next = NULL;
    found[0] = found[1] = 0;
    for (must(next_page(NONE, &page)); page != NULL; page = next) {
        size_t len;
        const char *continuation = nightlatch_page_continuation(page, &len);
        for (size_t i = 0; i < nightlatch_page_count(page); i++) {
            const char *item = text(nightlatch_page_item(page, i), NIGHTLATCH_SECRET_NAME);
            found[0] += strcmp(item, name) == 0;
            found[1] += strcmp(item, second) == 0;
        }
        next = NULL;
        if (continuation != NULL)
            must(next_page(continuation, len, &next));
        nightlatch_page_free(page);
    }
}

static void say_names(const char *step, list *next_page)
{
    int found[2];
    walk(next_page, found);
    printf("%s%s%s\n", step, found[0] > 0 ? " | foreign-one" : "", found[1] > 0 ? " | foreign-two" : "");
}

static void remove_for_good(const char *of)
{
    nightlatch_properties *properties = NULL;
    bool finished;
    must(nightlatch_vault_delete_secret(vault, T(of), true, 0, &properties, &error));
    nightlatch_properties_free(properties);
    must(nightlatch_vault_purge_deleted_secret(vault, T(of), true, 0, &finished, &error));
}

static void set_get_update(void)
{
    nightlatch_changes *changes = nightlatch_changes_new();
    nightlatch_properties *properties = NULL;
    char first_version[64];
    int64_t expires_on = 0;
    nightlatch_changes_set_content_type(changes, T("text/plain"));
    nightlatch_changes_set_expires_on(changes, ends);
    nightlatch_changes_add_tag(changes, T("of"), T("shop"));
    nightlatch_secret *secret = set(name, "value 1", changes);
    const nightlatch_properties *about = nightlatch_secret_properties(secret);
    nightlatch_properties_number(about, NIGHTLATCH_SECRET_EXPIRES_ON, &expires_on);
    printf("set | %s | %s", nightlatch_secret_value(secret, NULL), text(about, NIGHTLATCH_SECRET_CONTENT_TYPE));
    say_tags(about);
    printf(" | %s\n", yes(expires_on == ends));
    snprintf(first_version, sizeof first_version, "%s", text(about, NIGHTLATCH_SECRET_VERSION));
    nightlatch_secret_free(secret);
    nightlatch_changes_free(changes);

    secret = set(name, "v\303\244lue 2", NULL);
    const char *version = text(nightlatch_secret_properties(secret), NIGHTLATCH_SECRET_VERSION);
    printf("set again | %s | %s\n", nightlatch_secret_value(secret, NULL), yes(strcmp(version, first_version) != 0));
    must(nightlatch_vault_invalidate(vault, T(name), NONE));
    say_value("get", get(name, ""));
    say_value("get a version", get(name, first_version));
    printf("get another | %d\n", get_refused("foreign-none"));

    changes = nightlatch_changes_new();
    nightlatch_changes_set_content_type(changes, T("x/y"));
    nightlatch_changes_add_tag(changes, T("a"), T("b"));
    must(nightlatch_vault_update_secret_properties(vault, T(name), T(version), changes, 0, &properties, &error));
    printf("update | %s", text(properties, NIGHTLATCH_SECRET_CONTENT_TYPE));
    say_tags(properties);
    printf("\n");
    nightlatch_properties_free(properties);
    nightlatch_changes_free(changes);
    nightlatch_secret_free(secret);
}

static void delete_recover_restore(void)
{
    nightlatch_properties *properties = NULL;
    nightlatch_value *backup = NULL;
    nightlatch_secret *secret = NULL;
    size_t len = 0;
    must(nightlatch_vault_backup_secret(vault, T(second), 0, &backup, &error));
    const char *blob = nightlatch_value_data(backup, &len);
    printf("backup | %s\n", yes(len > 0));
    must(nightlatch_vault_delete_secret(vault, T(second), true, 0, &properties, &error));
    say_name("delete", properties);
    must(nightlatch_vault_get_deleted_secret(vault, T(second), 0, &properties, &error));
    say_name("get deleted", properties);
    say_names("list deleted", deleted);
    printf("set deleted | %d\n", refusal(nightlatch_vault_set_secret(vault, T(second), T("taken"), NULL, false, 0, &secret, &error)));
    must(nightlatch_vault_recover_deleted_secret(vault, T(second), true, 0, &properties, &error));
    nightlatch_properties_free(properties);
    say_value("recover", get(second, ""));

    remove_for_good(second);
    printf("purge | %d\n", refusal(nightlatch_vault_get_deleted_secret(vault, T(second), 0, &properties, &error)));
    must(nightlatch_vault_restore_secret_backup(vault, blob, len, 0, &properties, &error));
    secret = get(second, "");
    printf("restore | %s | %s\n", text(properties, NIGHTLATCH_SECRET_NAME), nightlatch_secret_value(secret, NULL));
    nightlatch_secret_free(secret);
    nightlatch_properties_free(properties);
    nightlatch_value_free(backup);
}

int main(void)
{
    const char *url = getenv("VAULT_URL"), *verify = getenv("VERIFY_CHALLENGE");
    nightlatch_config *config = nightlatch_config_new();
    int found[2];
    if (url == NULL)
        return fprintf(stderr, "VAULT_URL names no vault\n"), 2;
    must(nightlatch_config_set_number(config, T("limits.secret_per_second"), 0));
    if (verify != NULL && strcmp(verify, "0") == 0)
        must(nightlatch_config_set_flag(config, T("vault.verify_challenge_resource"), false));
    must(nightlatch_curl_open(config, T(url), &vault, &error));
    nightlatch_config_free(config);

    set_get_update();
    nightlatch_secret_free(set(second, "two", NULL));
    say_names("list", secrets);
    walk(versions, found);
    printf("list versions | %d\n", found[0]);
    delete_recover_restore();
    remove_for_good(name);
    remove_for_good(second);
    printf("clean | %d | %d\n", get_refused(name), get_refused(second));
    nightlatch_vault_free(vault);
    return 0;
}
