// Who gets a discount? The shop's people write it as an expression; this program checks it, says what it may cost, and
// asks it for a few sales.
//
//     discount                                       # the expression below
//     discount "amount > 100.0 && basket.has('tea')"
//     discount "amout > 100.0"                       # says what is wrong, and where

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cel/cel.h"

namespace {

namespace cel = tallyho::cel;
using cel::Type;
using cel::Value;

constexpr std::string_view default_rule =
    "amount > 50.0 && ('vip' in tags || basket.has('tea')) && distance(shop, 7.0) < 3.0";
constexpr std::uint64_t units_max = 10'000;  // Ten microseconds for each sale.

// A type of our own: expressions can only ask it has().
class Basket final : public cel::Opaque {
 public:
  explicit Basket(std::vector<std::string> goods) : goods_(std::move(goods)) {}

  std::string_view type_name() const override { return "basket"; }
  bool has(std::string_view what) const { return std::ranges::find(goods_, what) != goods_.end(); }

 private:
  std::vector<std::string> goods_;
};

Value call_basket_has(const cel::Call& call) {
  const auto& basket = static_cast<const Basket&>(call.args[0].as_opaque());
  return Value::boolean(basket.has(call.args[1].as_string()));
}

Value call_distance(const cel::Call& call) {
  return Value::float64(std::abs(call.args[0].as_float64() - call.args[1].as_float64()));
}

enum : cel::Slot { amount_slot, shop_slot, tags_slot, basket_slot };

// What the expressions read.
struct Sale final : cel::Activation {
  Sale(double amount_, double shop_, std::vector<std::string> tags_, std::vector<std::string> goods)
      : amount(amount_), shop(shop_), tags(std::move(tags_)), basket(std::move(goods)) {}

  Value read(cel::Slot slot, tallyho::Arena& arena) override {
    switch (slot) {
      case amount_slot: return Value::float64(amount);
      case shop_slot: return Value::float64(shop);
      case basket_slot: return Value::opaque(&basket);
      default: break;
    }
    std::vector<Value> values;
    for (const std::string& tag : tags) values.push_back(Value::string(tag));
    return cel::make_list(values, arena);
  }
  bool has(cel::Slot) override { return true; }

  double amount;
  double shop;
  std::vector<std::string> tags;
  Basket basket;
};

cel::Environment make_environment() {
  const Type float64 = Type::simple(Type::Kind::float64);
  const Type string = Type::simple(Type::Kind::string);
  const Type boolean = Type::simple(Type::Kind::boolean);
  const Type basket = Type::opaque("basket");

  cel::Environment environment(&cel::Environment::standard());
  environment.declare({.name = "amount", .type = float64, .slot = amount_slot, .bounds = {}, .constant = {}});
  environment.declare({.name = "shop", .type = float64, .slot = shop_slot, .bounds = {}, .constant = {}});
  environment.declare({.name = "tags",
                       .type = Type::list(string),
                       .slot = tags_slot,
                       .bounds = {.size_max = 16, .item_size_max = 32},
                       .constant = {}});
  environment.declare(
      {.name = "basket", .type = basket, .slot = basket_slot, .bounds = {.size_max = 100}, .constant = {}});
  environment.add_function({.function = "has",
                            .id = "basket_has_string",
                            .parameters = {basket, string},
                            .result = boolean,
                            .is_method = true,
                            .implementation = call_basket_has,
                            .cost = {.base = 10, .per_16_bytes = 32}});  // Compares with each of the goods.
  environment.add_function({.function = "distance",
                            .id = "distance_double_double",
                            .parameters = {float64, float64},
                            .result = float64,
                            .implementation = call_distance});
  return environment;
}

void print_issue(std::string_view source, const cel::Issue& issue) {
  const int marks = std::max(1, static_cast<int>(issue.end - issue.begin));
  std::printf("%s\n  %.*s\n  %*s%s\n", issue.message.c_str(), static_cast<int>(source.size()), source.data(),
              static_cast<int>(issue.begin), "", std::string(static_cast<std::size_t>(marks), '^').c_str());
}

void print_answer(const cel::Program& program, Sale& sale, tallyho::Arena& arena) {
  arena.reset();
  const Value value = program.evaluate(sale, arena);
  std::printf("a sale of %g: %s\n", sale.amount, cel::to_literal(value).c_str());
  if (value.is_true()) return;
  for (const cel::Finding& finding : program.explain(sale, arena)) {
    std::printf("  %s: %s\n", finding.text.c_str(), finding.value.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view source = argc > 1 ? argv[1] : default_rule;
  const cel::Environment environment = make_environment();
  const auto program = cel::Program::compile(source, environment, Type::simple(Type::Kind::boolean));
  if (!program) {
    for (const cel::Issue& issue : program.error()) print_issue(source, issue);
    return 1;
  }
  std::printf("%.*s\ncosts at most %llu units and %llu bytes\n", static_cast<int>(source.size()), source.data(),
              static_cast<unsigned long long>(program->cost().units),
              static_cast<unsigned long long>(program->cost().arena_bytes));
  if (program->cost().units > units_max) {
    std::printf("that is too dear\n");
    return 1;
  }
  std::array<Sale, 3> sales = {Sale(80, 6, {"new"}, {"tea", "milk"}), Sale(80, 6, {"new"}, {"bread"}),
                               Sale(30, 6, {"vip"}, {})};
  tallyho::Arena arena;
  for (Sale& sale : sales) print_answer(*program, sale, arena);
  return 0;
}
