// An AST as text, for tests and for people who debug the parser.

#include <string>

#include "cel/parser.h"

namespace tallyho::cel {
namespace {

void append(std::string& out, const Expr& expr);

void append_args(std::string& out, const Expr& expr) {
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    if (i > 0) out += ", ";
    if (i < expr.optional_args.size() && expr.optional_args[i]) out += '?';
    append(out, *expr.args[i]);
  }
}

void append_entries(std::string& out, const Expr& expr) {
  out.append(expr.name).append("{");
  for (std::size_t i = 0; i < expr.args.size(); i += 2) {
    if (i > 0) out += ", ";
    if (i / 2 < expr.optional_args.size() && expr.optional_args[i / 2]) out += '?';
    if (expr.kind == Expr::Kind::message) {
      out += expr.args[i]->value.as_string();
    } else {
      append(out, *expr.args[i]);
    }
    out += ": ";
    append(out, *expr.args[i + 1]);
  }
  out += '}';
}

void append_fold(std::string& out, const Expr::Fold& fold) {
  out.append("__comprehension__(").append(fold.item_name).append(", ");
  if (!fold.second_name.empty()) out.append(fold.second_name).append(", ");
  append(out, *fold.range);
  out.append(", ").append(fold.result_name);
  for (const Expr* part : {fold.init, fold.condition, fold.step, fold.result}) {
    out += ", ";
    append(out, *part);
  }
  out += ')';
}

void append(std::string& out, const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::literal: out += to_literal(expr.value); return;
    case Expr::Kind::identifier: out += expr.name; return;
    case Expr::Kind::select:
      append(out, *expr.target);
      out.append(".").append(expr.name).append(expr.test_only ? "~test-only~" : "");
      return;
    case Expr::Kind::call:
      if (expr.target != nullptr) {
        append(out, *expr.target);
        out += '.';
      }
      out.append(expr.name).append("(");
      append_args(out, expr);
      out += ')';
      return;
    case Expr::Kind::list:
      out += '[';
      append_args(out, expr);
      out += ']';
      return;
    case Expr::Kind::map:
    case Expr::Kind::message: append_entries(out, expr); return;
    case Expr::Kind::comprehension: append_fold(out, *expr.fold); return;
  }
}

}  // namespace

std::string to_text(const Expr& expr) {
  std::string out;
  append(out, expr);
  return out;
}

}  // namespace tallyho::cel
