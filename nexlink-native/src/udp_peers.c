#include "udp_peers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "error.h"

#define NONE UINT32_MAX

enum {
    PEERS_MIN = 8,
    PEERS_MAX = 1 << 20,
    DIALLED_PART = 2,
    /* Bits that tell the two halves of a name from each other and from a place in the table. */
    NAME_DOMAIN_HIGH = 1,
    NAME_DOMAIN_LOW = 2,
};

static const uint8_t anybody[NEXLINK_NODE_ID_SIZE];

bool nx_udp_peers_capacity_valid(uint32_t capacity)
{
    return capacity >= PEERS_MIN && capacity <= PEERS_MAX;
}

static void add(nx_udp_peers *peers, nx_udp_standing standing, uint32_t index)
{
    nx_udp_list *list = &peers->lists[standing];
    nx_udp_peer *peer = &peers->entries[index];
    peer->standing = standing;
    peer->newer = NONE;
    peer->older = list->newest;
    if (list->newest != NONE) {
        peers->entries[list->newest].newer = index;
    } else {
        list->oldest = index;
    }
    list->newest = index;
    list->count++;
}

static void take_out(nx_udp_peers *peers, uint32_t index)
{
    const nx_udp_peer *peer = &peers->entries[index];
    nx_udp_list *list = &peers->lists[peer->standing];
    *(peer->older != NONE ? &peers->entries[peer->older].newer : &list->oldest) = peer->newer;
    *(peer->newer != NONE ? &peers->entries[peer->newer].older : &list->newest) = peer->older;
    list->count--;
}

int32_t nx_udp_peers_create(uint32_t capacity, nx_udp_peers *peers)
{
    uint32_t buckets = 1;
    while (buckets < capacity) {
        buckets *= 2;
    }
    *peers = (nx_udp_peers){
        .entries = calloc(capacity, sizeof *peers->entries),
        .by_key = malloc(buckets * sizeof *peers->by_key),
        .by_name = malloc(buckets * sizeof *peers->by_name),
        .capacity = capacity,
        .bucket_mask = buckets - 1,
    };
    if (peers->entries == NULL || peers->by_key == NULL || peers->by_name == NULL
        || getrandom(&peers->secret, sizeof peers->secret, 0) != (ssize_t)sizeof peers->secret) {
        const int32_t result = nx_fail_system("open_udp: making the table of addresses");
        nx_udp_peers_destroy(peers);
        return result;
    }
    memset(peers->by_key, 0xFF, buckets * sizeof *peers->by_key);
    memset(peers->by_name, 0xFF, buckets * sizeof *peers->by_name);
    for (int i = 0; i < NX_UDP_STANDINGS; i++) {
        peers->lists[i] = (nx_udp_list){.oldest = NONE, .newest = NONE, .count = 0};
    }
    for (uint32_t i = 0; i < capacity; i++) {
        add(peers, NX_UDP_FREE, i);
    }
    return NEXLINK_OK;
}

void nx_udp_peers_destroy(nx_udp_peers *peers)
{
    free(peers->entries);
    free(peers->by_key);
    free(peers->by_name);
    *peers = (nx_udp_peers){.entries = NULL};
}

uint32_t nx_udp_peers_count(const nx_udp_peers *peers)
{
    return peers->capacity - peers->lists[NX_UDP_FREE].count;
}

static uint32_t *key_bucket(const nx_udp_peers *peers, const nx_udp_key *key)
{
    return &peers->by_key[nx_siphash(peers->secret, key, sizeof *key) & peers->bucket_mask];
}

static uint32_t *name_bucket(const nx_udp_peers *peers, const uint8_t *name)
{
    return &peers->by_name[nx_siphash(peers->secret, name, NEXLINK_NODE_ID_SIZE) & peers->bucket_mask];
}

/* What the peer is called: never all zero, which is nobody's name. */
static void make_name(const nx_udp_peers *peers, const nx_udp_key *key, uint8_t *name)
{
    const nx_siphash_key high = {.low = peers->secret.low, .high = ~peers->secret.high ^ NAME_DOMAIN_HIGH};
    const nx_siphash_key low = {.low = peers->secret.low, .high = ~peers->secret.high ^ NAME_DOMAIN_LOW};
    const uint64_t halves[] = {nx_siphash(high, key, sizeof *key) | 1, nx_siphash(low, key, sizeof *key)};
    memcpy(name, halves, sizeof halves);
}

static uint32_t index_by_key(const nx_udp_peers *peers, const nx_udp_key *key)
{
    uint32_t index = *key_bucket(peers, key);
    while (index != NONE && memcmp(&peers->entries[index].key, key, sizeof *key) != 0) {
        index = peers->entries[index].next_by_key;
    }
    return index;
}

