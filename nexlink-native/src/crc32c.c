#include "crc32c.h"

#include <pthread.h>

/* Castagnoli's polynomial with its bits reversed. */
#define POLYNOMIAL UINT32_C(0x82F63B78)

enum { TABLE_SIZE = 256 };

static uint32_t table[TABLE_SIZE];
static pthread_once_t table_made = PTHREAD_ONCE_INIT;

static void make_table(void)
{
    for (uint32_t i = 0; i < TABLE_SIZE; i++) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; bit++) {
            value = (value & 1) != 0 ? value >> 1 ^ POLYNOMIAL : value >> 1;
        }
        table[i] = value;
    }
}

uint32_t nx_crc32c(const void *bytes, size_t length)
{
    (void)pthread_once(&table_made, make_table);
    const uint8_t *next = bytes;
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < length; i++) {
        crc = table[(crc ^ next[i]) & 0xFF] ^ crc >> 8;
    }
    return crc ^ UINT32_MAX;
}
