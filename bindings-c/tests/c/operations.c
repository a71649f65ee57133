/* Every operation of the Secrets API through libcurl: operations VAULT, an empty vault in which everything is allowed. */
#include "check.h"
#include <nightlatch_curl.h>

static int rotated, leaked;

static void on_event(void *context, const char *json, size_t len)
{
    (void)context, (void)len;
    rotated += strstr(json, "\"secret_rotated\"") != NULL;
    leaked += strstr(json, "value-") != NULL;
}

/* Prints why a call failed. */
#define WORKS(call)                                                                                                    \
    do {                                                                                                               \
        error = NULL;                                                                                                  \
        nightlatch_status ended_ = call;                                                                               \
        CHECK(ended_ == OK);                                                                                           \
        if (ended_ != OK && error != NULL)                                                                             \
            printf("%d: %s\n", __LINE__, nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL));            \
        nightlatch_error_free(error);                                                                                  \
    } while (0)

static nightlatch_error *error;

static bool is(const nightlatch_properties *properties, nightlatch_secret_fact fact, const char *expected)
{
    const char *text = nightlatch_properties_text(properties, fact, NULL);
    return text != NULL && strcmp(text, expected) == 0;
}

static bool has(const nightlatch_properties *properties, nightlatch_secret_number_fact fact, int64_t expected)
{
    int64_t number = -1;
    return nightlatch_properties_number(properties, fact, &number) && number == expected;
}

static void set_and_update(nightlatch_vault *vault)
{
    nightlatch_secret *secret = NULL;
    nightlatch_properties *properties = NULL;
    nightlatch_changes *changes = nightlatch_changes_new();
    char first[64];
    CHECK(nightlatch_changes_set_content_type(changes, T("text/plain")) == OK && nightlatch_changes_set_expires_on(changes, 4102444800) == OK);
    CHECK(nightlatch_changes_set_not_before(changes, 1600000000) == OK && nightlatch_changes_set_enabled(changes, true) == OK);
    CHECK(nightlatch_changes_add_tag(changes, T("owner"), T("shop")) == OK && nightlatch_changes_add_tag(changes, T("1.2"), T("")) == OK);
    WORKS(nightlatch_vault_set_secret(vault, T("db"), T("value-1"), changes, false, 0, &secret, &error));
    const nightlatch_properties *about = nightlatch_secret_properties(secret);
    CHECK(strcmp(nightlatch_secret_value(secret, NULL), "value-1") == 0 && is(about, NIGHTLATCH_SECRET_NAME, "db"));
    CHECK(is(about, NIGHTLATCH_SECRET_CONTENT_TYPE, "text/plain") && has(about, NIGHTLATCH_SECRET_EXPIRES_ON, 4102444800));
    CHECK(has(about, NIGHTLATCH_SECRET_NOT_BEFORE, 1600000000) && has(about, NIGHTLATCH_SECRET_ENABLED, 1));
    CHECK(nightlatch_properties_tag_count(about) == 2 && strcmp(nightlatch_properties_tag_name(about, 1, NULL), "owner") == 0);
    CHECK(strcmp(nightlatch_properties_tag(about, 1, NULL), "shop") == 0 && strcmp(nightlatch_properties_tag(about, 0, NULL), "") == 0);
    snprintf(first, sizeof first, "%s", nightlatch_secret_text(secret, NIGHTLATCH_SECRET_VERSION, NULL));
    nightlatch_secret_free(secret);
    nightlatch_changes_free(changes);

    changes = nightlatch_changes_new();
    CHECK(nightlatch_changes_clear_tags(changes) == OK && nightlatch_changes_if_version(changes, first, strlen(first)) == OK);
    WORKS(nightlatch_vault_update_secret_properties(vault, T("db"), NONE, changes, 0, &properties, &error));
    CHECK(nightlatch_properties_tag_count(properties) == 0 && is(properties, NIGHTLATCH_SECRET_CONTENT_TYPE, "text/plain"));
    nightlatch_properties_free(properties);
    WORKS(nightlatch_vault_set_secret(vault, T("db"), T("value-2"), NULL, false, 0, &secret, &error));
    nightlatch_secret_free(secret);
    CHECK(nightlatch_vault_update_secret_properties(vault, T("db"), NONE, changes, 0, &properties, NULL) == NIGHTLATCH_CONFLICT);
    WORKS(nightlatch_vault_get_secret(vault, T("db"), first, strlen(first), 0, &secret, &error));
    CHECK(strcmp(nightlatch_secret_value(secret, NULL), "value-1") == 0);
    nightlatch_secret_free(secret);
    nightlatch_changes_free(changes);
}

