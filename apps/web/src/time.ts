/** Times in words as short as they can be. Pure: the present is always an argument. */

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** How long ago, for a list: "now", "4m", "3h", "12d". */
export function shortAge(at: number, now: number): string {
  const age = Math.max(0, now - at)
  if (age < minuteMs) return 'now'
  if (age < hourMs) return `${Math.floor(age / minuteMs)}m`
  if (age < dayMs) return `${Math.floor(age / hourMs)}h`
  return `${Math.floor(age / dayMs)}d`
}

/** How long something took: "< 0.1 s", "0.4 s", "12 s", "3 min 04 s", "2 h 05 min". */
export function duration(ms: number): string {
  const whole = Math.max(0, ms)
  if (whole < 100) return '< 0.1 s'
  if (whole < 9_950) return `${(whole / 1000).toFixed(1)} s`
  const seconds = Math.round(whole / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`
}

/** How long something has been running, in whole seconds so that it does not flicker: "12 s". */
export function runningFor(since: number, now: number): string {
  const seconds = Math.floor(Math.max(0, now - since) / 1000)
  return seconds < 60 ? `${seconds} s` : duration(seconds * 1000)
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
