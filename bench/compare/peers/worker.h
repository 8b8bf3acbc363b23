// What the workers in C share: the graph's files, the clocks, and the ten strongest nodes.
// The command language is described in README.md.
#ifndef WORKER_H
#define WORKER_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TOP = 10 };

typedef struct {
    uint64_t nodes, edges;
    uint64_t *offsets;
    uint32_t *targets;
    float *weights;
    uint32_t *seeds;
    uint64_t queries;
} Graph;

typedef struct {
    double wall, cpu;
} Clocks;

static inline void die(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static inline void *column(const char *folder, const char *name, size_t width, uint64_t *count) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    fseek(file, 0, SEEK_END);
    size_t bytes = (size_t)ftell(file);
    rewind(file);
    void *numbers = malloc(bytes);
    if (!numbers || fread(numbers, 1, bytes, file) != bytes) die(path);
    fclose(file);
    *count = bytes / width;
    return numbers;
}

static inline Graph read_graph(const char *folder) {
    Graph g;
    uint64_t weights;
    g.offsets = column(folder, "offsets.u64", 8, &g.nodes);
    g.nodes -= 1;
    g.targets = column(folder, "targets.u32", 4, &g.edges);
    g.weights = column(folder, "weights.f32", 4, &weights);
    g.seeds = column(folder, "seeds.u32", 4, &g.queries);
    return g;
}

static inline double seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline Clocks now(void) {
    return (Clocks){seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID)};
}

static inline void reply(Clocks begin, Clocks end, double work, double checksum) {
    printf("ok %.9f %.9f %.0f %.12e\n", end.wall - begin.wall, end.cpu - begin.cpu, work, checksum);
}

typedef struct {
    uint64_t node;
    double value;
} Strong;

// Keeps the TOP largest values in descending order, ties by node; begin with `count` 0.
typedef struct {
    Strong best[TOP];
    int count;
} Strongest;

static inline int stronger(Strong a, Strong b) {
    return a.value > b.value || (a.value == b.value && a.node < b.node);
}

static inline void offer(Strongest *s, uint64_t node, double value) {
    Strong new = {node, value};
    if (s->count == TOP && !stronger(new, s->best[TOP - 1])) return;
    int at = s->count < TOP ? s->count++ : TOP - 1;
    for (; at > 0 && stronger(new, s->best[at - 1]); at--) s->best[at] = s->best[at - 1];
    s->best[at] = new;
}

static inline double sum_of(const Strongest *s) {
    double sum = 0;
    for (int i = 0; i < s->count; i++) sum += s->best[i].value;
    return sum;
}

// Opens the file for answers; none where the command says `-`.
static inline FILE *open_answers(const char *path) {
    if (strcmp(path, "-") == 0) return NULL;
    FILE *file = fopen(path, "wb");
    if (!file) die(path);
    return file;
}

static inline void write_answer(FILE *file, const Strongest *s) {
    if (!file) return;
    for (int i = 0; i < TOP; i++) {
        Strong pair = i < s->count ? s->best[i] : (Strong){UINT64_MAX, 0};
        fwrite(&pair, sizeof pair, 1, file);
    }
}
#endif
