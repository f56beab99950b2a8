/* ISA-L's Reed-Solomon encoder: k sources into m parities of --size bytes, the same blocks again and again. The kind is k,m. */
#include "common.h"

#include <isa-l/erasure_code.h>
#include <stdio.h>
#include <stdlib.h>

enum { SOURCES_MAX = 64, PARITIES_MAX = 16, TABLE_BYTES = 32, ROUNDS_AT_ONCE = 100 };

static uint8_t *block(size_t size)
{
    const size_t whole = (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    uint8_t *made = aligned_alloc(CACHE_LINE, whole);
    if (made == NULL) {
        fail("no memory");
    }
    for (size_t i = 0; i < whole; i++) {
        made[i] = (uint8_t)(i * 31 + 7);
    }
    return made;
}

int main(int argc, char **argv)
{
    const options asked = options_parse(argc, argv, "10,2 | 20,4");
    int k = 0;
    int m = 0;
    if (sscanf(asked.kind, "%d,%d", &k, &m) != 2 || k < 1 || k > SOURCES_MAX || m < 1 || m > PARITIES_MAX) {
        fail("the kind is k,m: 10,2 for example");
    }
    static uint8_t matrix[(SOURCES_MAX + PARITIES_MAX) * SOURCES_MAX];
    static uint8_t tables[TABLE_BYTES * SOURCES_MAX * PARITIES_MAX];
    gf_gen_cauchy1_matrix(matrix, k + m, k);
    ec_init_tables(k, m, matrix + (size_t)k * (size_t)k, tables);
    uint8_t *sources[SOURCES_MAX];
    uint8_t *parities[PARITIES_MAX];
    for (int i = 0; i < k; i++) {
        sources[i] = block(asked.size);
    }
    for (int i = 0; i < m; i++) {
        parities[i] = block(asked.size);
    }

    const int64_t start = now_ns();
    const int64_t end = start + (int64_t)(asked.seconds * (double)NS_PER_S);
    uint64_t bytes = 0;
    uint64_t symbols = 0;
    int64_t now = start;
    while (now < end) {
        for (int i = 0; i < ROUNDS_AT_ONCE; i++) {
            ec_encode_data((int)asked.size, k, m, tables, sources, parities);
        }
        bytes += (uint64_t)ROUNDS_AT_ONCE * (uint64_t)k * asked.size;
        symbols += (uint64_t)ROUNDS_AT_ONCE * (uint64_t)k;
        now = now_ns();
    }
    touch_read(parities[m - 1], asked.size);
    const result measured = {.peer = "isal", .elapsed_ns = now - start, .bytes = bytes, .packets = symbols};
    result_print(&asked, &measured);
    return 0;
}
