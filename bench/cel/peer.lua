-- LuaJIT's part of the comparison: `luajit peer.lua SECONDS SETS` prints one line for each measurement (see
-- workload.py). SETS is Lua: the rules as functions, the events as tables.

local seconds, path = tonumber(arg[1]), arg[2]
print("version " .. jit.version)

local function round(rules, events)
  local sum = 0
  for i = 1, #events do
    local event = events[i]
    for j = 1, #rules do
      local value = rules[j](event)
      if value == true then
        sum = sum + 1
      elseif value then
        sum = sum + value
      end
    end
  end
  return sum
end

for _, set in ipairs(dofile(path)) do
  local sum = round(set.rules, set.events)
  local rounds, batch = 0, 1 + math.floor(20000 / (#set.rules * #set.events)) -- The clock is not what is measured.
  local start = os.clock()
  while os.clock() - start < seconds do
    for _ = 1, batch do round(set.rules, set.events) end
    rounds = rounds + batch
  end
  local each = (os.clock() - start) * 1e9 / (rounds * #set.rules * #set.events)
  print(string.format("%s %.2f 0 %d", set.name, each, sum))
end
