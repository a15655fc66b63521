import type { ModelVersion } from '../../contract/common.ts'

/** Around which all seeds lie. */
export const NOW = Date.UTC(2026, 10, 22, 13, 5, 9)

/** An instant so many minutes before the seeds' now. */
export function minutesAgo(minutes: number): string {
  return new Date(NOW - Math.round(minutes * 60_000)).toISOString()
}

/** Hexadecimal digits that look like a digest and depend on nothing but the seed. */
export function hex(seed: string, length: number): string {
  let state = 2_166_136_261
  let digits = ''
  for (let place = 0; digits.length < length; place++) {
    for (const character of `${seed}/${place}`) state = Math.imul(state ^ character.charCodeAt(0), 16_777_619) >>> 0
    digits += state.toString(16).padStart(8, '0')
  }
  return digits.slice(0, length)
}

/** A model version with a digest of its own. */
export function model(name: string, version: string): ModelVersion {
  return { name, version, digest: hex(`${name}@${version}`, 64) }
}

export const CHEST = model('chest-radiograph', '1.1.0')
export const CHEST_BEFORE = model('chest-radiograph', '1.0.0')
