import { expect, it } from 'vitest'
import { wishFindings } from './wishes.ts'

const at = '2026-11-22T12:00:00.000Z'
const document = { version: 3, state: 'applied', expiresAt: null, changedAt: at, parts: [] } as const

it.each([
  ['ok', 'none', { document: null, refused: null, unsigned: false }],
  ['ok', 'document 3', { document: { ...document, parts: [] }, refused: null, unsigned: false }],
  ['warning', 'unsigned', { document: { ...document, parts: [] }, refused: null, unsigned: true }],
  [
    'fail',
    'desired-not-pinned',
    { document: null, refused: { version: 1, code: 'desired-not-pinned', at }, unsigned: false },
  ],
])('wishes are %s: %s', (level, words, view) => {
  const finding = wishFindings({ hubMayDecide: [], ...view })
  expect(finding.verdict).toBe(level)
  expect(finding.found).toContain(words)
})