/* How many items there are, on however many pages. */
static size_t count(nightlatch_vault *vault, const char *versions_of, bool deleted, size_t *pages)
{
    char continuation[4096] = "";
    size_t items = 0;
    for (*pages = 0; *pages < 50;) {
        nightlatch_page *page = NULL;
        if (versions_of != NULL)
            WORKS(nightlatch_vault_list_properties_of_secret_versions(vault, T(versions_of), T(continuation), 1, 0, &page, &error));
        else if (deleted)
            WORKS(nightlatch_vault_list_deleted_secrets(vault, T(continuation), 0, 0, &page, &error));
        else
            WORKS(nightlatch_vault_list_properties_of_secrets(vault, T(continuation), 0, 0, &page, &error));
        const char *next = nightlatch_page_continuation(page, NULL);
        for (size_t i = 0; i < nightlatch_page_count(page); i++) {
            const nightlatch_properties *item = nightlatch_page_item(page, i);
            CHECK(nightlatch_properties_text(item, NIGHTLATCH_SECRET_NAME, NULL) != NULL);
            CHECK((nightlatch_properties_text(item, NIGHTLATCH_SECRET_RECOVERY_ID, NULL) != NULL) == deleted);
        }
        items += nightlatch_page_count(page);
        ++*pages;
        snprintf(continuation, sizeof continuation, "%s", next != NULL ? next : "");
        nightlatch_page_free(page);
        if (*continuation == '\0')
            break;
    }
    return items;
}

static void lists(nightlatch_vault *vault)
{
    char name[16];
    size_t pages;
    nightlatch_secret *secret = NULL;
    nightlatch_secrets *secrets = NULL;
    const char *const names[] = { "item-3", "missing", "db" };
    const size_t lens[] = { 6, 7, 2 };
    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof name, "item-%d", i);
        WORKS(nightlatch_vault_set_secret(vault, T(name), T("value-x"), NULL, false, 0, &secret, &error));
        nightlatch_secret_free(secret);
    }
    CHECK(count(vault, NULL, false, &pages) == 31 && pages >= 2);
    CHECK(count(vault, "db", false, &pages) == 2 && pages >= 2);
    WORKS(nightlatch_vault_get_secrets(vault, names, lens, 3, true, 0, &secrets, &error));
    CHECK(nightlatch_secrets_count(secrets) == 3 && nightlatch_secrets_secret(secrets, 1) == NULL);
    CHECK(nightlatch_error_status(nightlatch_secrets_error(secrets, 1)) == NIGHTLATCH_NOT_FOUND);
    CHECK(strcmp(nightlatch_secret_value(nightlatch_secrets_secret(secrets, 2), NULL), "value-2") == 0);
    CHECK(strcmp(nightlatch_secrets_name(secrets, 0, NULL), "item-3") == 0);
    nightlatch_secrets_free(secrets);
}

