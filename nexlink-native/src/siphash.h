/*
 * siphash.h - SipHash-2-4 (Aumasson and Bernstein 2012): a hash under a secret key, so that who chooses the inputs can choose neither where they
 * come to lie in a table nor what they are called.
 */
#ifndef NX_SIPHASH_H
#define NX_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct nx_siphash_key {
    uint64_t low;
    uint64_t high;
} nx_siphash_key;

uint64_t nx_siphash(nx_siphash_key key, const void *bytes, size_t length);

#endif
