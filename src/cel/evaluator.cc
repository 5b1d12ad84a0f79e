#include <algorithm>

#include "cel/evaluator_body.h"

namespace tallyho::cel {

template class Evaluator<NoProbe>;

bool accepts(const Candidate& candidate, std::span<const Value> args) {
  if (candidate.kinds.size() != args.size()) return false;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if ((candidate.kinds[i] & kind_bit(args[i].kind())) == 0) return false;
  }
  return accepts_opaques(candidate, args);
}

bool accepts_opaques(const Candidate& candidate, std::span<const Value> args) {
  return std::ranges::all_of(candidate.opaques, [args](const Candidate::Opaque& opaque) {
    return args[opaque.parameter].as_opaque().type_name() == opaque.type;
  });
}

}  // namespace tallyho::cel
