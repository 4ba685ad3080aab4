/* Rows of an 8-bit PNG: undoing their filters, counting their values.
 *
 * A label map is mostly runs of one value, and Paeth's and Sub's filters make
 * each pixel wait for its left neighbour; where a run allows it, eight bytes
 * are taken at once.  PNG specification, chapter 9: a is the byte to the left,
 * b the one above, c the one above a; x is what the file holds.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { NONE, SUB, UP, AVERAGE, PAETH };
enum { GREY = 1, RGB = 3 };  /* bytes of a pixel */
enum { WORD = sizeof(uint64_t), NUM_VALUES = 256 };

static uint64_t load(const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, WORD);
    return word;
}

/* The one of a, b, c that is nearest to a + b - c; without a jump. */
static int paeth(int a, int b, int c) {
    int to_a = abs(b - c), to_b = abs(a - c), to_c = abs(a + b - 2 * c);
    int nearest = to_b < to_a ? b : a;
    int distance = to_b < to_a ? to_b : to_a;
    return to_c < distance ? c : nearest;
}

/* Each undo_ takes a row of n bytes, the row above and the bytes of a pixel. */

static void undo_up(
    const uint8_t *x, const uint8_t *above, uint8_t *row, Py_ssize_t n) {
    for (Py_ssize_t i = 0; i < n; i++) row[i] = (uint8_t)(x[i] + above[i]);
}

static void undo_average(
    const uint8_t *x, const uint8_t *above, uint8_t *row, Py_ssize_t n,
    Py_ssize_t bpp) {
    for (Py_ssize_t i = 0; i < n; i++) {
        int a = i < bpp ? 0 : row[i - bpp];
        row[i] = (uint8_t)(x[i] + (a + above[i]) / 2);
    }
}

static void undo_sub(
    const uint8_t *x, uint8_t *row, Py_ssize_t n, Py_ssize_t bpp) {
    memcpy(row, x, (size_t)bpp);
    if (bpp == GREY) {
        uint8_t a = x[0];
        for (Py_ssize_t i = 1; i < n;) {
            if (i + WORD <= n && load(x + i) == 0) {
                memset(row + i, a, WORD);
                i += WORD;
            } else {
                row[i] = a = (uint8_t)(x[i] + a);
                i++;
            }
        }
        return;
    }
    for (Py_ssize_t i = bpp; i < n; i++)
        row[i] = (uint8_t)(x[i] + row[i - bpp]);
}

static void undo_paeth_grey(
    const uint8_t *x, const uint8_t *above, uint8_t *row, Py_ssize_t n) {
    uint8_t a = (uint8_t)(x[0] + above[0]), c = above[0];
    row[0] = a;
    for (Py_ssize_t i = 1; i < n;) {
        if (i + WORD <= n && load(x + i) == 0) {
            /* With a = c, Paeth takes b, and a = c holds again after it. */
            if (a == c) {
                memcpy(row + i, above + i, WORD);
                i += WORD;
                a = c = above[i - 1];
                continue;
            }
            /* With b = c throughout, it takes a. */
            if (load(above + i) == load(above + i - 1)) {
                memset(row + i, a, WORD);
                i += WORD;
                continue;
            }
        }
        row[i] = a = (uint8_t)(x[i] + paeth(a, above[i], c));
        c = above[i];
        i++;
    }
}

/* Three chains, one a colour, whose steps the processor takes side by side. */
static void undo_paeth_rgb(
    const uint8_t *x, const uint8_t *above, uint8_t *row, Py_ssize_t n) {
    int a0 = 0, a1 = 0, a2 = 0, c0 = 0, c1 = 0, c2 = 0;
    for (Py_ssize_t i = 0; i < n; i += RGB) {
        int b0 = above[i], b1 = above[i + 1], b2 = above[i + 2];
        row[i] = (uint8_t)(a0 = (x[i] + paeth(a0, b0, c0)) & 255);
        row[i + 1] = (uint8_t)(a1 = (x[i + 1] + paeth(a1, b1, c1)) & 255);
        row[i + 2] = (uint8_t)(a2 = (x[i + 2] + paeth(a2, b2, c2)) & 255);
        c0 = b0, c1 = b1, c2 = b2;
    }
}

