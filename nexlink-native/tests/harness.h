/*
 * harness.h - tests are functions that return void and CHECK things; a program runs them with RUN and ends with FINISH, which prints
 * "N passed, N failed". The first failed CHECK ends its test.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdio.h>

static int harness_passed;
static int harness_failed;
static int harness_current_failed;

#define CHECK(condition)                                                                      \
    do {                                                                                      \
        if (!(condition)) {                                                                   \
            fprintf(stderr, "%s:%d: %s: not true: %s\n", __FILE__, __LINE__, __func__, #condition); \
            harness_current_failed = 1;                                                       \
            return;                                                                           \
        }                                                                                     \
    } while (0)

#define CHECK_EQUAL(actual, expected)                                                         \
    do {                                                                                      \
        const long long harness_actual = (long long)(actual);                                 \
        const long long harness_expected = (long long)(expected);                             \
        if (harness_actual != harness_expected) {                                             \
            fprintf(stderr, "%s:%d: %s: %s is %lld and should be %s, %lld\n", __FILE__, __LINE__, __func__, #actual, harness_actual, \
                    #expected, harness_expected);                                             \
            harness_current_failed = 1;                                                       \
            return;                                                                           \
        }                                                                                     \
    } while (0)

#define RUN(test)                      \
    do {                               \
        harness_current_failed = 0;    \
        test();                        \
        if (harness_current_failed) {  \
            harness_failed++;          \
        } else {                       \
            harness_passed++;          \
        }                              \
    } while (0)

#define FINISH()                                                         \
    do {                                                                 \
        printf("%d passed, %d failed\n", harness_passed, harness_failed); \
        return harness_failed == 0 ? 0 : 1;                              \
    } while (0)

#endif
