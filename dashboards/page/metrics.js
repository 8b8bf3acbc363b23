// Prometheus's text, and what two readings of it say of the time between them.

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const PAIR = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Every series of `text`: an array of `{labels, value}` for each name. */
export function parse(text) {
  const series = new Map();
  for (const line of text.split("\n")) {
    const found = line[0] === "#" ? null : LINE.exec(line);
    if (!found) continue;
    const labels = {};
    for (const [, name, value] of (found[2] ?? "").matchAll(PAIR)) {
      labels[name] = value.replace(/\\(.)/g, (_, c) => (c === "n" ? "\n" : c));
    }
    const held = series.get(found[1]) ?? [];
    held.push({ labels, value: Number(found[3].replace("Inf", "Infinity")) });
    series.set(found[1], held);
  }
  return series;
}

const matches = (labels, wanted) =>
  Object.entries(wanted).every(([name, value]) => labels[name] === value);

/** The sum of the series of `name` whose labels are `wanted`. */
export function sum(reading, name, wanted = {}) {
  const held = reading?.get(name) ?? [];
  return held.reduce((all, one) => (matches(one.labels, wanted) ? all + one.value : all), 0);
}

/** Upper bounds and counts of a histogram's buckets, those of all its series together. */
function buckets(reading, name, wanted) {
  const counts = new Map();
  for (const { labels, value } of reading?.get(`${name}_bucket`) ?? []) {
    if (matches(labels, wanted)) {
      const bound = Number(labels.le.replace("Inf", "Infinity"));
      counts.set(bound, (counts.get(bound) ?? 0) + value);
    }
  }
  return [...counts].sort((a, b) => a[0] - b[0]);
}

/** How many durations fell into each bucket between two readings. */
export function between(before, now, name, wanted = {}) {
  const old = new Map(buckets(before, name, wanted));
  let below = 0;
  return buckets(now, name, wanted).map(([bound, count]) => {
    const upTo = Math.max(0, count - (old.get(bound) ?? 0));
    const own = Math.max(0, upTo - below);
    below = upTo;
    return { bound, count: own };
  });
}

/** The duration below which the share `q` of `cells` lies; `null` where there are none. */
export function quantile(cells, q) {
  const all = cells.reduce((sum, cell) => sum + cell.count, 0);
  if (all === 0) return null;
  let below = 0;
  let low = 0;
  for (const { bound, count } of cells) {
    if (below + count >= q * all && count > 0) {
      const high = Number.isFinite(bound) ? bound : low;
      return low + ((high - low) * (q * all - below)) / count;
    }
    below += count;
    low = Number.isFinite(bound) ? bound : low;
  }
  return low;
}
