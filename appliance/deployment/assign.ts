import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { SLOTS } from './slots.ts'

/** The key that spreads studies, from the site's secret (RFC 5869): nobody without it can say which study goes where. */
export function assignmentKey(siteSecret: Uint8Array): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync('sha256', siteSecret, 'leadglass.deployment/1', 'assignment', 32)))
}

/**
 * The slot of a study among the slots of a model name: HMAC-SHA-256 of both, so the same at each revision and after each
 * restart, and of two models independent.
 * @param studyInstanceUid (0020,000D). @returns 0 to 999.
 */
export function slotOf(key: KeyObject, modelName: string, studyInstanceUid: string): number {
  const text = JSON.stringify([modelName, studyInstanceUid.trim()])
  const drawn = createHmac('sha256', key).update(text, 'utf8').digest().readUIntBE(0, 6)
  return Math.floor((drawn / 2 ** 48) * SLOTS)
}
