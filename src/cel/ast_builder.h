#pragma once

#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "cel/ast.h"

namespace tallyho::cel {

// The args of one node while they are read.
using Exprs = absl::InlinedVector<Expr*, 6>;

// Makes nodes bottom-up, with their heights, for the parser and the macros. Names are not copied: they are the Ast's
// already (its source, or in its arena), or literals of the program.
class AstBuilder {
 public:
  // Source bytes [begin, end), and the one to blame.
  struct Place {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint32_t position = 0;
  };

  // A node's args, which it copies: written out, or a row of them.
  class Args {
   public:
    Args(std::initializer_list<Expr*> args) : args_(args.begin(), args.size()) {}
    Args(const Exprs& args) : args_(args) {}
    std::span<Expr* const> all() const { return args_; }

   private:
    std::span<Expr* const> args_;
  };

  explicit AstBuilder(Ast& ast) : ast_(ast) {}

  static Place place_of(const Expr& expr) { return {expr.begin, expr.end, expr.position}; }

  Expr* literal(Place place, Value value);
  Expr* identifier(Place place, std::string_view name);
  Expr* select(Place place, Expr* target, std::string_view field, bool test_only = false);
  Expr* call(Place place, Operator op, Args args);
  Expr* call(Place place, std::string_view function, Args args);
  Expr* method(Place place, Expr* target, std::string_view function, Args args);
  // A list or a map: `args` and `optional_args` as Expr has them.
  Expr* aggregate(Expr::Kind kind, Place place, Args args, const std::vector<bool>& optional_args = {});
  Expr* message(Place place, std::string_view type, Args args, const std::vector<bool>& optional_args);
  Expr* fold(Place place, const Expr::Fold& fold);

  std::span<Expr*> keep(Args args);  // As a node's args.

  // The first node made that is higher than parser.h allows; null if none is.
  const Expr* too_high() const { return too_high_; }

 private:
  Expr* make(Expr::Kind kind, Place place) {
    Expr* expr = ast_.make(kind, place.begin, place.end);
    expr->position = place.position;
    return expr;
  }
  void measure(Expr& expr);

  Ast& ast_;
  const Expr* too_high_ = nullptr;
};

}  // namespace tallyho::cel