static void delete_and_recover(nightlatch_vault *vault)
{
    nightlatch_properties *properties = NULL;
    nightlatch_secret *secret = NULL;
    nightlatch_value *backup = NULL;
    bool finished = false;
    size_t len = 0, pages;
    WORKS(nightlatch_vault_backup_secret(vault, T("db"), 0, &backup, &error));
    CHECK(nightlatch_value_data(backup, &len) != NULL && len > 20);
    WORKS(nightlatch_vault_delete_secret(vault, T("db"), true, 0, &properties, &error));
    CHECK(nightlatch_properties_text(properties, NIGHTLATCH_SECRET_RECOVERY_ID, NULL) != NULL);
    nightlatch_properties_free(properties);
    CHECK(nightlatch_vault_cached(vault, T("db"), NONE) == NULL);
    CHECK(nightlatch_vault_get_secret(vault, T("db"), NONE, 0, &secret, NULL) == NIGHTLATCH_NOT_FOUND);
    WORKS(nightlatch_vault_deletion_finished(vault, T("db"), false, 0, &finished, &error));
    CHECK(finished);
    WORKS(nightlatch_vault_get_deleted_secret(vault, T("db"), 0, &properties, &error));
    int64_t deleted = 0, purge = 0;
    CHECK(nightlatch_properties_number(properties, NIGHTLATCH_SECRET_DELETED_DATE, &deleted) && deleted > 1700000000);
    CHECK(nightlatch_properties_number(properties, NIGHTLATCH_SECRET_SCHEDULED_PURGE_DATE, &purge) && purge > deleted);
    nightlatch_properties_free(properties);
    CHECK(count(vault, NULL, true, &pages) == 1);
    CHECK(nightlatch_vault_set_secret(vault, T("db"), T("value-9"), NULL, false, 1000, &secret, NULL) != OK);

    WORKS(nightlatch_vault_recover_deleted_secret(vault, T("db"), true, 0, &properties, &error));
    CHECK(is(properties, NIGHTLATCH_SECRET_NAME, "db"));
    nightlatch_properties_free(properties);
    finished = false;
    WORKS(nightlatch_vault_recovery_finished(vault, T("db"), true, 0, &finished, &error));
    CHECK(finished);
    WORKS(nightlatch_vault_get_secret(vault, T("db"), NONE, 0, &secret, &error));
    CHECK(strcmp(nightlatch_secret_value(secret, NULL), "value-2") == 0);
    nightlatch_secret_free(secret);

    WORKS(nightlatch_vault_delete_secret(vault, T("db"), true, 0, &properties, &error));
    nightlatch_properties_free(properties);
    finished = false;
    WORKS(nightlatch_vault_purge_deleted_secret(vault, T("db"), true, 0, &finished, &error));
    CHECK(finished && count(vault, NULL, true, &pages) == 0);
    WORKS(nightlatch_vault_restore_secret_backup(vault, nightlatch_value_data(backup, NULL), len, 0, &properties, &error));
    CHECK(is(properties, NIGHTLATCH_SECRET_NAME, "db"));
    nightlatch_properties_free(properties);
    nightlatch_value_free(backup);
    CHECK(count(vault, "db", false, &pages) == 2);
    /* A deleted name is brought back by whoever sets it and says so. */
    WORKS(nightlatch_vault_delete_secret(vault, T("db"), true, 0, &properties, &error));
    nightlatch_properties_free(properties);
    WORKS(nightlatch_vault_set_secret(vault, T("db"), T("value-3"), NULL, true, 0, &secret, &error));
    nightlatch_secret_free(secret);
}

struct user {
    const char *accepted;
    int calls;
};

static bool use(void *context, const nightlatch_secret *secret)
{
    struct user *user = (struct user *)context;
    user->calls++;
    return strcmp(nightlatch_secret_value(secret, NULL), user->accepted) == 0;
}

