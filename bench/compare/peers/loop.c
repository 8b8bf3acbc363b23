// The limit: acc[target] += factor * weight, with all of acc in the first cache.
//
// loop GRAPH PRECISION THREADS VARIANT; there is one variant, `plain`. It streams as many edges as
// the graph has, 8 bytes each as an engine stores them (u32 target, f32 weight), into 16 KB of
// state: 4096 floats or 2048 doubles, drawn at random, which no real hop does better. Every thread
// is a copy with a stream and a state of its own. It answers `hop` only; there is nothing to check.
#include <pthread.h>

#include "worker.h"

enum { STATE_BYTES = 16 * 1024, COPIES_MAX = 64 };

typedef struct {
    uint32_t target;
    float weight;
} Edge;

typedef struct {
    const Edge *edges;
    uint64_t count;
    int single, passes;
    double sum;
} Copy;

static double add_single(const Edge *edges, uint64_t count, int passes) {
    float acc[STATE_BYTES / sizeof(float)] = {0};
    for (int pass = 0; pass < passes; pass++) {
        float factor = 1.0f / (float)(pass + 1);
        for (uint64_t at = 0; at < count; at++) acc[edges[at].target] += factor * edges[at].weight;
    }
    double sum = 0;
    for (size_t i = 0; i < sizeof acc / sizeof *acc; i++) sum += acc[i];
    return sum;
}

static double add_double(const Edge *edges, uint64_t count, int passes) {
    double acc[STATE_BYTES / sizeof(double)] = {0};
    for (int pass = 0; pass < passes; pass++) {
        double factor = 1.0 / (pass + 1);
        for (uint64_t at = 0; at < count; at++) acc[edges[at].target] += factor * edges[at].weight;
    }
    double sum = 0;
    for (size_t i = 0; i < sizeof acc / sizeof *acc; i++) sum += acc[i];
    return sum;
}

static void *run(void *given) {
    Copy *copy = given;
    copy->sum = copy->single ? add_single(copy->edges, copy->count, copy->passes)
                             : add_double(copy->edges, copy->count, copy->passes);
    return NULL;
}

// xorshift64*: good enough to spread targets over the state.
static uint64_t draw(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 2685821657736338717u;
}

int main(int count, char **words) {
    if (count != 5) die("usage: loop GRAPH PRECISION THREADS VARIANT");
    int single = strcmp(words[2], "single") == 0;
    int copies = atoi(words[3]);
    if (copies < 1 || copies > COPIES_MAX) die("THREADS is from 1 to 64");
    uint64_t cells = STATE_BYTES / (single ? sizeof(float) : sizeof(double));
    Graph g = read_graph(words[1]);
    Copy copy[COPIES_MAX];
    uint64_t state = 42;
    for (int c = 0; c < copies; c++) {
        Edge *edges = malloc(g.edges * sizeof *edges);
        for (uint64_t at = 0; at < g.edges; at++)
            edges[at] = (Edge){(uint32_t)((draw(&state) >> 32) % cells), g.weights[at]};
        copy[c] = (Copy){.edges = edges, .count = g.edges, .single = single};
    }
    puts("ready");
    fflush(stdout);
    char line[4096];
    while (fgets(line, sizeof line, stdin)) {
        int passes;
        if (sscanf(line, "hop %d", &passes) != 1) {
            puts("error the loop knows hop only");
        } else {
            pthread_t threads[COPIES_MAX];
            double sum = 0;
            Clocks begin = now();
            for (int c = 0; c < copies; c++) {
                copy[c].passes = passes;
                if (pthread_create(&threads[c], NULL, run, &copy[c])) die("no thread");
            }
            for (int c = 0; c < copies; c++) {
                pthread_join(threads[c], NULL);
                sum += copy[c].sum;
            }
            reply(begin, now(), (double)g.edges * passes * copies, sum);
        }
        fflush(stdout);
    }
    return 0;
}
