#pragma once

#include "cel/environment.h"

namespace tallyho {

// What rulesets add to CEL: geo.distance, and the methods of `set` and `window` state.
// The methods call the interfaces below; state/ implements them.
const cel::Environment& ruleset_environment();

// Mean Earth radius (IUGG), metres.
inline constexpr double earth_radius_metres = 6'371'008.8;

// Great-circle distance in metres by the haversine formula of the ruleset specification; arguments in degrees.
double geo_distance(double lat1, double lon1, double lat2, double lon2);

// `set` state as expressions see it.
class SetView : public cel::Opaque {
 public:
  std::string_view type_name() const final { return "set"; }
  virtual bool contains(std::string_view member) const = 0;
  virtual std::int64_t size() const = 0;
};

// `window` state as expressions see it, at the time of the event at hand.
class WindowView : public cel::Opaque {
 public:
  std::string_view type_name() const final { return "window"; }
  // How many kept times lie in (now - span, now].
  virtual std::int64_t count() const = 0;
};

}  // namespace tallyho