/* `other` writes what `vault` has cached. */
static void rotation(nightlatch_client *client, nightlatch_vault *vault, nightlatch_vault *other)
{
    struct user user = { "value-4", 0 };
    nightlatch_secret *secret = NULL;
    uint64_t number = 0, next = 0;
    bool accepted = false;
    WORKS(nightlatch_vault_get_secret(vault, T("db"), NONE, 0, &secret, &error));
    nightlatch_secret_free(secret);
    WORKS(nightlatch_vault_set_secret(other, T("db"), T("value-4"), NULL, false, 0, &secret, &error));
    nightlatch_secret_free(secret);
    int before = rotated;
    WORKS(nightlatch_vault_with_secret(vault, T("db"), use, &user, 0, &accepted, &error));
    CHECK(accepted && user.calls == 2 && rotated == before + 1);
    user.calls = 0;
    WORKS(nightlatch_vault_with_secret(vault, T("db"), use, &user, 0, &accepted, &error));
    CHECK(accepted && user.calls == 1);
    user.accepted = "nothing", user.calls = 0;
    WORKS(nightlatch_vault_with_secret(vault, T("db"), use, &user, 0, &accepted, &error));
    CHECK(!accepted && user.calls == 1);
    WORKS(nightlatch_client_refresh_due(client, 0, &next, &error));
    CHECK(next > 0);
    CHECK(nightlatch_client_cache_number(client, NIGHTLATCH_CACHE_ENTRIES, &number) && number >= 1);
    CHECK(nightlatch_client_cache_number(client, NIGHTLATCH_CACHE_HITS, &number) && number >= 1);
    CHECK(nightlatch_client_cache_number(client, NIGHTLATCH_CACHE_REFRESHES, &number) && number >= 1);
    CHECK(!nightlatch_client_cache_number(client, 99, &number));
}

/* The same by name, through the door for everything. */
static void by_name(nightlatch_client *client, const char *vault)
{
    nightlatch_operation *operation = nightlatch_operation_new(T("set_secret"));
    nightlatch_changes *changes = nightlatch_changes_new();
    nightlatch_reply *reply = NULL;
    nightlatch_secret *secret = NULL;
    CHECK(nightlatch_changes_add_tag(changes, T("a"), T("b")) == OK);
    CHECK(nightlatch_operation_set_text(operation, T("vault"), T(vault)) == OK && nightlatch_operation_set_text(operation, T("name"), T("by-name")) == OK);
    CHECK(nightlatch_client_perform(client, operation, &reply, NULL) == NIGHTLATCH_INVALID_ARGUMENT); /* no value */
    CHECK(nightlatch_operation_set_value(operation, T("value-5")) == OK && nightlatch_operation_set_changes(operation, changes) == OK);
    WORKS(nightlatch_client_perform(client, operation, &reply, &error));
    secret = nightlatch_reply_secret(reply);
    CHECK(strcmp(nightlatch_secret_value(secret, NULL), "value-5") == 0 && nightlatch_secret_tag_count(secret) == 1);
    CHECK(nightlatch_reply_page(reply) == NULL && nightlatch_reply_value(reply) == NULL && nightlatch_reply_secrets(reply) == NULL);
    nightlatch_secret_free(secret);
    nightlatch_reply_free(reply);
    nightlatch_operation_free(operation);
    nightlatch_changes_free(changes);
}

int main(int argc, char **argv)
{
    nightlatch_host host = NIGHTLATCH_HOST_INIT;
    nightlatch_curl *transport = nightlatch_curl_new();
    nightlatch_client *client = NULL;
    nightlatch_vault *vault = NULL, *other = NULL;
    CHECK(argc == 2 && nightlatch_curl_attach(transport, &host) == OK);
    host.event = on_event;
    nightlatch_config *config = nightlatch_config_new();
    CHECK(nightlatch_config_set_number(config, T("cache.refresh_interval"), 0) == OK); /* this test is quick */
    WORKS(nightlatch_client_new(config, &host, &client, &error));
    nightlatch_config_free(config);
    WORKS(nightlatch_vault_new(client, T(argv[1]), &vault, &error));
    WORKS(nightlatch_curl_open(NULL, T(argv[1]), &other, &error));
    set_and_update(vault);
    lists(vault);
    delete_and_recover(vault);
    rotation(client, vault, other);
    by_name(client, argv[1]);
    CHECK(rotated >= 1 && leaked == 0);
    nightlatch_vault_free(other);
    nightlatch_vault_free(vault);
    nightlatch_client_free(client);
    nightlatch_curl_free(transport);
    return done("operations");
}
