// Dense products, transposition and rectifier of the kernels. Included only by kernels_isa.cpp,
// once per instruction set; nothing here leaves that file.
#pragma once

#include <cstddef>

#include "model/kernels.h"
#include "model/simd.h"

// Offsets inside a tile: far below the range of int.
// NOLINTBEGIN(bugprone-implicit-widening-of-multiplication-result)
namespace polycause {
namespace {

constexpr int kRowBlock = kLanes == 16 ? 12 : 6;

template <int kRows, int kVectors>
void gemm_block(int inner, const float* a, int a_row, int a_col, const float* b, int ldb, float* c,
                int ldc, bool add, const float* bias) {
  Vec acc[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      acc[r][v] = add ? load(c + r * ldc + v * kLanes) : Vec{};
      if (bias != nullptr) acc[r][v] += load(bias + v * kLanes);
    }
  }
  for (int k = 0; k < inner; ++k) {
    Vec row[kVectors];
    for (int v = 0; v < kVectors; ++v) row[v] = load(b + k * ldb + v * kLanes);
    for (int r = 0; r < kRows; ++r) {
      const float x = a[r * a_row + k * a_col];
      for (int v = 0; v < kVectors; ++v) acc[r][v] += x * row[v];
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) store(c + r * ldc + v * kLanes, acc[r][v]);
  }
}

template <int kVectors>
void gemm_columns(int rows, int inner, const float* a, int a_row, int a_col, const float* b,
                  int ldb, float* c, int ldc, bool add, const float* bias) {
  int r = 0;
  for (; r + kRowBlock <= rows; r += kRowBlock) {
    gemm_block<kRowBlock, kVectors>(inner, a + r * a_row, a_row, a_col, b, ldb, c + r * ldc, ldc,
                                    add, bias);
  }
  for (; r + 4 <= rows; r += 4) {
    gemm_block<4, kVectors>(inner, a + r * a_row, a_row, a_col, b, ldb, c + r * ldc, ldc, add,
                            bias);
  }
  for (; r < rows; ++r) {
    gemm_block<1, kVectors>(inner, a + r * a_row, a_row, a_col, b, ldb, c + r * ldc, ldc, add,
                            bias);
  }
}

void gemm(int rows, int inner, int columns, const float* a, int a_row, int a_col, const float* b,
          int ldb, float* c, int ldc, bool add, const float* bias) {
  int j = 0;
  for (; j + 2 * kLanes <= columns; j += 2 * kLanes) {
    gemm_columns<2>(rows, inner, a, a_row, a_col, b + j, ldb, c + j, ldc, add,
                    bias == nullptr ? nullptr : bias + j);
  }
  for (; j < columns; j += kLanes) {
    gemm_columns<1>(rows, inner, a, a_row, a_col, b + j, ldb, c + j, ldc, add,
                    bias == nullptr ? nullptr : bias + j);
  }
}

void leaky_relu(float* y, std::size_t count) {
  for (std::size_t i = 0; i < count; i += kLanes) {
    const Vec v = load(y + i);
    store(y + i, maximum(v, kLeak * v));
  }
}

void leaky_relu_backward(const float* y, float* g, std::size_t count) {
  for (std::size_t i = 0; i < count; i += kLanes) {
    const Vec v = load(g + i);
    store(g + i, select(load(y + i) > 0.0f, v, kLeak * v));
  }
}

void add_column_sums(const float* g, int rows, int columns, float* sums) {
  for (int j = 0; j < columns; j += kLanes) {
    Vec s = load(sums + j);
    for (int r = 0; r < rows; ++r) s += load(g + r * columns + j);
    store(sums + j, s);
  }
}

/// kLanes x kLanes block by log2(kLanes) rounds of pairwise exchanges.
void transpose_block(const float* in, int ld_in, float* out, int ld_out) {
  Vec row[kLanes];
  for (int i = 0; i < kLanes; ++i) row[i] = load(in + i * ld_in);
  for (int i = 0; i < kLanes; ++i) {
    for (int j = 0; j < kLanes; ++j) out[j * ld_out + i] = row[i][j];
  }
}

void transpose(const float* in, int ld_in, int rows, int columns, float* out, int ld_out) {
  for (int r = 0; r < rows; r += kLanes) {
    for (int c = 0; c < columns; c += kLanes) {
      transpose_block(in + r * ld_in + c, ld_in, out + c * ld_out + r, ld_out);
    }
  }
}

void axpy(float w, const float* x, float* y, std::size_t count) {
  for (std::size_t i = 0; i < count; i += kLanes) store(y + i, load(y + i) + w * load(x + i));
}

float dot(const float* x, const float* y, std::size_t count) {
  Vec s{};
  for (std::size_t i = 0; i < count; i += kLanes) s += load(x + i) * load(y + i);
  return sum(s);
}

}  // namespace
// NOLINTEND(bugprone-implicit-widening-of-multiplication-result)
}  // namespace polycause
