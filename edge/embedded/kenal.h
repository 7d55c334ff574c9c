/* kenal.h: the core of Kenal behind a C interface.
 *
 * A handle comes from kenal_new and goes to kenal_drop; between them it is used by one thread at a time.
 * Pointers with a length are read during the call only.
 * What kenal_output and kenal_message point at stays until the next call with the same handle.
 * No function unwinds or exits.
 *
 * Order of calls: kenal_new, kenal_keys where there is a list, kenal_manifest, kenal_needs, kenal_section for each line,
 * kenal_revocations where there is an update, and then for each request kenal_shard, kenal_row, kenal_recommend.
 *
 * As a WebAssembly module the same functions are exported; pointers, handles and lengths are i32 addresses of the
 * module's memory, which is exported as "memory", and the module imports nothing.
 */
#ifndef KENAL_H
#define KENAL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KENAL_ABI_VERSION 1

/* What the functions that return int32_t return. */
enum kenal_code {
    KENAL_OK = 0,
    KENAL_ARGUMENT = 1,    /* a null pointer or a length that cannot be */
    KENAL_MANIFEST = 2,    /* the manifest is damaged, foreign, or not signed with the trusted key */
    KENAL_SECTION = 3,     /* a section is damaged, foreign, or not one of this bundle */
    KENAL_REQUEST = 4,     /* the request is not of the contract's form */
    KENAL_SHARD = 5,       /* a user shard is damaged or not the visitor's */
    KENAL_REVOCATIONS = 6, /* a revocation update is damaged or foreign */
    KENAL_NO_MANIFEST = 7, /* nothing can be done before a manifest was accepted */
    KENAL_INTERNAL = 8     /* a bug; the handle may be used no more, except to drop it */
};

typedef struct kenal_edge kenal_edge;

/* The version of this interface; compare it with KENAL_ABI_VERSION before anything else. */
uint32_t kenal_abi_version(void);

/* Memory of the library's own, for hosts that share none with it; null when there is none. */
uint8_t *kenal_alloc(size_t len);
void kenal_free(uint8_t *at, size_t len);

kenal_edge *kenal_new(void);
void kenal_drop(kenal_edge *handle);

/* Hands over keys.kenal, the list of keys that may sign, where there is one: the next kenal_manifest checks it with its
 * key, and the manifest with a key of the list. */
int32_t kenal_keys(kenal_edge *handle, const uint8_t *keys, size_t len);

/* Opens a signed manifest, in place of any bundle there was.
 * key points at the 32 bytes of the trusted public key; now is Unix time in seconds. */
int32_t kenal_manifest(kenal_edge *handle, const uint8_t *manifest, size_t len, const uint8_t *key, int64_t now);

/* Output: the sections still to come, a line each: <64 hexadecimal digits> <bytes> <kind>. */
int32_t kenal_needs(kenal_edge *handle);

/* Takes in a section, copying it; its hash says which one it is. */
int32_t kenal_section(kenal_edge *handle, const uint8_t *section, size_t len);

/* Takes in a signed revocation update, revocations.kenal, copying it. One that was issued before the bundle was built
 * changes nothing: the bundle's own list says more. */
int32_t kenal_revocations(kenal_edge *handle, const uint8_t *update, size_t len);

/* Output: the hash of the visitor's shard, 64 hexadecimal digits; nothing when the bundle has no users. */
int32_t kenal_shard(kenal_edge *handle, const uint8_t *visitor, size_t len);

/* Verifies a shard. Output: the visitor's row; nothing when they have none. */
int32_t kenal_row(kenal_edge *handle, const uint8_t *shard, size_t shard_len, const uint8_t *visitor, size_t visitor_len);

/* Output: the response to a request, JSON to JSON; row is null when the visitor has none. */
int32_t kenal_recommend(kenal_edge *handle, const uint8_t *request, size_t request_len, const uint8_t *row, size_t row_len);

const uint8_t *kenal_output(const kenal_edge *handle);
size_t kenal_output_len(const kenal_edge *handle);

/* Why the last call was refused: UTF-8, without a zero at its end. */
const uint8_t *kenal_message(const kenal_edge *handle);
size_t kenal_message_len(const kenal_edge *handle);

#ifdef __cplusplus
}
#endif

#endif
