#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_SIZE = 256, REASON_SIZE = 128 };

static _Thread_local const char *message = "";
static _Thread_local char formatted[MESSAGE_SIZE];

/* glibc and musl disagree about what strerror_r returns under _GNU_SOURCE; the type tells which one this is. */
static const char *reason_from_gnu(const char *result, const char *buffer)
{
    (void)buffer;
    return result;
}

static const char *reason_from_posix(int result, const char *buffer)
{
    return result == 0 ? buffer : "unknown error";
}

int32_t nx_fail(int32_t code, const char *text)
{
    message = text;
    return code;
}

int32_t nx_fail_system(const char *attempted)
{
    const int error = errno;
    char buffer[REASON_SIZE] = "";
    const char *reason = _Generic(strerror_r(0, buffer, sizeof buffer), char *: reason_from_gnu, int: reason_from_posix)(
        strerror_r(error, buffer, sizeof buffer), buffer);
    (void)snprintf(formatted, sizeof formatted, "%s: %s", attempted, reason);
    message = formatted;
    switch (error) {
    case ENOMEM:
    case ENOBUFS:
    case ENOSPC:
    case EMFILE:
    case ENFILE:
        return NEXLINK_ENOMEM;
    default:
        return NEXLINK_ESYSTEM;
    }
}

const char *nx_last_error(void)
{
    return message;
}
