/** `2026-11-22 14:05:09` in the reader's own time zone, which the page's frame names. */
export function formatInstant(iso: string): string {
  return `${formatDay(iso)} ${formatClock(new Date(iso).getTime())}`
}

/** `2026-11-22` in the reader's own time zone. */
export function formatDay(iso: string): string {
  const at = new Date(iso)
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}

/** `14:05:09` in the reader's own time zone. */
export function formatClock(ms: number): string {
  const at = new Date(ms)
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}

/** `UTC+01:00` of an offset as `Date.getTimezoneOffset` gives it: minutes, positive west of Greenwich. */
export function formatZone(offsetMinutes: number): string {
  const ahead = -offsetMinutes
  const size = Math.abs(ahead)
  return `UTC${ahead < 0 ? '−' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

/** `12.3 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 2 ** (10 * power)
  return `${power === 0 ? value : value.toFixed(1)} ${units[power] ?? 'B'}`
}

/** `42 s`, `3 min`, `5 h 20 min`, `2 d 3 h`: an age, rounded down. */
export function formatAge(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  const days = Math.floor(hours / 24)
  if (minutes < 1) return `${Math.floor(seconds)} s`
  if (hours < 1) return `${minutes} min`
  if (days < 1) return `${hours} h ${minutes % 60} min`
  return `${days} d ${hours % 24} h`
}

/** First digits of a digest or pseudonym; the whole value belongs into a title. */
export function shorten(hex: string): string {
  return hex.length > 12 ? `${hex.slice(0, 12)}…` : hex
}

/** `0.912 (0.870–0.945)`. */
export function formatInterval(value: number, low: number | null, high: number | null): string {
  return low === null || high === null ? value.toFixed(3) : `${value.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`
}

/** A code as words: `stopped-by-gate` as `stopped by gate`. */
export function wordsOf(code: string): string {
  return code.replaceAll('-', ' ')
}

/**
 * Control characters, and those that turn the direction of what follows (Unicode bidirectional overrides, embeddings and
 * isolates), as a visible sign: a name must not look like another name.
 */
export function showControls(words: string): string {
  return words.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
