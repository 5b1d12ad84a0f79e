// The scenario of a treasure hunt for k6: players on WebSockets that together send RATE events a second, then ever more
// until the server breaks down under it.
//
//     k6 run -e URL=ws://127.0.0.1:7070/v1/ws -e RATE=18000 -e PLAYERS=2000 bench/k6/players.js
//
// A virtual user is CONNECTION_PLAYERS players behind one WebSocket. It sends events when they are due, whether or not
// earlier ones were answered (an open loop, as far as k6 keeps up: `late` says how far it does not), and measures from
// when an event was due to its ack. With STAGES=ramp the rate grows by a fifth every STEP seconds until the p99 of the
// acks is over LIMIT_MS or more than 1 % is refused: then it ends, and the last rate before is the breaking point.
import { WebSocket } from 'k6/websockets';
import { setInterval, clearInterval, setTimeout } from 'k6/timers';
import { Counter, Trend, Rate, Gauge } from 'k6/metrics';
import exec from 'k6/execution';

const number = (name, otherwise) => (__ENV[name] ? Number(__ENV[name]) : otherwise);
const url = __ENV.URL || 'ws://127.0.0.1:7070/v1/ws';
const rate = number('RATE', 18000);
const users = number('USERS', 100);
const players = number('PLAYERS', 100000);
const seconds = number('SECONDS', 30);
const isRamp = __ENV.STAGES === 'ramp';
const step = number('STEP', 10);
const limitMs = number('LIMIT_MS', 1000);
const tickMs = 20;

const acks = new Counter('acks');
const refused = new Rate('refused');
const ackMs = new Trend('ack_ms', true);
const late = new Trend('late', true);
const offered = new Gauge('offered_rate');

export const options = {
  scenarios: {
    players: { executor: 'per-vu-iterations', vus: users, iterations: 1, maxDuration: `${seconds + 60}s` },
  },
  thresholds: isRamp
    ? { ack_ms: [{ threshold: `p(99)<${limitMs}`, abortOnFail: true, delayAbortEval: `${step}s` }],
        refused: [{ threshold: 'rate<0.01', abortOnFail: true, delayAbortEval: `${step}s` }] }
    : { refused: ['rate<0.001'] },
  summaryTrendStats: ['p(50)', 'p(95)', 'p(99)', 'max'],
};

// How many events all users together were to have sent `time` seconds after the beginning.
function due(time) {
  if (!isRamp) return rate * Math.min(time, seconds);
  let events = 0;
  for (let begin = 0, now = rate; begin < Math.min(time, seconds); begin += step, now *= 1.2) {
    events += now * Math.min(step, Math.min(time, seconds) - begin);
  }
  return events;
}

function rateAt(time) {
  return isRamp ? rate * 1.2 ** Math.floor(time / step) : rate;
}

const rarities = ['common', 'rare', 'legendary'];

export default function () {
  const user = exec.vu.idInTest;
  const socket = new WebSocket(url);
  const waiting = new Map();
  let sent = 0;
  let begun = 0;
  let timer = null;

  function event(number) {
    const player = (number * users + user) % players;
    return `{"type":"treasure_found","player":"k6-${player}","treasure":"t-${(number * 7919) % 10000}",` +
      `"rarity":"${rarities[number % 3]}","value":${10 + (number % 90)},"lat":52.5,"lon":13.4,"accuracy":${1 + (number % 20)},` +
      `"ref":${number}}`;
  }

  function tick() {
    const now = Date.now();
    const time = (now - begun) / 1000;
    const until = Math.floor(due(time) / users);
    const lines = [];
    for (; sent < until; sent += 1) {
      lines.push(event(sent));
      waiting.set(sent, isRamp ? now : Math.min(now, begun + (sent * users * 1000) / rate));
    }
    if (lines.length > 0) socket.send(lines.join('\n'));
    if (user === 1) offered.add(rateAt(time));
    if (time < seconds) return;
    clearInterval(timer);
    setTimeout(() => socket.close(), 2000);
  }

  socket.addEventListener('open', () => {
    begun = Date.now();
    let last = begun;
    timer = setInterval(() => {
      const now = Date.now();
      late.add(Math.max(0, now - last - tickMs));
      last = now;
      tick();
    }, tickMs);
  });
  socket.addEventListener('message', (message) => {
    const now = Date.now();
    for (const line of message.data.split('\n')) {
      const answer = JSON.parse(line);
      if (!answer.ack) continue;
      acks.add(1);
      // What the rules refuse is a fine answer; what the server could not take is not.
      refused.add(answer.ack.code === 'overloaded' || answer.ack.code === 'unavailable');
      const at = waiting.get(answer.ref);
      if (at !== undefined) ackMs.add(now - at);
      waiting.delete(answer.ref);
    }
  });
  socket.addEventListener('close', () => {
    clearInterval(timer);
    for (let i = 0; i < waiting.size; i += 1) refused.add(true);  // Never answered.
  });
  socket.addEventListener('error', () => refused.add(true));
}
