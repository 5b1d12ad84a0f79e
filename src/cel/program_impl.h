#pragma once

// What a Program holds. Internal to cel/.

#include <string>

#include "cel/plan.h"
#include "cel/program.h"

namespace tallyho::cel {

struct Program::Impl {
  std::string source;
  Plan plan;
  Type type;
  Cost cost;
  const Environment* environment = nullptr;
  Checked checked = Checked::yes;
};

}  // namespace tallyho::cel
