/* A secret is rotated by functions of the program's, through the blocking door: in the caller's thread, and beside others. */
#include "check.h"

#include <pthread.h>

enum { VERSIONS = 8 };

/* A vault with one secret, `db`, of a few versions; any other name has a value too. */
typedef struct store {
    pthread_mutex_t lock;
    char values[VERSIONS][64], tags[VERSIONS][256];
    bool disabled[VERSIONS];
    int count;
} store;

/* What the functions do and were called with. */
typedef struct database {
    store *vault;
    nightlatch_vault *reader;         /* to be read by while a value is applied */
    pthread_t rotating;               /* the thread that called */
    char password[64], calls[256];    /* the value in effect; every call, in order */
    int made;
    bool empty, refuses, works_not;   /* make gives nothing, apply fails, verify says no, of the new value */
    bool elsewhere;                   /* a function was called in another thread */
} database;

/* Copies what stands behind `name` in JSON, up to `end`. */
static void copy_part(char *into, size_t size, const char *json, const char *name, char end)
{
    const char *from = strstr(json, name);
    size_t len = 0;
    if (from != NULL) {
        from += strlen(name);
        while (from[len] != '\0' && from[len] != end && len + 1 < size)
            len++;
        memcpy(into, from, len);
    }
    into[len] = '\0';
}

static void vault_http(void *context, const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    store *vault = (store *)context;
    const char *url = nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_URL, NULL);
    const char *method = nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_METHOD, NULL), *version = strstr(url, "/secrets/db/");
    const char *sent = nightlatch_effect_body(effect, NULL);
    char body[1024];
    CHECK(pthread_mutex_lock(&vault->lock) == 0);
    int at = vault->count - 1;
    if (strcmp(method, "PUT") == 0) {
        CHECK(vault->count < VERSIONS);
        at = vault->count++;
        copy_part(vault->values[at], sizeof vault->values[at], sent, "\"value\":\"", '"');
        copy_part(vault->tags[at], sizeof vault->tags[at], sent, "\"tags\":{", '}');
    } else if (version != NULL && version[12] != '?') {
        at = atoi(version + 12) - 1;
        CHECK(at >= 0 && at < vault->count);
        if (strcmp(method, "PATCH") == 0) {
            if (strstr(sent, "\"tags\":{") != NULL)
                copy_part(vault->tags[at], sizeof vault->tags[at], sent, "\"tags\":{", '}');
            vault->disabled[at] = strstr(sent, "\"enabled\":false") != NULL;
        }
    }
    if (strstr(url, "/msi/token") != NULL)
        snprintf(body, sizeof body, "{\"access_token\":\"%s\",\"expires_on\":\"4102444800\",\"token_type\":\"Bearer\"}", TOKEN_VALUE);
    else if (strstr(url, "/secrets/db") == NULL)
        snprintf(body, sizeof body, "{\"value\":\"%s\",\"id\":\"" VAULT "/secrets/admin/%032d\"}", SECRET_VALUE, 1);
    else
        snprintf(body, sizeof body, "{\"value\":\"%s\",\"id\":\"" VAULT "/secrets/db/%032d\",\"attributes\":{\"enabled\":%s,\"created\":1700000000},\"tags\":{%s}}",
                 vault->values[at], at + 1, vault->disabled[at] ? "false" : "true", vault->tags[at]);
    CHECK(pthread_mutex_unlock(&vault->lock) == 0);
    CHECK(nightlatch_outcome_http(outcome, 200) == OK && nightlatch_outcome_add_body(outcome, body, strlen(body)) == OK);
}

static void note(database *db, const char *call, const char *slot)
{
    size_t len = strlen(db->calls);
    snprintf(db->calls + len, sizeof db->calls - len, "%s%s%s;", call, slot != NULL ? " " : "", slot != NULL ? slot : "");
    db->elsewhere = db->elsewhere || !pthread_equal(db->rotating, pthread_self());
}

static void make(void *context, const char *slot, nightlatch_outcome *outcome)
{
    database *db = (database *)context;
    char value[32];
    note(db, "make", slot);
    snprintf(value, sizeof value, "made-%d", ++db->made);
    if (!db->empty)
        CHECK(nightlatch_outcome_made(outcome, T(value)) == OK);
}

static bool apply(void *context, const char *value, size_t len, const char *slot)
{
    database *db = (database *)context;
    nightlatch_secret *admin = NULL;
    note(db, "apply", slot);
    CHECK(strlen(value) == len);
    /* A call of the same client, which no callback of the host may make. */
    CHECK(nightlatch_vault_refresh_secret(db->reader, T("admin"), NONE, 0, &admin, NULL) == OK);
    nightlatch_secret_free(admin);
    if (db->refuses && strncmp(value, "made", 4) == 0)
        return false;
    snprintf(db->password, sizeof db->password, "%s", value);
    return true;
}

