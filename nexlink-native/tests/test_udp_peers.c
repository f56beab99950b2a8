/* The table of addresses: names that nobody can choose, and a bound that a flood of strangers does not turn against those who are known. */
#include <string.h>

#include "crc32c.h"
#include "harness.h"
#include "siphash.h"
#include "udp_peers.h"

enum { CAPACITY = 64, FLOOD = 10000 };

static nx_udp_key key_of(uint8_t node, uint16_t port)
{
    nx_udp_key key = {.address = {.address = {[10] = 0xFF, [11] = 0xFF, [12] = 192, [14] = 2, [15] = 1}, .port = port}};
    memset(key.node, node, sizeof key.node);
    return key;
}

static void make_known(nx_udp_peers *peers, const nx_udp_key *key)
{
    for (uint32_t i = 0; i < NX_UDP_SENDS_KNOWN; i++) {
        nx_udp_peers_sent(peers, nx_udp_peers_learn(peers, key));
    }
}

static void hashes_are_those_of_their_papers(void)
{
    uint8_t bytes[16];
    for (uint8_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = i;
    }
    const nx_siphash_key key = {.low = UINT64_C(0x0706050403020100), .high = UINT64_C(0x0f0e0d0c0b0a0908)};
    CHECK(nx_siphash(key, bytes, 15) == UINT64_C(0xa129ca6149be45e5));
    CHECK_EQUAL(nx_crc32c("123456789", 9), 0xE3069283u);
}

static void one_id_at_two_addresses_has_two_names(void)
{
    nx_udp_peers peers;
    CHECK_EQUAL(nx_udp_peers_create(CAPACITY, &peers), NEXLINK_OK);
    const nx_udp_key here = key_of(7, 1000);
    const nx_udp_key there = key_of(7, 1001);
    const nx_udp_key other = key_of(8, 1000);
    nx_udp_peer *first = nx_udp_peers_learn(&peers, &here);
    nx_udp_peer *second = nx_udp_peers_learn(&peers, &there);
    nx_udp_peer *third = nx_udp_peers_learn(&peers, &other);
    CHECK(first != second && second != third && first != third);
    CHECK(memcmp(first->name, second->name, sizeof first->name) != 0);
    CHECK(memcmp(first->name, third->name, sizeof first->name) != 0);
    CHECK(memcmp(first->name, here.node, sizeof first->name) != 0); /* nobody is called what he says he is */
    CHECK(nx_udp_peers_learn(&peers, &here) == first);
    CHECK(nx_udp_peers_find(&peers, second->name) == second);
    CHECK(nx_udp_peers_find(&peers, here.node) == NULL);
    nx_udp_peers_destroy(&peers);
}

static void names_are_the_same_again_after_they_were_forgotten(void)
{
    nx_udp_peers peers;
    nx_udp_peers others;
    CHECK_EQUAL(nx_udp_peers_create(CAPACITY, &peers), NEXLINK_OK);
    CHECK_EQUAL(nx_udp_peers_create(CAPACITY, &others), NEXLINK_OK);
    const nx_udp_key key = key_of(1, 1);
    uint8_t name[NEXLINK_NODE_ID_SIZE];
    memcpy(name, nx_udp_peers_learn(&peers, &key)->name, sizeof name);
    for (uint16_t port = 2; port < 2 + CAPACITY; port++) {
        const nx_udp_key stranger = key_of(1, port);
        (void)nx_udp_peers_learn(&peers, &stranger);
    }
    CHECK(nx_udp_peers_find(&peers, name) == NULL);
    CHECK(memcmp(nx_udp_peers_learn(&peers, &key)->name, name, sizeof name) == 0);
    CHECK(memcmp(nx_udp_peers_learn(&others, &key)->name, name, sizeof name) != 0); /* under another secret */
    nx_udp_peers_destroy(&peers);
    nx_udp_peers_destroy(&others);
}

static void flood_of_strangers_pushes_out_strangers_only(void)
{
    nx_udp_peers peers;
    CHECK_EQUAL(nx_udp_peers_create(CAPACITY, &peers), NEXLINK_OK);
    const nx_udp_key dialled = key_of(1, 1);
    CHECK(nx_udp_peers_dial(&peers, &dialled) != NULL);
    for (uint16_t port = 2; port < 10; port++) {
        const nx_udp_key known = key_of(2, port);
        make_known(&peers, &known);
    }
    for (uint32_t i = 0; i < FLOOD; i++) {
        const nx_udp_key stranger = key_of((uint8_t)i, (uint16_t)(1000 + i));
        nx_udp_peers_sent(&peers, nx_udp_peers_learn(&peers, &stranger)); /* and each is answered once */
        CHECK(nx_udp_peers_count(&peers) <= CAPACITY);
    }
    for (uint16_t port = 2; port < 10; port++) {
        const nx_udp_key known = key_of(2, port);
        const uint64_t evicted = peers.evicted;
        CHECK(nx_udp_peers_learn(&peers, &known)->standing == NX_UDP_KNOWN);
        CHECK(peers.evicted == evicted); /* it was there */
    }
    CHECK(nx_udp_peers_find(&peers, dialled.node) != NULL);
    nx_udp_peers_destroy(&peers);
}

