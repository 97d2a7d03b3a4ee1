// Matrix products by BLAS, which Enzyme knows and differentiates by its functions' names.
extern "C" {
void dgemv_(const char *trans, const int *m, const int *n, const double *alpha, const double *a, const int *lda,
            const double *x, const int *incx, const double *beta, double *y, const int *incy);
void dgemm_(const char *transa, const char *transb, const int *m, const int *n, const int *k, const double *alpha,
            const double *a, const int *lda, const double *b, const int *ldb, const double *beta, double *c,
            const int *ldc);
}

// y = a x
static void matrix_vector(const double *a, int rows, int columns, const double *x, double *y) {
    const double zero = 0.0, one = 1.0;
    const int step = 1;
    dgemv_("T", &columns, &rows, &one, a, &columns, x, &step, &zero, y, &step);
}

// c = a b
static void matrix_matrix(const double *a, const double *b, int rows, int inner, int columns, double *c) {
    const double zero = 0.0, one = 1.0;
    dgemm_("N", "N", &columns, &rows, &inner, &one, b, &columns, a, &inner, &zero, c, &columns);
}
