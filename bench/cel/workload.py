"""The expressions that engines are compared with, in the languages of the engines.

Five single expressions over one hot event, and sets of random rules of 7 conditions each over 64 events, a quarter of
which a rule holds for. A rule is a small tree, written as CEL, C++, Lua and Python; Python says what the sum of all
rules over all events is, and every engine has to get the same. Peers print, for each set,

    NAME NANOSECONDS_PER_EVALUATION NANOSECONDS_TO_COMPILE_A_RULE SUM

after a line `version TEXT`.
"""

import json
import random

SEED = 20260610
EVENTS = 64
WORDS = ["EU", "US", "BR", "JP", "ranked", "practice", "boss", "night"]
FIELDS = {"amount": "double", "region": "string", "level": "int", "banned": "bool", "vip": "bool", "streak": "int",
          "mode": "string", "qty": "int", "score": "double", "base": "int", "tags": "list(string)"}
for number in range(8):
    FIELDS[f"i{number}"] = "int"
    FIELDS[f"d{number}"] = "double"
for number in range(4):
    FIELDS[f"s{number}"] = "string"
    FIELDS[f"b{number}"] = "bool"

HOT = {"amount": 75.5, "region": "US", "level": 25, "banned": False, "vip": False, "streak": 4, "mode": "ranked",
       "qty": 3, "score": 12345.0, "base": 7, "tags": ["a", "night", "boss", "z"]}

# Name, CEL, C++, Lua. Each is full work: nothing is decided by its first condition.
SINGLE = [
    ("E1", "amount >= 50.0", "e.amount >= 50.0", "e.amount >= 50.0"),
    ("E2",
     "amount >= 50.0 && (region=='EU'||region=='US') && level > 10 && !banned && (vip||streak>=3) && mode!='practice' "
     "&& qty*2 < 100 && score < 1000000.0",
     'e.amount >= 50.0 && (e.region=="EU"||e.region=="US") && e.level > 10 && !e.banned && (e.vip||e.streak>=3) && '
     'e.mode!="practice" && times(e.qty, 2) < 100 && e.score < 1000000.0',
     "e.amount >= 50.0 and (e.region=='EU' or e.region=='US') and e.level > 10 and not e.banned and "
     "(e.vip or e.streak>=3) and e.mode~='practice' and e.qty*2 < 100 and e.score < 1000000.0"),
    ("E3", "(mode=='MOW'||region=='US')&&(amount>=100.0||level==25)",
     '(e.mode=="MOW"||e.region=="US")&&(e.amount>=100.0||e.level==25)',
     "(e.mode=='MOW' or e.region=='US') and (e.amount>=100.0 or e.level==25)"),
    ("E4", "base*10 + streak*5 + (vip?100:0)", "times(e.base, 10) + times(e.streak, 5) + (e.vip?100:0)",
     "e.base*10 + e.streak*5 + (e.vip and 100 or 0)"),
    ("E5", "tags.exists(t, t=='boss') && amount > 1.0", 'contains(e.tags, "boss") && e.amount > 1.0',
     "contains(e.tags, 'boss') and e.amount > 1.0"),
]
SINGLE_SUMS = {"E1": 1, "E2": 1, "E3": 1, "E4": 90, "E5": 1}


def leaf(dice):
    """A condition as (CEL, C++, Lua, Python) that holds for about half of the events."""
    kind = dice.randrange(6)
    operator = dice.choice(["<", "<=", ">", ">="])
    if kind == 0:
        name, value = f"i{dice.randrange(8)}", dice.randrange(300, 700)
        return same(f"{{}}{name} {operator} {value}")
    if kind == 1:
        name, value = f"d{dice.randrange(8)}", dice.randrange(300, 700) + 0.5
        return same(f"{{}}{name} {operator} {value}")
    if kind == 2:
        name, word = f"s{dice.randrange(4)}", dice.choice(WORDS)
        return (f"{name} != '{word}'", f'e.{name} != "{word}"', f"e.{name} ~= '{word}'", f"e.{name} != '{word}'")
    if kind == 3:
        name, words = f"s{dice.randrange(4)}", dice.sample(WORDS, 4)
        cel = f"{name} in [{', '.join(repr(word) for word in words)}]"
        either = [f'e.{name} == "{word}"' for word in words]
        lua = " or ".join(either)
        return cel, f"({' || '.join(either)})", f"({lua})", f"({lua})"
    if kind == 4:
        name = f"b{dice.randrange(4)}"
        return dice.choice([(name, f"e.{name}", f"e.{name}", f"e.{name}"),
                            (f"!{name}", f"!e.{name}", f"not e.{name}", f"not e.{name}")])
    name, factor = f"i{dice.randrange(8)}", dice.randrange(2, 9)
    rest = f"{operator} {factor * dice.randrange(300, 700)}"
    return (f"{name} * {factor} {rest}", f"times(e.{name}, {factor}) {rest}", f"e.{name} * {factor} {rest}",
            f"e.{name} * {factor} {rest}")