nx_udp_peer *nx_udp_peers_find(nx_udp_peers *peers, const uint8_t *name)
{
    uint32_t index = *name_bucket(peers, name);
    while (index != NONE && memcmp(peers->entries[index].name, name, NEXLINK_NODE_ID_SIZE) != 0) {
        index = peers->entries[index].next_by_name;
    }
    return index != NONE ? &peers->entries[index] : NULL;
}

static void forget(nx_udp_peers *peers, uint32_t index)
{
    const nx_udp_peer *peer = &peers->entries[index];
    uint32_t *link = key_bucket(peers, &peer->key);
    while (*link != index) {
        link = &peers->entries[*link].next_by_key;
    }
    *link = peer->next_by_key;
    link = name_bucket(peers, peer->name);
    while (*link != index) {
        link = &peers->entries[*link].next_by_name;
    }
    *link = peer->next_by_name;
    take_out(peers, index);
    add(peers, NX_UDP_FREE, index);
    peers->evicted++;
}

/* A free entry with key and name. There always is one: who may come next is counted before. */
static nx_udp_peer *insert(nx_udp_peers *peers, const nx_udp_key *key, const uint8_t *name, nx_udp_standing standing)
{
    const uint32_t index = peers->lists[NX_UDP_FREE].oldest;
    take_out(peers, index);
    nx_udp_peer *peer = &peers->entries[index];
    uint32_t *by_key = key_bucket(peers, key);
    uint32_t *by_name = name_bucket(peers, name);
    peer->key = *key;
    memcpy(peer->name, name, sizeof peer->name);
    peer->next_by_key = *by_key;
    peer->next_by_name = *by_name;
    peer->sends = 0;
    *by_key = index;
    *by_name = index;
    add(peers, standing, index);
    return peer;
}

/* Makes room for one more in the whole table: strangers go first, then who was sent to least recently. */
static void make_room(nx_udp_peers *peers)
{
    if (peers->lists[NX_UDP_FREE].count == 0) {
        forget(peers, peers->lists[peers->lists[NX_UDP_STRANGER].count != 0 ? NX_UDP_STRANGER : NX_UDP_KNOWN].oldest);
    }
}

nx_udp_peer *nx_udp_peers_learn(nx_udp_peers *peers, const nx_udp_key *key)
{
    uint32_t index = index_by_key(peers, key);
    if (index == NONE) {
        nx_udp_key whoever = *key;
        memcpy(whoever.node, anybody, sizeof whoever.node);
        index = index_by_key(peers, &whoever);
    }
    if (index != NONE) {
        return &peers->entries[index];
    }
    make_room(peers);
    uint8_t name[NEXLINK_NODE_ID_SIZE];
    make_name(peers, key, name);
    return insert(peers, key, name, NX_UDP_STRANGER);
}

nx_udp_peer *nx_udp_peers_dial(nx_udp_peers *peers, const nx_udp_key *key)
{
    const uint32_t index = index_by_key(peers, key);
    if (index != NONE && peers->entries[index].standing == NX_UDP_DIALLED) {
        return &peers->entries[index];
    }
    if (peers->lists[NX_UDP_DIALLED].count >= peers->capacity / DIALLED_PART) {
        return NULL;
    }
    if (index != NONE) {
        /* It called before, and the endpoint may know it by the name that it was given. */
        take_out(peers, index);
        add(peers, NX_UDP_DIALLED, index);
        return &peers->entries[index];
    }
    uint8_t name[NEXLINK_NODE_ID_SIZE];
    if (memcmp(key->node, anybody, sizeof anybody) == 0) {
        make_name(peers, key, name);
    } else {
        memcpy(name, key->node, sizeof name);
        const nx_udp_peer *former = nx_udp_peers_find(peers, name);
        if (former != NULL) {
            forget(peers, (uint32_t)(former - peers->entries));
        }
    }
    make_room(peers);
    return insert(peers, key, name, NX_UDP_DIALLED);
}

void nx_udp_peers_sent(nx_udp_peers *peers, nx_udp_peer *peer)
{
    const uint32_t index = (uint32_t)(peer - peers->entries);
    if (peer->standing == NX_UDP_STRANGER) {
        if (++peer->sends < NX_UDP_SENDS_KNOWN) {
            return;
        }
    } else if (peer->standing != NX_UDP_KNOWN || peers->lists[NX_UDP_KNOWN].newest == index) {
        return;
    }
    take_out(peers, index);
    add(peers, NX_UDP_KNOWN, index);
}