/* Returns the number of the first row whose filter does not exist, or -1. */
static Py_ssize_t undo_rows(
    const uint8_t *filtered, const uint8_t *zeros, uint8_t *pixels,
    Py_ssize_t height, Py_ssize_t n, Py_ssize_t bpp) {
    const uint8_t *above = zeros;
    for (Py_ssize_t y = 0; y < height; y++) {
        const uint8_t *x = filtered + 1;
        switch (filtered[0]) {
            case NONE: memcpy(pixels, x, (size_t)n); break;
            case SUB: undo_sub(x, pixels, n, bpp); break;
            case UP: undo_up(x, above, pixels, n); break;
            case AVERAGE: undo_average(x, above, pixels, n, bpp); break;
            case PAETH:
                if (bpp == GREY) undo_paeth_grey(x, above, pixels, n);
                else undo_paeth_rgb(x, above, pixels, n);
                break;
            default: return y;
        }
        above = pixels;
        filtered += n + 1;
        pixels += n;
    }
    return -1;
}

static PyObject *unfilter(PyObject *self, PyObject *args) {
    Py_buffer filtered, pixels;
    Py_ssize_t height, n, bpp, wrong = -1;
    uint8_t *zeros = NULL;
    (void)self;
    if (!PyArg_ParseTuple(
            args, "y*nnnw*", &filtered, &height, &n, &bpp, &pixels))
        return NULL;
    if ((bpp != GREY && bpp != RGB) || n < bpp || n % bpp || height < 1
        || n > PY_SSIZE_T_MAX / height - 1
        || filtered.len != height * (n + 1) || pixels.len != height * n) {
        PyErr_SetString(PyExc_ValueError, "buffers do not fit the picture");
    } else if (!(zeros = PyMem_Calloc((size_t)n, 1))) {
        PyErr_NoMemory();
    } else {
        Py_BEGIN_ALLOW_THREADS
        wrong = undo_rows(filtered.buf, zeros, pixels.buf, height, n, bpp);
        Py_END_ALLOW_THREADS
        if (wrong >= 0)
            PyErr_Format(
                PyExc_ValueError, "row %zd has a filter of no kind", wrong);
    }
    PyMem_Free(zeros);
    PyBuffer_Release(&filtered);
    PyBuffer_Release(&pixels);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

static void count(const uint8_t *at, Py_ssize_t num_bytes, int64_t *counts) {
    const uint64_t ones = 0x0101010101010101u;
    const uint8_t *end = at + num_bytes;
    while (end - at >= WORD) {
        if (load(at) == at[0] * ones) {
            counts[at[0]] += WORD;
        } else {
            for (int i = 0; i < WORD; i++) counts[at[i]]++;
        }
        at += WORD;
    }
    while (at < end) counts[*at++]++;
}

static PyObject *histogram(PyObject *self, PyObject *args) {
    Py_buffer pixels;
    int64_t counts[NUM_VALUES] = {0};
    (void)self;
    if (!PyArg_ParseTuple(args, "y*", &pixels)) return NULL;
    Py_BEGIN_ALLOW_THREADS
    count(pixels.buf, pixels.len, counts);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&pixels);
    PyObject *list = PyList_New(NUM_VALUES);
    for (int i = 0; list && i < NUM_VALUES; i++) {
        PyObject *number = PyLong_FromLongLong(counts[i]);
        if (!number) Py_CLEAR(list);
        else PyList_SET_ITEM(list, i, number);
    }
    return list;
}

static PyMethodDef methods[] = {
    {"unfilter", unfilter, METH_VARARGS,
     "unfilter(filtered, height, row_bytes, pixel_bytes, pixels)\n\n"
     "Undoes the filters of height rows of 1 + row_bytes bytes into pixels,\n"
     "a writable buffer of height * row_bytes bytes.\n\n"
     "Raises ValueError for a filter that PNG does not have."},
    {"histogram", histogram, METH_VARARGS,
     "histogram(pixels)\n\n"
     "Returns how often each of the 256 values occurs in a buffer of uint8."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "png_rows",
    .m_doc = "Rows of an 8-bit PNG, in C.", .m_size = 0,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit_png_rows(void) { return PyModuleDef_Init(&module); }
