#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cel/type.h"

namespace tallyho::cel {

// What the checker has found out about type variables, and by it which types fit each other. The rules are cel-go's:
// dyn fits everything, null fits timestamps, durations, optionals and a host's types, a variable fits what does not
// hold it, and of two types that meet in a variable the more general one stays.
class Unifier {
 public:
  // A variable that nothing is known of.
  Type fresh();

  // A signature with its own variables: each Type::parameter is a fresh one, the same for the same name.
  using Renaming = std::map<std::string, Type, std::less<>>;
  Type instantiate(const Type& type, Renaming& renaming);

  // Whether a value of type `from` may stand where `to` is wanted. What that tells of variables is kept if so.
  bool assignable(const Type& from, const Type& to);
  // The same for arguments and parameters, all or none.
  bool assignable(std::span<const Type> from, std::span<const Type> to);

  // The type of items that are of either type: the more general one, dyn if neither fits the other, error if one
  // is wrong itself.
  Type join(const Type& a, const Type& b);

  // `type` with what is known put in for its variables; of the rest, `free_is_dyn` makes dyn.
  Type resolve(const Type& type, bool free_is_dyn = false) const {
    return type.is_simple() ? type : resolve_parts(type, free_is_dyn);
  }

  // Types can be written that grow exponentially with the text (`pair(x, x)`, bound and paired again). Once this much
  // work is done, everything fits and all types are dyn: whoever asks refuses the whole.
  bool gave_up() const { return steps_ > steps_max; }

  // To try something and take it back.
  std::size_t mark() const { return trail_.size(); }
  void roll_back(std::size_t mark);

 private:
  struct Substitution {
    bool is_valid = false;
    bool was_known = false;
  };

  Type resolve_parts(const Type& type, bool free_is_dyn) const;
  bool fits(const Type& a, const Type& b);
  bool fits_all(std::span<const Type> a, std::span<const Type> b);
  Substitution substitute(const Type& variable, const Type& type);
  bool occurs(const Type& variable, const Type& type) const;
  const Type* find(const Type& variable) const;
  void bind(const Type& variable, const Type& type);

  std::map<std::string, Type, std::less<>> known_;
  std::vector<std::pair<std::string, std::optional<Type>>> trail_;  // What known_ held before.
  bool may_go_on() const {
    if (!gave_up()) ++steps_;
    return !gave_up();
  }

  static constexpr std::size_t steps_max = 2'000'000;  // Parts of types looked at: a fraction of a second.
  std::size_t fresh_count_ = 0;
  mutable std::size_t steps_ = 0;
};

}  // namespace tallyho::cel
