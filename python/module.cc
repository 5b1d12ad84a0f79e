// The Python module tallyho._tallyho: include/tallyho.h with objects. What is nicer in Python is in tallyho/.
//
// The library is part of the module; its threads' memory and codes are as tallyho.h says. One event is scored with the
// GIL held, as it takes about a microsecond; batches and rulesets are scored and loaded without it.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tallyho.h"

namespace nb = nanobind;

namespace {

// What the Python half hands over when it is imported: tallyho.Error, the members of tallyho.Code by number, and
// json.dumps. Never given back, as the interpreter goes before they would.
struct PythonHalf {
  PyObject* error = nullptr;
  PyObject* codes = nullptr;
  PyObject* dumps = nullptr;
};
PythonHalf& python_half() {
  static constinit PythonHalf half;
  return half;
}

nb::object code_object(int code) {
  return nb::borrow(PyTuple_GET_ITEM(python_half().codes, code));
}

nb::str to_str(std::string_view text) {
  return nb::str(text.data(), text.size());
}
nb::str to_str(tallyho_text text) {
  return nb::str(text.bytes, text.size);
}

void check(int code) {
  if (code == TALLYHO_OK) return;
  const nb::object error = nb::borrow(python_half().error)(code_object(code), to_str(tallyho_last_error()));
  PyErr_SetObject(python_half().error, error.ptr());
  throw nb::python_error();
}

struct EngineCloser {
  void operator()(tallyho_engine* engine) const { tallyho_engine_close(engine); }
};
struct BatchCloser {
  void operator()(tallyho_batch* batch) const { tallyho_batch_close(batch); }
};

// An engine, for as long as something that points into its ruleset lives.
using Handle = std::shared_ptr<tallyho_engine>;

// An outcome of its own. Names of rules and boards are the ruleset's.
class Outcome {
 public:
  Outcome(Handle engine, const tallyho_outcome& c)
      : code_(c.code),
        points_(c.points),
        total_(c.total),
        position_(c.position),
        rule_(c.rule),
        field_(c.field.bytes, c.field.size),
        message_(c.message.bytes, c.message.size),
        fired_(c.fired, c.fired + c.fired_count),
        ranks_(c.ranks, c.ranks + c.rank_count),
        engine_(std::move(engine)) {
    for (std::size_t i = 0; i < c.notice_count; ++i) {
      notices_.emplace_back(c.notices[i].rule, std::string(c.notices[i].text.bytes, c.notices[i].text.size));
    }
  }

  nb::object code() const { return code_object(code_); }
  bool ok() const { return code_ == TALLYHO_OK; }
  std::int64_t points() const { return points_; }
  std::int64_t total() const { return total_; }
  std::uint64_t position() const { return position_; }
  nb::str rule() const { return to_str(rule_); }
  nb::str field() const { return to_str(field_); }
  nb::str message() const { return to_str(message_); }
  nb::list fired() const {
    nb::list all;
    for (const tallyho_fired& fired : fired_) all.append(nb::make_tuple(to_str(fired.rule), fired.points));
    return all;
  }
  nb::list notices() const {
    nb::list all;
    for (const auto& [rule, text] : notices_) all.append(to_str(text));
    return all;
  }
  nb::dict ranks() const {
    nb::dict all;
    for (const tallyho_rank_change& change : ranks_)
      all[to_str(change.board)] = nb::make_tuple(change.rank, change.was);
    return all;
  }
  std::string repr() const {
    std::string text = "Outcome(" + std::string(tallyho_code_name(code_));
    if (ok()) return text + ", points=" + std::to_string(points_) + ", total=" + std::to_string(total_) + ")";
    return text + ", " + message_ + ")";
  }

 private:
  int code_;
  std::int64_t points_;
  std::int64_t total_;
  std::uint64_t position_;
  tallyho_text rule_;
  std::string field_;
  std::string message_;
  std::vector<tallyho_fired> fired_;
  std::vector<tallyho_rank_change> ranks_;
  std::vector<std::pair<tallyho_text, std::string>> notices_;
  Handle engine_;
};

// A batch's outcomes; each becomes an Outcome when it is asked for.
class Outcomes {
 public:
  explicit Outcomes(Handle engine) : engine_(std::move(engine)), batch_(tallyho_batch_open()) {
    if (batch_ == nullptr) throw std::bad_alloc();
  }

