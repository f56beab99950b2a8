/* crc32c.h - CRC-32C (RFC 9260 appendix A), what a NexLink header's checksum is when it is not 0. */
#ifndef NX_CRC32C_H
#define NX_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t nx_crc32c(const void *bytes, size_t length);

#endif
