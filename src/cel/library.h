#pragma once

// How the files of the standard library register what they implement. Internal to cel/.

#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "cel/environment.h"
#include "cel/type.h"

namespace tallyho::cel {

// Adds overloads, and has the types at hand that their signatures are made of.
//
//     Library library(environment);
//     library.function("size", "size_string", {library.string}, library.int64, size_of_string);
//     library.method("size", "string_size", {library.string}, library.int64, size_of_string);
class Library {
 public:
  explicit Library(Environment& environment) : environment_(environment) {}

  void function(std::string_view name, std::string_view id, std::vector<Type> parameters, Type result,
                Implementation implementation, CallCost cost = {}) {
    add(name, id, std::move(parameters), std::move(result), false, implementation, cost);
  }
  // The target is the first parameter.
  void method(std::string_view name, std::string_view id, std::vector<Type> parameters, Type result,
              Implementation implementation, CallCost cost = {}) {
    add(name, id, std::move(parameters), std::move(result), true, implementation, cost);
  }

  const Type dyn;
  const Type null = Type::simple(Type::Kind::null);
  const Type boolean = Type::simple(Type::Kind::boolean);
  const Type int64 = Type::simple(Type::Kind::int64);
  const Type uint64 = Type::simple(Type::Kind::uint64);
  const Type float64 = Type::simple(Type::Kind::float64);
  const Type string = Type::simple(Type::Kind::string);
  const Type bytes = Type::simple(Type::Kind::bytes);
  const Type timestamp = Type::simple(Type::Kind::timestamp);
  const Type duration = Type::simple(Type::Kind::duration);
  const Type a = Type::parameter("A");
  const Type b = Type::parameter("B");
  const Type list_of_a = Type::list(a);
  const Type map_of_a_b = Type::map(a, b);
  const Type optional_of_a = Type::optional(a);

 private:
  void add(std::string_view name, std::string_view id, std::vector<Type> parameters, Type result, bool is_method,
           Implementation implementation, CallCost cost) {
    environment_.add_function({.function = std::string(name),
                               .id = std::string(id),
                               .parameters = std::move(parameters),
                               .result = std::move(result),
                               .is_method = is_method,
                               .implementation = implementation,
                               .cost = cost,
                               .is_standard = true});
  }

  Environment& environment_;
};

// What a call costs that reads every byte or item of its arguments once.
inline constexpr CallCost cost_per_chunk = {.base = 1, .per_16_bytes = 1, .result_size_max = 0};

// The files of the library that environment.h does not name; add_operators() and add_string_functions() call them.
void add_encoder_functions(Environment& environment);
void add_format_function(Environment& environment);

}  // namespace tallyho::cel
