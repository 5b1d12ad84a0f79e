#include "cel/evaluator_body.h"

namespace tallyho::cel {

template class Evaluator<NoProbe>;

bool accepts(const Candidate& candidate, std::span<const Value> args) {
  if (candidate.kinds.size() != args.size()) return false;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if ((candidate.kinds[i] & kind_bit(args[i].kind())) == 0) return false;
  }
  if (!candidate.has_opaque) return true;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const Type& type = candidate.overload->parameters[i];
    if (type.is(Type::Kind::opaque) && args[i].as_opaque().type_name() != type.name()) return false;
  }
  return true;
}

}  // namespace tallyho::cel