  tallyho_batch* batch() const { return batch_.get(); }
  std::size_t size() const { return tallyho_batch_count(batch_.get()); }
  Outcome at(std::int64_t index) const {
    const auto count = static_cast<std::int64_t>(size());
    if (index < 0) index += count;
    if (index < 0 || index >= count) throw nb::index_error();
    tallyho_outcome c{};
    c.size = sizeof(c);
    check(tallyho_batch_outcome(batch_.get(), static_cast<std::size_t>(index), &c));
    return {engine_, c};
  }

 private:
  Handle engine_;
  std::unique_ptr<tallyho_batch, BatchCloser> batch_;
};

template <typename Number>
using Column = nb::ndarray<nb::memview, const Number, nb::ndim<1>, nb::c_contig>;

// A column as a memoryview of the batch's own memory, which keeps the batch.
template <typename Number>
Column<Number> column(nb::handle outcomes, const Number* numbers) {
  const std::size_t size = nb::cast<const Outcomes&>(outcomes).size();
  return Column<Number>(numbers, {size}, outcomes);
}

// The bytes of an event: of bytes and str as they lie there, of a dict as JSON. `keep` owns what is made.
std::string_view bytes_of(nb::handle event, nb::object& keep) {
  if (PyDict_Check(event.ptr())) {
    keep = nb::borrow(python_half().dumps)(event);
    event = keep;
  }
  if (PyBytes_Check(event.ptr())) {
    return {PyBytes_AS_STRING(event.ptr()), static_cast<std::size_t>(PyBytes_GET_SIZE(event.ptr()))};
  }
  Py_ssize_t size = 0;
  const char* text = PyUnicode_Check(event.ptr()) ? PyUnicode_AsUTF8AndSize(event.ptr(), &size) : nullptr;
  if (text != nullptr) return {text, static_cast<std::size_t>(size)};
  if (PyErr_Occurred() != nullptr) throw nb::python_error();
  throw nb::type_error("an event is bytes, str or dict");
}

unsigned flags_of(bool ranks) {
  return ranks ? TALLYHO_WITH_RANKS : 0;
}

// One board; or of a grouped board a group, of one with windows a window.
class Board {
 public:
  Board(Handle engine, std::string board, std::optional<std::string> group, std::optional<std::string> window)
      : engine_(std::move(engine)), board_(std::move(board)), group_(std::move(group)), window_(std::move(window)) {}

  nb::object page(std::uint64_t first, std::size_t limit) const {
    return read([&](const tallyho_place& place, tallyho_page& page) {
      return tallyho_board_page(engine_.get(), &place, first, limit, &page);
    });
  }
  nb::object around(const std::string& member, std::size_t radius) const {
    return read([&](const tallyho_place& place, tallyho_page& page) {
      return tallyho_board_around(engine_.get(), &place, member.c_str(), radius, &page);
    });
  }

 private:
  // [(rank, member, value), …]
  template <typename Call>
  nb::object read(Call&& call) const {
    tallyho_place place{};
    place.size = sizeof(place);
    place.board = board_.c_str();
    place.group = group_ ? group_->c_str() : nullptr;
    place.window = window_ ? window_->c_str() : nullptr;
    tallyho_page page{};
    page.size = sizeof(page);
    check(call(place, page));
    nb::list rows;
    for (std::size_t i = 0; i < page.member_count; ++i) {
      const tallyho_member& member = page.members[i];
      rows.append(nb::make_tuple(member.rank, to_str(member.name), member.value));
    }
    return rows;
  }

  Handle engine_;
  std::string board_;
  std::optional<std::string> group_;
  std::optional<std::string> window_;
};

class Engine {
 public:
  Engine(const std::optional<std::string>& path, const std::optional<std::string>& source) {
    tallyho_options options{};
    options.size = sizeof(options);
    options.ruleset_path = path ? path->c_str() : nullptr;
    options.ruleset_source = source ? source->c_str() : nullptr;
    tallyho_engine* engine = nullptr;
    int code = TALLYHO_INTERNAL;
    {
      const nb::gil_scoped_release without_gil;
      code = tallyho_engine_open(&options, &engine);
    }
    check(code);
    engine_ = Handle(engine, EngineCloser());
  }

  Outcome score(nb::handle event, bool ranks) const {
    nb::object keep;
    const std::string_view bytes = bytes_of(event, keep);
    tallyho_outcome c{};
    c.size = sizeof(c);
    const int code = tallyho_score(engine_.get(), bytes.data(), bytes.size(), flags_of(ranks), &c);
    if (c.code != code) check(code);
    return {engine_, c};
  }

