#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cel/ast.h"

namespace tallyho::cel {

// Makes nodes bottom-up, with their heights, for the parser and the macros.
class AstBuilder {
 public:
  // Source bytes [begin, end), and the one to blame.
  struct Place {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint32_t position = 0;
  };

  explicit AstBuilder(Ast& ast) : ast_(ast) {}

  static Place place_of(const Expr& expr) { return {expr.begin, expr.end, expr.position}; }

  Expr* literal(Place place, Value value);
  Expr* string_literal(Place place, std::string_view text);  // Copies the text.
  Expr* identifier(Place place, std::string_view name);
  Expr* select(Place place, Expr* target, std::string_view field, bool test_only = false);
  Expr* call(Place place, std::string_view function, std::vector<Expr*> args);
  Expr* method(Place place, Expr* target, std::string_view function, std::vector<Expr*> args);
  // A list, a map or a message: `args` and `optional_args` as Expr has them.
  Expr* aggregate(Expr::Kind kind, Place place, std::vector<Expr*> args, std::vector<bool> optional_args = {});
  Expr* fold(Place place, Expr::Fold fold);

  // The first node made that is higher than parser.h allows; null if none is.
  const Expr* too_high() const { return too_high_; }

 private:
  Expr* make(Expr::Kind kind, Place place);
  void measure(Expr& expr);

  Ast& ast_;
  const Expr* too_high_ = nullptr;
};

}  // namespace tallyho::cel
