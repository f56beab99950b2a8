/* error.h - the outcome of a failed call: one of NEXLINK_E*, and a sentence for last_error(). */
#ifndef NX_ERROR_H
#define NX_ERROR_H

#include <stdint.h>

#include "nexlink.h"

/* Notes a literal message for this thread and returns the code: no formatting, because EAGAIN and EPEER are met on hot paths. */
int32_t nx_fail(int32_t code, const char *message);

/* Notes what was attempted and what errno says about it; returns NEXLINK_ENOMEM where the system lacks a resource, else NEXLINK_ESYSTEM. */
int32_t nx_fail_system(const char *attempted);

const char *nx_last_error(void);

#endif
