import { expect, test } from 'vitest'
import { NAMED_PROFILES, optionsOfProfile } from './deidentify/index.ts'
import { settingsSchema } from './settings.ts'
import { profileOf } from './settings-deidentification.ts'

test('without a setting it is the first profile, without words of the site', () => {
  const { deidentification } = settingsSchema.parse({})
  expect(deidentification).toEqual({ profile: 'research', safeWords: [] })
  expect(profileOf(deidentification).options).toEqual(NAMED_PROFILES[0].options)
})

test('a site chooses among the profiles whose objects may stay on an appliance', () => {
  const chosen = { deidentification: { profile: 'descriptors', safeWords: ['Gliom'] } }
  const { deidentification } = settingsSchema.parse(chosen)
  expect(profileOf(deidentification)).toEqual({
    patientIssuer: '',
    options: optionsOfProfile('descriptors'),
    safeWords: ['Gliom'],
  })
  for (const profile of ['reports', 'none', ''])
    expect(settingsSchema.safeParse({ deidentification: { profile } }).success, profile).toBe(false)
})

test('words are single words', () => {
  for (const word of ['two words', '1234', '', 'x'.repeat(41)])
    expect(settingsSchema.safeParse({ deidentification: { safeWords: [word] } }).success, word).toBe(false)
})