static void who_was_sent_to_last_stays_longest(void)
{
    nx_udp_peers peers;
    CHECK_EQUAL(nx_udp_peers_create(CAPACITY, &peers), NEXLINK_OK);
    const nx_udp_key busy = key_of(1, 1);
    const nx_udp_key idle = key_of(2, 2);
    make_known(&peers, &busy);
    make_known(&peers, &idle);
    uint8_t busy_name[NEXLINK_NODE_ID_SIZE];
    uint8_t idle_name[NEXLINK_NODE_ID_SIZE];
    memcpy(busy_name, nx_udp_peers_learn(&peers, &busy)->name, sizeof busy_name);
    memcpy(idle_name, nx_udp_peers_learn(&peers, &idle)->name, sizeof idle_name);
    for (uint16_t i = 0; i < 2 * CAPACITY; i++) {
        const nx_udp_key key = key_of(3, (uint16_t)(1000 + i));
        make_known(&peers, &key);
        nx_udp_peers_sent(&peers, nx_udp_peers_find(&peers, busy_name));
    }
    CHECK(nx_udp_peers_find(&peers, busy_name) != NULL);
    CHECK(nx_udp_peers_find(&peers, idle_name) == NULL);
    nx_udp_peers_destroy(&peers);
}

static void dialled_peers_stay_and_are_bounded(void)
{
    nx_udp_peers peers;
    CHECK_EQUAL(nx_udp_peers_create(CAPACITY, &peers), NEXLINK_OK);
    for (uint16_t i = 0; i < CAPACITY / 2; i++) {
        const nx_udp_key key = key_of((uint8_t)(i + 1), 5);
        CHECK(nx_udp_peers_dial(&peers, &key) != NULL);
        CHECK(nx_udp_peers_dial(&peers, &key) != NULL); /* the same again is no second one */
    }
    const nx_udp_key more = key_of(200, 5);
    CHECK(nx_udp_peers_dial(&peers, &more) == NULL);
    for (uint16_t i = 0; i < 2 * CAPACITY; i++) {
        const nx_udp_key key = key_of(201, (uint16_t)(1000 + i));
        make_known(&peers, &key);
    }
    for (uint16_t i = 0; i < CAPACITY / 2; i++) {
        const nx_udp_key key = key_of((uint8_t)(i + 1), 5);
        CHECK(nx_udp_peers_find(&peers, key.node) != NULL);
    }
    nx_udp_peers_destroy(&peers);
}

static void dialled_address_answers_under_the_dialled_name(void)
{
    nx_udp_peers peers;
    CHECK_EQUAL(nx_udp_peers_create(CAPACITY, &peers), NEXLINK_OK);
    const nx_udp_key anybody = key_of(0, 9);
    nx_udp_peer *dialled = nx_udp_peers_dial(&peers, &anybody);
    CHECK(dialled != NULL);
    const nx_udp_key answer = key_of(5, 9);
    CHECK(nx_udp_peers_learn(&peers, &answer) == dialled);
    const nx_udp_key elsewhere = key_of(5, 10);
    CHECK(nx_udp_peers_learn(&peers, &elsewhere) != dialled);

    /* Who called before he was dialled keeps the name that the endpoint knows. */
    nx_udp_peer *caller = nx_udp_peers_learn(&peers, &elsewhere);
    uint8_t name[NEXLINK_NODE_ID_SIZE];
    memcpy(name, caller->name, sizeof name);
    CHECK(nx_udp_peers_dial(&peers, &elsewhere) == caller);
    CHECK(memcmp(caller->name, name, sizeof name) == 0 && caller->standing == NX_UDP_DIALLED);

    /* A node that is dialled at another address is to be found there and nowhere else. */
    const nx_udp_key before = key_of(6, 11);
    const nx_udp_key after = key_of(6, 12);
    CHECK(nx_udp_peers_dial(&peers, &before) != NULL);
    CHECK(nx_udp_peers_dial(&peers, &after) != NULL);
    CHECK_EQUAL(nx_udp_peers_find(&peers, after.node)->key.address.port, 12);
    CHECK(memcmp(nx_udp_peers_learn(&peers, &before)->name, before.node, sizeof name) != 0);
    nx_udp_peers_destroy(&peers);
}

int main(void)
{
    RUN(hashes_are_those_of_their_papers);
    RUN(one_id_at_two_addresses_has_two_names);
    RUN(names_are_the_same_again_after_they_were_forgotten);
    RUN(flood_of_strangers_pushes_out_strangers_only);
    RUN(who_was_sent_to_last_stays_longest);
    RUN(dialled_peers_stay_and_are_bounded);
    RUN(dialled_address_answers_under_the_dialled_name);
    FINISH();
}
