#include "ruleset/extension.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tallyho {
namespace {

using cel::Type;
using cel::Value;

Value call_geo_distance(const cel::Call& call) {
  return Value::float64(geo_distance(call.args[0].as_float64(), call.args[1].as_float64(), call.args[2].as_float64(),
                                     call.args[3].as_float64()));
}

const SetView& as_set(const Value& value) {
  return static_cast<const SetView&>(value.as_opaque());
}
const WindowView& as_window(const Value& value) {
  return static_cast<const WindowView&>(value.as_opaque());
}

Value call_set_contains(const cel::Call& call) {
  return Value::boolean(as_set(call.args[0]).contains(call.args[1].as_string()));
}
Value call_in_set(const cel::Call& call) {
  return Value::boolean(as_set(call.args[1]).contains(call.args[0].as_string()));
}
Value call_set_size(const cel::Call& call) {
  return Value::int64(as_set(call.args[0]).size());
}
Value call_window_count(const cel::Call& call) {
  return Value::int64(as_window(call.args[0]).count());
}

cel::Environment make_environment() {
  const Type boolean = Type::simple(Type::Kind::boolean);
  const Type int64 = Type::simple(Type::Kind::int64);
  const Type float64 = Type::simple(Type::Kind::float64);
  const Type string = Type::simple(Type::Kind::string);
  const Type set = Type::opaque("set");
  const Type window = Type::opaque("window");

  cel::Environment environment(&cel::Environment::standard());
  // Four sines and cosines, two roots and an arc sine.
  environment.add_function({.function = "geo.distance",
                            .id = "geo_distance_double_double_double_double",
                            .parameters = {float64, float64, float64, float64},
                            .result = float64,
                            .implementation = call_geo_distance,
                            .cost = {.base = 150}});
  // A hash of the text and a look-up, which misses the cache.
  environment.add_function({.function = "contains",
                            .id = "set_contains_string",
                            .parameters = {set, string},
                            .result = boolean,
                            .is_method = true,
                            .implementation = call_set_contains,
                            .cost = {.base = 50, .per_16_bytes = 1}});
  environment.add_function({.function = "@in",
                            .id = "in_set_string",
                            .parameters = {string, set},
                            .result = boolean,
                            .implementation = call_in_set,
                            .cost = {.base = 50, .per_16_bytes = 1}});
  environment.add_function({.function = "size",
                            .id = "set_size",
                            .parameters = {set},
                            .result = int64,
                            .is_method = true,
                            .implementation = call_set_size,
                            .cost = {.base = 5}});
  // Each kept time is compared: 16 of them are 16 comparisons.
  environment.add_function({.function = "count",
                            .id = "window_count",
                            .parameters = {window},
                            .result = int64,
                            .is_method = true,
                            .implementation = call_window_count,
                            .cost = {.base = 10, .per_16_bytes = 16}});
  return environment;
}

}  // namespace

const cel::Environment& ruleset_environment() {
  static const cel::Environment environment = make_environment();
  return environment;
}

double geo_distance(double lat1, double lon1, double lat2, double lon2) {
  constexpr double radians_per_degree = std::numbers::pi / 180.0;
  const double phi1 = lat1 * radians_per_degree;
  const double phi2 = lat2 * radians_per_degree;
  const double sin_phi = std::sin((phi2 - phi1) / 2);
  const double sin_lambda = std::sin((lon2 * radians_per_degree - lon1 * radians_per_degree) / 2);
  const double root = std::sqrt(sin_phi * sin_phi + std::cos(phi1) * std::cos(phi2) * (sin_lambda * sin_lambda));
  // Rounding can take the root of opposite points past 1, where asin has no value. A NaN stays one.
  return 2 * earth_radius_metres * std::asin(std::min(root, 1.0));
}

}  // namespace tallyho
