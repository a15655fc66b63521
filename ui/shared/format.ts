/** `2026-11-22 14:05:09` in the reader's own time zone. */
export function formatInstant(iso: string): string {
  const at = new Date(iso)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}

/** `12.3 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 2 ** (10 * power)
  return `${power === 0 ? value : value.toFixed(1)} ${units[power] ?? 'B'}`
}

/** First digits of a digest or pseudonym; the whole value belongs into a title. */
export function shorten(hex: string): string {
  return hex.length > 12 ? `${hex.slice(0, 12)}…` : hex
}

/** `0.912 (0.870–0.945)`. */
export function formatInterval(value: number, low: number | null, high: number | null): string {
  return low === null || high === null ? value.toFixed(3) : `${value.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`
}
