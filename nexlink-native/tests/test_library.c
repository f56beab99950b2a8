/* The shared library as the driver sees it: loaded by path, one symbol, one table. */
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "harness.h"
#include "nexlink.h"

static const char *path;

typedef const nexlink_api *get_api(uint32_t version);

static get_api *load(void)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    get_api *function = NULL;
    if (library != NULL) {
        void *symbol = dlsym(library, "nexlink_get_api");
        memcpy(&function, &symbol, sizeof function); /* ISO C has no cast from object to function pointers */
    }
    return function;
}

static void table_has_every_entry(void)
{
    get_api *get = load();
    CHECK(get != NULL);
    const nexlink_api *table = get(NEXLINK_ABI_VERSION);
    CHECK(table != NULL);
    CHECK_EQUAL(table->version, NEXLINK_ABI_VERSION);
    CHECK_EQUAL(table->size, sizeof *table);
    CHECK(strcmp(table->name(), "native") == 0);
    CHECK(table->last_error() != NULL);
    /* Behind version and size the table is pointers only: none may be missing. */
    for (size_t offset = offsetof(nexlink_api, name); offset < sizeof *table; offset += sizeof(void *)) {
        void *entry;
        memcpy(&entry, (const char *)table + offset, sizeof entry);
        CHECK(entry != NULL);
    }
}

static void other_versions_are_refused(void)
{
    get_api *get = load();
    CHECK(get != NULL);
    CHECK(get(0) == NULL);
    CHECK(get(NEXLINK_ABI_VERSION + 1) == NULL);
}

static void internals_are_hidden(void)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CHECK(library != NULL);
    CHECK(dlsym(library, "nx_link_send") == NULL);
    CHECK(dlsym(library, "nx_loop_create") == NULL);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        return 2;
    }
    path = argv[1];
    RUN(table_has_every_entry);
    RUN(other_versions_are_refused);
    RUN(internals_are_hidden);
    FINISH();
}
