/* An app that ranks by itself: recommend BUNDLE KEY UNIX_TIME VISITOR REQUEST
 *
 * BUNDLE is a bundle's folder as it was last fetched, KEY the trusted public key in 64 hexadecimal digits, VISITOR the
 * visitor's token (or "" for nobody), REQUEST the JSON of a request. Prints the response. No network is needed, so it
 * works on a plane; past the bundle's expiry the answer is what is trending, and says so.
 *
 *     cc -I .. recommend.c -L ../../../../target/release -l kenal_embedded -o recommend
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kenal.h"

struct bytes {
    uint8_t *at;
    size_t len;
};

/* The bytes of a file below the bundle's folder; none when it cannot be read. */
static struct bytes file(const char *folder, const char *name) {
    struct bytes out = {NULL, 0};
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) return out;
    FILE *in = fopen(path, "rb");
    if (in == NULL) return out;
    if (fseek(in, 0, SEEK_END) == 0) {
        long len = ftell(in);
        rewind(in);
        out.at = len > 0 ? malloc((size_t)len) : NULL;
        out.len = out.at != NULL ? fread(out.at, 1, (size_t)len, in) : 0;
    }
    fclose(in);
    return out;
}

static void stop(const kenal_edge *edge, const char *what) {
    fprintf(stderr, "%s: %.*s\n", what, (int)kenal_message_len(edge), (const char *)kenal_message(edge));
    exit(1);
}

/* A section by its hash, 64 hexadecimal digits without a zero at the end. */
static struct bytes section(const char *folder, const uint8_t *hash) {
    char name[9 + 64 + 1];
    memcpy(name, "sections/", 9);
    memcpy(name + 9, hash, 64);
    name[9 + 64] = 0;
    return file(folder, name);
}

static void load(kenal_edge *edge, const char *folder) {
    if (kenal_needs(edge) != KENAL_OK) stop(edge, "needs");
    /* The output is another's after the next call, so keep it. */
    size_t len = kenal_output_len(edge);
    uint8_t *lines = malloc(len + 1);
    if (lines == NULL) exit(1);
    memcpy(lines, kenal_output(edge), len);
    for (size_t at = 0; at + 64 < len;) {
        struct bytes bytes = section(folder, lines + at);
        /* A section that cannot be had is left out: the answers say less. */
        if (bytes.at != NULL && kenal_section(edge, bytes.at, bytes.len) != KENAL_OK) stop(edge, "section");
        free(bytes.at);
        const uint8_t *end = memchr(lines + at, '\n', len - at);
        if (end == NULL) break;
        at = (size_t)(end - lines) + 1;
    }
    free(lines);
}

/* The visitor's row, copied out; none when there is none. */
static struct bytes row(kenal_edge *edge, const char *folder, const char *visitor) {
    struct bytes out = {NULL, 0};
    size_t len = strlen(visitor);
    if (len == 0 || kenal_shard(edge, (const uint8_t *)visitor, len) != KENAL_OK || kenal_output_len(edge) != 64) return out;
    struct bytes shard = section(folder, kenal_output(edge));
    if (shard.at != NULL && kenal_row(edge, shard.at, shard.len, (const uint8_t *)visitor, len) == KENAL_OK) {
        out.len = kenal_output_len(edge);
        out.at = out.len > 0 ? malloc(out.len) : NULL;
        if (out.at != NULL) memcpy(out.at, kenal_output(edge), out.len);
    }
    free(shard.at);
    return out;
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: recommend BUNDLE KEY UNIX_TIME VISITOR REQUEST\n");
        return 2;
    }
    if (kenal_abi_version() != KENAL_ABI_VERSION) {
        fprintf(stderr, "the library speaks another version of the interface\n");
        return 1;
    }
    uint8_t key[32];
    /* The library reads 32 bytes, whatever there are. */
    if (strlen(argv[2]) != 64) {
        fprintf(stderr, "the key is not 32 bytes long\n");
        return 2;
    }
    for (int i = 0; i < 32; i++) {
        unsigned byte;
        if (sscanf(argv[2] + 2 * i, "%2x", &byte) != 1) return 2;
        key[i] = (uint8_t)byte;
    }
    kenal_edge *edge = kenal_new();
    struct bytes keys = file(argv[1], "keys.kenal");
    if (keys.at != NULL && kenal_keys(edge, keys.at, keys.len) != KENAL_OK) stop(edge, "keys");
    free(keys.at);
    struct bytes manifest = file(argv[1], "manifest.kenal");
    if (kenal_manifest(edge, manifest.at, manifest.len, key, strtoll(argv[3], NULL, 10)) != KENAL_OK) stop(edge, "manifest");
    free(manifest.at);
    load(edge, argv[1]);
    struct bytes withdrawn = file(argv[1], "revocations.kenal");
    if (withdrawn.at != NULL && kenal_revocations(edge, withdrawn.at, withdrawn.len) != KENAL_OK) stop(edge, "revocations");
    free(withdrawn.at);
    struct bytes own = row(edge, argv[1], argv[4]);
    if (kenal_recommend(edge, (const uint8_t *)argv[5], strlen(argv[5]), own.at, own.len) != KENAL_OK) stop(edge, "request");
    fwrite(kenal_output(edge), 1, kenal_output_len(edge), stdout);
    putchar('\n');
    free(own.at);
    kenal_drop(edge);
    return 0;
}
