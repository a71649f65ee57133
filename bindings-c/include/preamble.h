
/*
 * nightlatch: secrets out of Azure Key Vault without a stored credential.
 *
 * Conventions, which hold for every function:
 *
 * - Handles are opaque. What `_new` (or a call with an output of that type) gave, its `_free` takes back, once; `_free` takes
 *   NULL too. Who calls `_new` calls `_free`: no function takes a handle over.
 * - Inputs come first, outputs last. Outputs are written only on success, `error` only on failure; `error` may be
 *   NULL for callers who are content with the status.
 * - Text and bytes go in as pointer and length; `NIGHTLATCH_TEXT("...")` makes both from a string. Text is UTF-8; NULL with
 *   length 0 is the empty text. What goes in is copied.
 * - Text and bytes come out as a pointer that is lent: its comment says for how long. Behind every text that is lent stands a
 *   NUL that its length does not count; a value may hold NULs of its own.
 * - A handle that is NULL is refused: NIGHTLATCH_INVALID_ARGUMENT, NULL, 0 or false.
 * - Any number of threads may use a handle at once. Nobody may use it while or after it is freed.
 * - A defect of the library ends as NIGHTLATCH_INTERNAL; the client stays usable.
 * - The first door, for most programs: `nightlatch_client`, calls that block. The second, for programs with their own
 *   event loop: `nightlatch_engine`. Everything else serves both.
 */

#define NIGHTLATCH_VERSION "@VERSION@"
#define NIGHTLATCH_VERSION_MAJOR @MAJOR@
#define NIGHTLATCH_VERSION_MINOR @MINOR@
#define NIGHTLATCH_VERSION_PATCH @PATCH@

/* Two arguments from one string: the text and its length. */
#define NIGHTLATCH_TEXT(string) (string), strlen(string)

/* Two arguments that say: no text. */
#define NIGHTLATCH_NONE NULL, 0

/* The value a nightlatch_host begins with: no callback. */
#define NIGHTLATCH_HOST_INIT \
    { sizeof(nightlatch_host), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }
