// SuiteSparse:GraphBLAS: a query is vector times matrix for each hop, a batch is a matrix of seeds
// times the matrix, the full-frontier hop a pull (mxv over the transposed matrix).
//
// graphblas GRAPH PRECISION THREADS VARIANT; there is one variant, `plain`. The matrix holds
// weights times hop decay, so that no hop needs a pass for it, and has the type of the state, so
// that nothing is converted. Vectors take whatever form the library chooses.
#include <GraphBLAS.h>

#include "worker.h"

#define OK(call)                                                       \
    do {                                                               \
        GrB_Info info = (call);                                        \
        if (info != GrB_SUCCESS && info != GrB_NO_VALUE) {             \
            fprintf(stderr, "%s: status %d\n", #call, (int)info);      \
            exit(1);                                                   \
        }                                                              \
    } while (0)

static const double HOP_DECAY = 0.85;

// The library's names for one precision.
static GrB_Type type;
static GrB_BinaryOp plus;
static GrB_Semiring times_plus;
static GrB_IndexUnaryOp at_least;
static int single;

static Graph g;
static GrB_Matrix forward;  // weights * decay, by rows
static GrB_Matrix backward; // weights, transposed, by rows
static GrB_Index *indices;
static double *values;
static float *values_single;

static GrB_Matrix matrix(double factor) {
    GrB_Matrix a;
    GrB_Index *rows = malloc(g.edges * sizeof *rows), *columns = malloc(g.edges * sizeof *columns);
    OK(GrB_Matrix_new(&a, type, g.nodes, g.nodes));
    for (uint64_t row = 0; row < g.nodes; row++)
        for (uint64_t at = g.offsets[row]; at < g.offsets[row + 1]; at++) {
            rows[at] = row;
            columns[at] = g.targets[at];
        }
    if (single) {
        float *x = malloc(g.edges * sizeof *x);
        for (uint64_t at = 0; at < g.edges; at++) x[at] = (float)(g.weights[at] * factor);
        OK(GrB_Matrix_build_FP32(a, rows, columns, x, g.edges, GrB_PLUS_FP32));
        free(x);
    } else {
        double *x = malloc(g.edges * sizeof *x);
        for (uint64_t at = 0; at < g.edges; at++) x[at] = g.weights[at] * factor;
        OK(GrB_Matrix_build_FP64(a, rows, columns, x, g.edges, GrB_PLUS_FP64));
        free(x);
    }
    free(rows);
    free(columns);
    OK(GrB_Matrix_wait(a, GrB_MATERIALIZE));
    return a;
}

static void offer_all(Strongest *s, const GrB_Index *nodes, GrB_Index count) {
    for (GrB_Index at = 0; at < count; at++)
        offer(s, nodes[at], single ? (double)values_single[at] : values[at]);
}

static Strongest strongest_of(GrB_Vector v) {
    Strongest s = {.count = 0};
    GrB_Index count = g.nodes;
    if (single)
        OK(GrB_Vector_extractTuples_FP32(indices, values_single, &count, v));
    else
        OK(GrB_Vector_extractTuples_FP64(indices, values, &count, v));
    offer_all(&s, indices, count);
    return s;
}

static Strongest query(uint32_t seed, int hops, double threshold) {
    GrB_Vector x, total;
    OK(GrB_Vector_new(&x, type, g.nodes));
    OK(GrB_Vector_setElement_FP64(x, 1, seed));
    OK(GrB_Vector_dup(&total, x));
    for (int hop = 0; hop < hops; hop++) {
        if (threshold > 0)
            OK(single ? GrB_Vector_select_FP32(x, NULL, NULL, at_least, x, (float)threshold, NULL)
                      : GrB_Vector_select_FP64(x, NULL, NULL, at_least, x, threshold, NULL));
        OK(GrB_vxm(x, NULL, NULL, times_plus, x, forward, NULL));
        OK(GrB_Vector_eWiseAdd_BinaryOp(total, NULL, NULL, plus, total, x, NULL));
    }
    Strongest s = strongest_of(total);
    OK(GrB_Vector_free(&x));
    OK(GrB_Vector_free(&total));
    return s;
}

// All queries as rows of one matrix. Fills `answers`.
static void batch(uint64_t first, uint64_t count, int hops, double threshold, Strongest *answers) {
    GrB_Matrix x, total;
    OK(GrB_Matrix_new(&x, type, count, g.nodes));
    for (uint64_t i = 0; i < count; i++)
        OK(GrB_Matrix_setElement_FP64(x, 1, i, g.seeds[(first + i) % g.queries]));
    OK(GrB_Matrix_dup(&total, x));
    for (int hop = 0; hop < hops; hop++) {
        if (threshold > 0)
            OK(single ? GrB_Matrix_select_FP32(x, NULL, NULL, at_least, x, (float)threshold, NULL)
                      : GrB_Matrix_select_FP64(x, NULL, NULL, at_least, x, threshold, NULL));
        OK(GrB_mxm(x, NULL, NULL, times_plus, x, forward, NULL));
        OK(GrB_Matrix_eWiseAdd_BinaryOp(total, NULL, NULL, plus, total, x, NULL));
    }
    GrB_Vector row;
    OK(GrB_Vector_new(&row, type, g.nodes));
    for (uint64_t i = 0; i < count; i++) {
        // Row i as a column of the transposed matrix.
        OK(GrB_Col_extract(row, NULL, NULL, total, GrB_ALL, g.nodes, i, GrB_DESC_T0));
        answers[i] = strongest_of(row);
    }
    OK(GrB_Vector_free(&row));
    OK(GrB_Matrix_free(&x));
    OK(GrB_Matrix_free(&total));
}

static void spread(int is_batch, int hops, double threshold, uint64_t first, uint64_t count,
                   const char *out) {
    if (!forward) forward = matrix(HOP_DECAY);
    Strongest *answers = malloc(count * sizeof *answers);
    Clocks begin = now();
    if (is_batch)
        batch(first, count, hops, threshold, answers);
    else
        for (uint64_t i = 0; i < count; i++)
            answers[i] = query(g.seeds[(first + i) % g.queries], hops, threshold);
    Clocks end = now();
    double checksum = 0;
    FILE *file = open_answers(out);
    for (uint64_t i = 0; i < count; i++) {
        checksum += sum_of(&answers[i]);
        write_answer(file, &answers[i]);
    }
    if (file) fclose(file);
    free(answers);
    reply(begin, end, (double)count, checksum);
}

// One pull over all edges into y, which is full before and after, so that the library adds dot
// products in place. It is the fastest of its forms.
static void pull(GrB_Vector y, GrB_Vector x) {
    OK(GrB_Vector_assign_FP64(y, NULL, NULL, 0, GrB_ALL, g.nodes, NULL));
    OK(GrB_mxv(y, NULL, plus, times_plus, backward, x, NULL));
}

static void hop(int hops, const char *out) {
    if (!backward) {
        GrB_Matrix a = matrix(1);
        OK(GrB_Matrix_new(&backward, type, g.nodes, g.nodes));
        OK(GrB_transpose(backward, NULL, NULL, a, NULL));
        OK(GrB_Matrix_wait(backward, GrB_MATERIALIZE));
        OK(GrB_Matrix_free(&a));
    }
    GrB_Vector x, y, total;
    OK(GrB_Vector_new(&x, type, g.nodes));
    OK(GrB_Vector_assign_FP64(x, NULL, NULL, 1, GrB_ALL, g.nodes, NULL));
    OK(GrB_Vector_dup(&y, x));
    OK(GrB_Vector_dup(&total, x));
    // The first hop is not timed, for anybody.
    Clocks begin = now();
    for (int i = 0; i <= hops; i++) {
        if (i == 1) begin = now();
        pull(y, x);
        GrB_Vector swap = x;
        x = y;
        y = swap;
        // Only an answer needs the sum; time is taken of the pulls alone.
        if (strcmp(out, "-") != 0)
            OK(GrB_Vector_eWiseAdd_BinaryOp(total, NULL, NULL, plus, total, x, NULL));
    }
    Clocks end = now();
    FILE *file = open_answers(out);
    Strongest s = strongest_of(file ? total : x);
    write_answer(file, &s);
    if (file) fclose(file);
    OK(GrB_Vector_free(&x));
    OK(GrB_Vector_free(&y));
    OK(GrB_Vector_free(&total));
    reply(begin, end, (double)g.edges * hops, sum_of(&s));
}

int main(int count, char **words) {
    if (count != 5) die("usage: graphblas GRAPH PRECISION THREADS VARIANT");
    single = strcmp(words[2], "single") == 0;
    OK(GrB_init(GrB_NONBLOCKING));
    OK(GxB_Global_Option_set(GxB_GLOBAL_NTHREADS, atoi(words[3])));
    type = single ? GrB_FP32 : GrB_FP64;
    plus = single ? GrB_PLUS_FP32 : GrB_PLUS_FP64;
    times_plus = single ? GrB_PLUS_TIMES_SEMIRING_FP32 : GrB_PLUS_TIMES_SEMIRING_FP64;
    at_least = single ? GrB_VALUEGE_FP32 : GrB_VALUEGE_FP64;
    g = read_graph(words[1]);
    indices = malloc(g.nodes * sizeof *indices);
    values = malloc(g.nodes * sizeof *values);
    values_single = malloc(g.nodes * sizeof *values_single);
    puts("ready");
    fflush(stdout);
    char line[4096], verb[32], out[4000];
    while (fgets(line, sizeof line, stdin)) {
        int hops;
        double threshold;
        unsigned long long first, asked;
        if (sscanf(line, "hop %d %3999s", &hops, out) == 2)
            hop(hops, out);
        else if (sscanf(line, "%31s %d %lf %llu %llu %3999s", verb, &hops, &threshold, &first,
                        &asked, out) == 6 &&
                 (strcmp(verb, "spread") == 0 || strcmp(verb, "batch") == 0))
            spread(strcmp(verb, "batch") == 0, hops, threshold, first, asked, out);
        else
            puts("error GraphBLAS knows spread, batch and hop");
        fflush(stdout);
    }
    return 0;
}
