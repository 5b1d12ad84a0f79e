// Compiled without contraction of a * b + c (see CMakeLists.txt), which would round once instead of twice on machines
// that have such an instruction.
#include "load/zipf.h"

#include <cmath>

namespace tallyho {
namespace {

constexpr double ln2 = 0.6931471805599453;

// ln(m) for m in [1, 2): 2 artanh((m - 1) / (m + 1)), whose series converges by a ninth per term at least.
double portable_log(double mantissa) {
  const double t = (mantissa - 1) / (mantissa + 1);
  const double square = t * t;
  double sum = 0;
  for (int n = 37; n >= 1; n -= 2) sum = sum * square + 1.0 / n;
  return 2 * t * sum;
}

// e to the power of x for x in [0, ln 2): 22 terms of its series.
double portable_exponential(double x) {
  double sum = 1;
  for (int n = 22; n >= 1; --n) sum = 1 + sum * x / n;
  return sum;
}

}  // namespace

double portable_power(double base, double exponent) {
  int doublings = 0;
  const double mantissa = std::frexp(base, &doublings) * 2;  // frexp, ldexp and floor are exact.
  const double logarithm = exponent * (portable_log(mantissa) / ln2 + (doublings - 1));
  const double whole = std::floor(logarithm);
  return std::ldexp(portable_exponential((logarithm - whole) * ln2), static_cast<int>(whole));
}

Zipf::Zipf(std::uint32_t count, double skew) : cells_(count) {
  std::vector<double> shares(count);
  double sum = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    shares[i] = portable_power(i + 1.0, -skew);
    sum += shares[i];
  }
  // In shares of a cell: what has less than one is filled up by what has more.
  std::vector<std::uint32_t> poor;
  std::vector<std::uint32_t> rich;
  for (std::uint32_t i = 0; i < count; ++i) {
    shares[i] = shares[i] / sum * count;
    (shares[i] < 1 ? poor : rich).push_back(i);
  }
  constexpr double two_to_32 = 4294967296.0;
  while (!poor.empty() && !rich.empty()) {
    const std::uint32_t small = poor.back();
    const std::uint32_t large = rich.back();
    poor.pop_back();
    cells_[small] = {static_cast<std::uint32_t>(shares[small] * (two_to_32 - 1)), large};
    shares[large] -= 1 - shares[small];
    if (shares[large] < 1) {
      rich.pop_back();
      poor.push_back(large);
    }
  }
  // What is left has one, but for rounding.
  for (const std::vector<std::uint32_t>* rest : {&poor, &rich}) {
    for (const std::uint32_t i : *rest) cells_[i] = {UINT32_MAX, i};
  }
}

}  // namespace tallyho
