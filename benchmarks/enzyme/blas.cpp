// Functions of BLAS and LAPACK under their Fortran names, for compiled programs to find in the process: each jumps to
// SciPy's, which Numba calls, too.
extern "C" {
void *routines[6];

void dgemv_(const char *trans, const int *m, const int *n, const double *alpha, const double *a, const int *lda,
            const double *x, const int *incx, const double *beta, double *y, const int *incy) {
    ((decltype(&dgemv_))routines[0])(trans, m, n, alpha, a, lda, x, incx, beta, y, incy);
}

void dgemm_(const char *transa, const char *transb, const int *m, const int *n, const int *k, const double *alpha,
            const double *a, const int *lda, const double *b, const int *ldb, const double *beta, double *c,
            const int *ldc) {
    ((decltype(&dgemm_))routines[1])(transa, transb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void dger_(const int *m, const int *n, const double *alpha, const double *x, const int *incx, const double *y,
           const int *incy, double *a, const int *lda) {
    ((decltype(&dger_))routines[2])(m, n, alpha, x, incx, y, incy, a, lda);
}

void dcopy_(const int *n, const double *x, const int *incx, double *y, const int *incy) {
    ((decltype(&dcopy_))routines[3])(n, x, incx, y, incy);
}

void dscal_(const int *n, const double *alpha, double *x, const int *incx) {
    ((decltype(&dscal_))routines[4])(n, alpha, x, incx);
}

void dlascl_(const char *type, const int *kl, const int *ku, const double *cfrom, const double *cto, const int *m,
             const int *n, double *a, const int *lda, int *info) {
    ((decltype(&dlascl_))routines[5])(type, kl, ku, cfrom, cto, m, n, a, lda, info);
}
}