static bool verify(void *context, const char *value, size_t len, const char *slot)
{
    database *db = (database *)context;
    note(db, "verify", slot);
    CHECK(strlen(value) == len && strcmp(value, db->password) == 0);
    return !(db->works_not && strncmp(value, "made", 4) == 0);
}

static nightlatch_rotator rotator_of(database *db)
{
    nightlatch_rotator rotator = NIGHTLATCH_ROTATOR_INIT;
    db->rotating = pthread_self();
    rotator.context = db, rotator.make = make, rotator.apply = apply, rotator.verify = verify;
    return rotator;
}

static void begin(store *vault, database *db)
{
    CHECK(pthread_mutex_lock(&vault->lock) == 0);
    vault->count = 1;
    snprintf(vault->values[0], sizeof vault->values[0], "old");
    memset(vault->tags, 0, sizeof vault->tags), memset(vault->disabled, 0, sizeof vault->disabled);
    CHECK(pthread_mutex_unlock(&vault->lock) == 0);
    nightlatch_vault *reader = db->reader;
    memset(db, 0, sizeof *db);
    db->vault = vault, db->reader = reader;
    snprintf(db->password, sizeof db->password, "old");
    CHECK(nightlatch_vault_invalidate(reader, T("db"), NONE) == OK);
}

/* What readers are given now. */
static bool reads(nightlatch_vault *vault, const char *value)
{
    nightlatch_secret *secret = NULL;
    bool same = nightlatch_vault_get_secret(vault, T("db"), NONE, 0, &secret, NULL) == OK && strcmp(nightlatch_secret_value(secret, NULL), value) == 0;
    nightlatch_secret_free(secret);
    return same;
}

static void one_slot(nightlatch_vault *vault, store *kept, database *db)
{
    nightlatch_rotation *rotation = NULL;
    nightlatch_error *error = NULL;
    begin(kept, db);
    nightlatch_rotator rotator = rotator_of(db);
    CHECK(nightlatch_vault_rotate_secret(vault, T("db"), &rotator, NONE, NONE, NULL, 0, &rotation, &error) == OK && error == NULL);
    CHECK(strcmp(db->calls, "make;apply;verify;") == 0 && strcmp(db->password, "made-1") == 0 && !db->elsewhere);
    CHECK(kept->count == 2 && strcmp(kept->values[1], "made-1") == 0 && strstr(kept->tags[1], "\"done\"") != NULL && reads(vault, "made-1"));
    CHECK(strcmp(nightlatch_properties_text(nightlatch_rotation_properties(rotation), NIGHTLATCH_SECRET_VERSION, NULL), "00000000000000000000000000000002") == 0);
    CHECK(strcmp(nightlatch_rotation_previous_version(rotation, NULL), "00000000000000000000000000000001") == 0);
    CHECK(nightlatch_rotation_slot(rotation, NULL) == NULL && !nightlatch_rotation_is_resumed(rotation));
    nightlatch_rotation_free(rotation), rotation = NULL;

    /* What is not given has nothing to do. */
    begin(kept, db);
    rotator = rotator_of(db), rotator.apply = NULL, rotator.verify = NULL;
    CHECK(nightlatch_vault_rotate_secret(vault, T("db"), &rotator, NONE, NONE, NULL, 0, &rotation, NULL) == OK);
    CHECK(strcmp(db->calls, "make;") == 0 && reads(vault, "made-1"));
    nightlatch_rotation_free(rotation);
}

static void failing(nightlatch_vault *vault, store *kept, database *db)
{
    nightlatch_rotation *rotation = NULL;
    nightlatch_error *error = NULL;
    for (int which = 0; which < 3; which++) {
        begin(kept, db);
        nightlatch_rotator rotator = rotator_of(db);
        db->empty = which == 0, db->refuses = which == 1, db->works_not = which == 2;
        CHECK(nightlatch_vault_rotate_secret(vault, T("db"), &rotator, NONE, NONE, NULL, 0, &rotation, &error) != OK && rotation == NULL);
        const char *help = nightlatch_error_text(error, NIGHTLATCH_ERROR_HELP, NULL), *told = nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL);
        CHECK(help != NULL && strcmp(help, which == 0 ? "rotation-failed" : "rotation-rolled-back") == 0);
        CHECK(strstr(told, "made-1") == NULL && strstr(told, which == 0 ? "make" : which == 1 ? "apply" : "verify") != NULL);
        CHECK(strcmp(db->password, "old") == 0 && reads(vault, "old"));
        CHECK(which == 0 || kept->disabled[1]); /* the version that does not work */
        nightlatch_error_free(error), error = NULL;
    }
}

