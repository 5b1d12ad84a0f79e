#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cel/operator.h"
#include "cel/type.h"
#include "cel/value.h"

namespace tallyho::cel {

struct Overload;

// A node of an expression, whose names and lists are the Ast's. The shape and the names of operators ("_&&_", "_?_:_",
// "@in") are cel-spec's, with every macro expanded to a comprehension. The parser fills the first part, the checker the
// second.
struct Expr {
  enum class Kind : std::uint8_t {
    literal,        // value
    identifier,     // name
    select,         // target.name; with `test_only`, has(target.name)
    call,           // name(args), or target.name(args) where `target` is set; operators too
    list,           // args; optional_args marks [?e]
    map,            // args: key 0, value 0, key 1, …; optional_args marks {?k: v}
    message,        // name{field: value}: parsed, refused by the checker. args: field 0 as a literal, value 0, …
    comprehension,  // fold, see below
  };

  // A fold over `range`: result(accumulate(step)* from init while condition). cel.bind(x, a, b) is a fold over
  // nothing, with x as its accumulator.
  struct Fold {
    std::string_view item_name;    // Loop variable: an item, or a map's key; "#unused" if there is nothing to name.
    std::string_view second_name;  // "" in the one-variable form; else item_name is the index or key, this the value.
    std::string_view result_name;  // The accumulator, "@result".
    Expr* range = nullptr;
    Expr* init = nullptr;
    Expr* condition = nullptr;
    Expr* step = nullptr;
    Expr* result = nullptr;
  };

  enum class Reference : std::uint8_t { none, slot, local, constant, overload };

  // Whether it is a call of an operator, with so many operands: macros and hosts may write what no grammar does.
  bool is_call(Operator other, std::size_t operands) const { return op == other && args.size() == operands; }

  Kind kind = Kind::literal;
  Operator op = Operator::none;  // Of a call without a target.
  bool test_only = false;
  // Filled by the checker, as what follows `type`.
  Reference reference = Reference::none;
  bool optional_field = false;  // slot: may be absent.
  std::uint32_t begin = 0;      // Source bytes [begin, end) this node was written as (a macro: the call).
  std::uint32_t end = 0;
  std::uint32_t position = 0;  // The byte to blame: an operator, the name of a field or function, an opening bracket.
  std::uint32_t height = 1;    // Nodes on the longest way down from here; parser.h bounds it.
  Value value;
  std::string_view name;
  Expr* target = nullptr;
  std::span<Expr*> args;
  std::span<const bool> optional_args;  // As many as have a mark to tell of.
  Fold* fold = nullptr;

  // Filled by the checker.
  Type type;
  Slot slot = 0;                               // slot: what the Activation reads (identifier, or select on a record).
  Bounds bounds = {};                          // slot: declared bounds.
  std::uint32_t local = 0;                     // local: number of the comprehension variable, counted from 0.
  std::span<const Overload* const> overloads;  // overload: those that may apply; exactly one if no argument is dyn.
};

// Owns the nodes of one expression, their names, and the literals' bytes.
class Ast {
 public:
  Ast() = default;
  Ast(Ast&&) noexcept = default;
  Ast& operator=(Ast&&) noexcept = default;

  Expr* make(Expr::Kind kind, std::uint32_t begin, std::uint32_t end) {
    if (exprs_made_ == blocks_.size() * block_exprs) blocks_.push_back(std::make_unique_for_overwrite<Block>());
    Expr& expr = blocks_.back()->add();
    ++exprs_made_;
    expr.kind = kind;
    expr.begin = begin;
    expr.end = end;
    expr.position = begin;
    return &expr;
  }
  Expr::Fold* make_fold() { return arena_.make<Expr::Fold>(); }
  Arena& arena() { return arena_; }
  // Gives away what names and literals lie in, for whoever needs the literals longer than the nodes. Nothing more may
  // be made then.
  Arena release_arena() { return std::move(arena_); }
  std::size_t exprs_made() const { return exprs_made_; }

  Expr* root = nullptr;
  std::uint32_t locals_max = 0;  // Filled by the checker: comprehension variables alive at once.

 private:
  static constexpr std::size_t block_exprs = 16;

  // Room for nodes, of which only those that are made are touched.
  class Block {
   public:
    Block() = default;
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;
    ~Block() { std::destroy_n(exprs(), made_); }
    Expr& add() { return *::new (exprs() + made_++) Expr; }  // Not `Expr()`, which would clear it first.

   private:
    Expr* exprs() { return reinterpret_cast<Expr*>(bytes_); }

    std::size_t made_ = 0;
    alignas(Expr) std::byte bytes_[block_exprs * sizeof(Expr)];
  };

  std::vector<std::unique_ptr<Block>> blocks_;
  std::size_t exprs_made_ = 0;
  Arena arena_{1024};
};

// A problem in an expression's text. Several are reported at once.
struct Issue {
  std::uint32_t begin = 0;  // Source bytes [begin, end) to point at.
  std::uint32_t end = 0;
  std::string message;  // What is wrong, and what would be right; no full stop.

  bool operator==(const Issue&) const = default;
};

}  // namespace tallyho::cel
