#include "siphash.h"

typedef struct state {
    uint64_t a, b, c, d;
} state;

static uint64_t rotate(uint64_t value, unsigned count)
{
    return value << count | value >> (64 - count);
}

static void mix(state *s, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        s->a += s->b;
        s->c += s->d;
        s->b = rotate(s->b, 13) ^ s->a;
        s->d = rotate(s->d, 16) ^ s->c;
        s->a = rotate(s->a, 32);
        s->c += s->b;
        s->a += s->d;
        s->b = rotate(s->b, 17) ^ s->c;
        s->d = rotate(s->d, 21) ^ s->a;
        s->c = rotate(s->c, 32);
    }
}

/* Up to eight bytes, the first the lowest, whatever the machine's order is. */
static uint64_t word(const uint8_t *bytes, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        value |= (uint64_t)bytes[i] << 8 * i;
    }
    return value;
}

uint64_t nx_siphash(nx_siphash_key key, const void *bytes, size_t length)
{
    /* The constants are the paper's: "somepseudorandomlygeneratedbytes". */
    state s = {
        .a = key.low ^ UINT64_C(0x736f6d6570736575),
        .b = key.high ^ UINT64_C(0x646f72616e646f6d),
        .c = key.low ^ UINT64_C(0x6c7967656e657261),
        .d = key.high ^ UINT64_C(0x7465646279746573),
    };
    const uint8_t *next = bytes;
    size_t left = length;
    for (; left >= sizeof(uint64_t); left -= sizeof(uint64_t), next += sizeof(uint64_t)) {
        const uint64_t block = word(next, sizeof block);
        s.d ^= block;
        mix(&s, 2);
        s.a ^= block;
    }
    const uint64_t last = (uint64_t)(length & 0xFF) << 56 | word(next, left);
    s.d ^= last;
    mix(&s, 2);
    s.a ^= last;
    s.c ^= 0xFF;
    mix(&s, 4);
    return s.a ^ s.b ^ s.c ^ s.d;
}