static void two_slots(nightlatch_vault *vault, store *kept, database *db)
{
    nightlatch_rotation *rotation = NULL;
    nightlatch_changes *changes = nightlatch_changes_new();
    begin(kept, db);
    nightlatch_rotator rotator = rotator_of(db);
    CHECK(nightlatch_changes_add_tag(changes, T("team"), T("shop")) == OK);
    CHECK(nightlatch_vault_rotate_secret(vault, T("db"), &rotator, T("blue"), T("green"), changes, 0, &rotation, NULL) == OK);
    const char *first = nightlatch_rotation_slot(rotation, NULL);
    CHECK(first != NULL && strstr(kept->tags[1], first) != NULL && strstr(kept->tags[1], "\"team\":\"shop\"") != NULL);
    char slot[8], calls[64];
    snprintf(slot, sizeof slot, "%s", first != NULL && strcmp(first, "blue") == 0 ? "green" : "blue");
    nightlatch_rotation_free(rotation), rotation = NULL;
    db->calls[0] = '\0';
    CHECK(nightlatch_vault_rotate_secret(vault, T("db"), &rotator, T("blue"), T("green"), NULL, 0, &rotation, NULL) == OK);
    snprintf(calls, sizeof calls, "make %s;apply %s;verify %s;", slot, slot, slot);
    CHECK(strcmp(db->calls, calls) == 0 && strcmp(nightlatch_rotation_slot(rotation, NULL), slot) == 0);
    nightlatch_rotation_free(rotation), rotation = NULL;
    CHECK(nightlatch_vault_rotate_secret(vault, T("db"), &rotator, T("blue"), NONE, NULL, 0, &rotation, NULL) == NIGHTLATCH_INVALID_ARGUMENT && rotation == NULL);
    nightlatch_changes_free(changes);
}

/* A version whose tags say that its rotation is under way: no new value is made. */
static void resumed(nightlatch_vault *vault, store *kept, database *db)
{
    nightlatch_rotation *rotation = NULL;
    begin(kept, db);
    nightlatch_rotator rotator = rotator_of(db);
    kept->count = 2;
    snprintf(kept->values[1], sizeof kept->values[1], "made-0");
    snprintf(kept->tags[1], sizeof kept->tags[1], "\"nightlatch-rotation\":\"pending\",\"nightlatch-previous\":\"%032d\"", 1);
    CHECK(nightlatch_vault_rotate_secret(vault, T("db"), &rotator, NONE, NONE, NULL, 0, &rotation, NULL) == OK);
    CHECK(strcmp(db->calls, "apply;verify;") == 0 && nightlatch_rotation_is_resumed(rotation) && reads(vault, "made-0"));
    nightlatch_rotation_free(rotation);
}

typedef struct beside {
    nightlatch_vault *vault;
    int over;
} beside;

static void *read_on(void *context)
{
    beside *other = (beside *)context;
    do {
        nightlatch_secret *secret = NULL;
        CHECK(nightlatch_vault_refresh_secret(other->vault, T("admin"), NONE, 0, &secret, NULL) == OK);
        nightlatch_secret_free(secret);
    } while (__atomic_load_n(&other->over, __ATOMIC_RELAXED) == 0);
    return NULL;
}

/* Callers do each other's work; but nobody calls another's functions. */
static void beside_others(nightlatch_vault *vault, store *kept, database *db)
{
    pthread_t threads[3];
    beside other = { NULL, 0 };
    other.vault = vault;
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, read_on, &other) == 0);
    for (int round = 0; round < 40; round++) {
        nightlatch_rotation *rotation = NULL;
        begin(kept, db);
        nightlatch_rotator rotator = rotator_of(db);
        CHECK(nightlatch_vault_rotate_secret(vault, T("db"), &rotator, NONE, NONE, NULL, 0, &rotation, NULL) == OK && !db->elsewhere);
        nightlatch_rotation_free(rotation);
    }
    __atomic_store_n(&other.over, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 3; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
}

int main(void)
{
    static store kept;
    static database db;
    nightlatch_host host = NIGHTLATCH_HOST_INIT;
    nightlatch_config *config = world_config();
    nightlatch_client *client = NULL;
    nightlatch_vault *vault = NULL;
    CHECK(pthread_mutex_init(&kept.lock, NULL) == 0);
    host.context = &kept, host.http = vault_http;
    CHECK(nightlatch_config_set_number(config, T("cache.refresh_interval"), 0) == OK);
    CHECK(nightlatch_config_set_number(config, T("limits.secret_per_second"), 0) == OK);
    CHECK(nightlatch_config_set_number(config, T("limits.vault_per_second"), 0) == OK);
    CHECK(nightlatch_config_set_number(config, T("limits.create_per_second"), 0) == OK);
    CHECK(nightlatch_client_new(config, &host, &client, NULL) == OK && nightlatch_vault_new(client, T(VAULT), &vault, NULL) == OK);
    db.reader = vault;
    one_slot(vault, &kept, &db);
    failing(vault, &kept, &db);
    two_slots(vault, &kept, &db);
    resumed(vault, &kept, &db);
    beside_others(vault, &kept, &db);
    nightlatch_vault_free(vault), nightlatch_client_free(client), nightlatch_config_free(config);
    return done("rotate");
}