  std::shared_ptr<Outcomes> score_batch(nb::handle events, bool ranks) const {
    auto outcomes = std::make_shared<Outcomes>(engine_);
    int code = TALLYHO_INTERNAL;
    if (PyBytes_Check(events.ptr())) {
      nb::object keep;
      const std::string_view bytes = bytes_of(events, keep);
      const nb::gil_scoped_release without_gil;
      code = tallyho_score_batch(engine_.get(), bytes.data(), bytes.size(), flags_of(ranks), outcomes->batch());
    } else {
      std::vector<nb::object> kept;
      std::vector<tallyho_text> texts;
      for (nb::handle event : nb::iter(events)) {
        nb::object made = nb::borrow(event);
        const std::string_view bytes = bytes_of(event, made);
        texts.push_back({bytes.data(), bytes.size()});
        kept.push_back(std::move(made));
      }
      const nb::gil_scoped_release without_gil;
      code = tallyho_score_many(engine_.get(), texts.data(), texts.size(), flags_of(ranks), outcomes->batch());
    }
    check(code);
    return outcomes;
  }

  Board board(std::string name, std::optional<std::string> group, std::optional<std::string> window) const {
    return {engine_, std::move(name), std::move(group), std::move(window)};
  }
  nb::list boards() const {
    nb::list names;
    for (std::size_t i = 0; const char* name = tallyho_board_name(engine_.get(), i); ++i) names.append(name);
    return names;
  }
  void save(const std::string& path) const { call_with(tallyho_snapshot_save, path); }
  void load(const std::string& path) const { call_with(tallyho_snapshot_load, path); }
  std::string state_hash() const {
    char hash[33];
    check(tallyho_state_hash(engine_.get(), hash));
    return hash;
  }

 private:
  void call_with(int (*call)(tallyho_engine*, const char*), const std::string& path) const {
    int code = TALLYHO_INTERNAL;
    {
      const nb::gil_scoped_release without_gil;
      code = call(engine_.get(), path.c_str());
    }
    check(code);
  }

  Handle engine_;
};

}  // namespace

NB_MODULE(_tallyho, module) {
  module.def("begin", [](nb::handle error, nb::handle codes, nb::handle dumps) {
    python_half() = {error.inc_ref().ptr(), codes.inc_ref().ptr(), dumps.inc_ref().ptr()};
  });
  module.def("version", [] { return std::string(tallyho_version()); });
  nb::class_<Outcome>(module, "Outcome")
      .def_prop_ro("code", &Outcome::code)
      .def_prop_ro("ok", &Outcome::ok)
      .def_prop_ro("points", &Outcome::points)
      .def_prop_ro("total", &Outcome::total)
      .def_prop_ro("position", &Outcome::position)
      .def_prop_ro("rule", &Outcome::rule)
      .def_prop_ro("field", &Outcome::field)
      .def_prop_ro("message", &Outcome::message)
      .def_prop_ro("fired", &Outcome::fired)
      .def_prop_ro("notices", &Outcome::notices)
      .def_prop_ro("ranks", &Outcome::ranks)
      .def("__repr__", &Outcome::repr);
  nb::class_<Outcomes>(module, "Outcomes")
      .def("__len__", &Outcomes::size)
      .def("__getitem__", &Outcomes::at)
      .def_prop_ro(
          "codes",
          [](nb::handle self) { return column(self, tallyho_batch_codes(nb::cast<const Outcomes&>(self).batch())); })
      .def_prop_ro(
          "points",
          [](nb::handle self) { return column(self, tallyho_batch_points(nb::cast<const Outcomes&>(self).batch())); })
      .def_prop_ro("totals", [](nb::handle self) {
        return column(self, tallyho_batch_totals(nb::cast<const Outcomes&>(self).batch()));
      });
  nb::class_<Board>(module, "Board")
      .def("page", &Board::page, nb::arg("first") = 1, nb::arg("limit") = 10)
      .def("around", &Board::around, nb::arg("member"), nb::arg("radius"));
  nb::class_<Engine>(module, "Engine")
      .def(nb::init<const std::optional<std::string>&, const std::optional<std::string>&>(), nb::arg("path").none(),
           nb::arg("source").none())
      .def("score", &Engine::score, nb::arg("event"), nb::kw_only(), nb::arg("ranks") = false)
      .def("score_batch", &Engine::score_batch, nb::arg("events"), nb::kw_only(), nb::arg("ranks") = false)
      .def("board", &Engine::board, nb::arg("name"), nb::kw_only(), nb::arg("group") = nb::none(),
           nb::arg("window") = nb::none())
      .def_prop_ro("boards", &Engine::boards)
      .def("save", &Engine::save, nb::arg("path"))
      .def("load", &Engine::load, nb::arg("path"))
      .def("state_hash", &Engine::state_hash);
}