def same(text):
    with_event = text.format("e.")
    return text.format(""), with_event, with_event, with_event


def joined(parts, is_and):
    """Conditions that are all to hold, or any of them."""
    words = (" && ", " && ", " and ", " and ") if is_and else (" || ", " || ", " or ", " or ")
    return tuple("(" + word.join(part[i] for part in parts) + ")" for i, word in enumerate(words))


def rule(dice):
    """Seven conditions: (a || b) && c && (d || e || f) && g, in any order."""
    groups = [joined([leaf(dice), leaf(dice)], False), leaf(dice), joined([leaf(dice) for _ in range(3)], False),
              leaf(dice)]
    dice.shuffle(groups)
    return joined(groups, True)


class Event:
    def __init__(self, values):
        self.__dict__.update(values)


def events(dice):
    made = []
    for _ in range(EVENTS):
        event = {f"i{n}": dice.randrange(1000) for n in range(8)}
        event |= {f"d{n}": dice.randrange(1000) + 0.25 for n in range(8)}
        event |= {f"s{n}": dice.choice(WORDS) for n in range(4)}
        event |= {f"b{n}": dice.random() < 0.5 for n in range(4)}
        made.append(event)
    return made


def rule_set(count):
    """A set of so many rules, a quarter of which hold for the average event; and the sum."""
    dice = random.Random(SEED + count)
    values, rules, total = events(dice), [], 0
    objects = [Event(each) for each in values]
    while len(rules) < count:
        candidate = rule(dice)
        code = compile(candidate[3], "rule", "eval")
        hits = sum(bool(eval(code, {"e": each})) for each in objects)  # Our own text.
        if 0.15 <= hits / EVENTS <= 0.35:
            rules.append(candidate)
            total += hits
    return {"name": f"{count}-rules", "rules": rules, "events": values, "sum": total}


def all_sets():
    single = [{"name": name, "rules": [(cel, cpp, lua, "")], "events": [HOT], "sum": SINGLE_SUMS[name]}
              for name, cel, cpp, lua in SINGLE]
    return single + [rule_set(count) for count in (20, 200, 1000)]


def as_json(sets, seconds):
    return json.dumps({"seconds": seconds, "fields": FIELDS,
                       "sets": [{"name": each["name"], "rules": [rule[0] for rule in each["rules"]],
                                 "events": each["events"]} for each in sets]})


CPP_TYPES = {"int": "std::int64_t", "double": "double", "bool": "bool", "string": "std::string_view",
             "list(string)": "std::vector<std::string_view>"}


def cpp_literal(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "{" + ", ".join(cpp_literal(each) for each in value) + "}"
    return repr(value)


def as_cpp(sets):
    lines = ["struct Event {"]
    lines += [f"  {CPP_TYPES[kind]} {name}{{}};" for name, kind in FIELDS.items()]
    lines += ["};", "using Rule = std::int64_t (*)(const Event& e);",
              "bool contains(const std::vector<std::string_view>& texts, std::string_view text) {",
              "  for (const std::string_view each : texts) if (each == text) return true;", "  return false;", "}",
              "struct Set { const char* name; std::vector<Rule> rules; std::vector<Event> events; };",
              "std::vector<Set> sets() {", "  std::vector<Set> all;"]
    for each in sets:
        lines.append(f'  all.push_back({{"{each["name"]}", {{')
        lines += [f"    [](const Event& e) -> std::int64_t {{ return {rule[1]}; }}," for rule in each["rules"]]
        lines.append("  }, {")
        for event in each["events"]:
            ordered = [name for name in FIELDS if name in event]
            lines.append("    {" + ", ".join(f".{name} = {cpp_literal(event[name])}" for name in ordered) + "},")
        lines.append("  }});")
    return "\n".join(lines + ["  return all;", "}"]) + "\n"


def lua_literal(value):
    if isinstance(value, list):
        return "{" + ", ".join(lua_literal(each) for each in value) + "}"
    return cpp_literal(value)


def as_lua(sets):
    lines = ["local function contains(texts, text)",
             "  for i = 1, #texts do if texts[i] == text then return true end end", "  return false", "end",
             "local all = {}"]
    for each in sets:
        lines += ["do", "  local rules, events = {}, {}"]
        lines += [f"  rules[#rules + 1] = function(e) return {rule[2]} end" for rule in each["rules"]]
        for event in each["events"]:
            values = ", ".join(f"{name} = {lua_literal(value)}" for name, value in event.items())
            lines.append(f"  events[#events + 1] = {{{values}}}")
        lines += [f'  all[#all + 1] = {{name = "{each["name"]}", rules = rules, events = events}}', "end"]
    return "\n".join(lines + ["return all"]) + "\n"
