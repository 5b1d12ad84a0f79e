// The library that every expression may use. Apart from environment.cc, so that only who asks for it links it.

#include "cel/environment.h"

namespace tallyho::cel {

const Environment& Environment::standard() {
  static const Environment environment = [] {
    Environment made;
    add_operators(made);
    add_conversions(made);
    add_time_functions(made);
    add_string_functions(made);
    add_math_functions(made);
    add_optional_functions(made);
    return made;
  }();
  return environment;
}

}  // namespace tallyho::cel
