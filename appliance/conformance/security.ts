import {
  APPLIANCE_PROFILES,
  methodsOf,
  optionsOfProfile,
  PROFILE_EDITION,
  PROFILE_OPTIONS,
} from '../deidentify/index.ts'
import { allRows, PATTERN_ROWS, type ProfileRow } from '../deidentify/table/index.ts'
import { TLS_PROFILE } from '../dimse/index.ts'
import type { ConformanceConfiguration } from './configuration.ts'
import { blocks, list, table, tagText, yesNo } from './markdown.ts'

/** CID 7050 (PS3.16): the profile and its options. */
const OPTIONS: readonly (readonly [code: string, name: string])[] = [
  ...methodsOf([]),
  ...PROFILE_OPTIONS.map(({ code, meaning }) => [code, meaning] as const),
]

/** Secure transport (PS3.15 annex B). */
export function secureTransport({ settings, dimsePort }: ConformanceConfiguration): string {
  const { tls } = settings
  const where =
    tls?.mode === 'beside'
      ? `port ${tls.port} speaks TLS beside the plain DICOM port`
      : `port ${dimsePort} speaks TLS only`
  const state = {
    none: 'In this configuration the DICOM port speaks plain TCP.',
    optional: `In this configuration ${where}, and asks for a client certificate without requiring one.`,
    mutual: `In this configuration ${where}, and every caller must own a certificate of a trusted issuer.`,
  }[tls === undefined ? 'none' : tls.requireClientCertificate ? 'mutual' : 'optional']
  return blocks(
    `${state} Where TLS is configured, for callers or for destinations, it follows the BCP 195 RFC 8996 TLS Secure Transport Connection Profile (PS3.15 B.12): ${TLS_PROFILE.minVersion.replace('v', ' ')} or newer, no downgrade, forward secrecy and authenticated encryption only. Peers that follow the non-downgrading (B.10) or the extended (B.11) BCP 195 profile find a suite of theirs among these. The host name of a peer's certificate is checked unless its destination says otherwise. A caller may be bound to the subject or the SHA-256 fingerprint of its certificate. Renewed files are taken without a restart.`,
    'Cipher suites, in order of preference:',
    list(TLS_PROFILE.ciphers.split(':')),
  )
}

/** The options of PS3.15 annex E for the one AE, after the model of PS3.2 N.8.4.4, table N.8-7. */
export function deidentification({ settings }: ConformanceConfiguration): string {
  const { profile } = settings.deidentification
  const applied = new Map(methodsOf(optionsOfProfile(profile)))
  const choice = APPLIANCE_PROFILES.map((name) => methodsOf(optionsOfProfile(name)).map(([code]) => code))
  const isConfigurable = (code: string): boolean => choice.some((codes) => codes.includes(code) !== applied.has(code))
  return blocks(
    `Every object is de-identified before a model sees it; the original never leaves the protected zone, and the de-identified form stays on the appliance. The profile is that of PS3.15 ${PROFILE_EDITION}, table E.1-1.`,
    table(
      ['code (CID 7050)', 'profile or option', 'de-identifier', 're-identifier', 'configurable'],
      OPTIONS.map(([code, name]) => [code, name, yesNo(applied.has(code)), 'No', yesNo(isConfigurable(code))]),
    ),
    `The profile in force is \`${profile}\`; a site chooses among ${APPLIANCE_PROFILES.map((name) => `\`${name}\``).join(', ')}. What leaves the appliance is the same under each.`,
    list([
      'Attributes that a later edition adds are removed: only what the pinned edition lists may stay.',
      'Private attributes are removed, all of them.',
      'Identifiers are replaced by keyed pseudonyms of the site. The same patient has the same pseudonym at one site and another at every other site.',
      'With option 113107 dates are moved by a number of days that is fixed for a patient, so that intervals within a patient are true.',
      'Burned-in text is not removed from pixels. Objects that say, or by their kind are likely, to hold it are marked as a risk.',
      'Objects that cannot be cleaned with certainty stay in quarantine with a reason. A verifier that shares no code with the de-identifier reads each result again.',
      'De-identified objects carry (0012,0062) YES, (0012,0063), (0012,0064) with the codes above, and (0028,0303): MODIFIED with option 113107, UNMODIFIED with 113106, else REMOVED.',
    ]),
  )
}

/** What the pinned edition says of each attribute. */
export function elementActions({ settings }: ConformanceConfiguration): string {
  const applied = new Set(methodsOf(optionsOfProfile(settings.deidentification.profile)).map(([code]) => code))
  const rows = [...allRows()].sort((a, b) => a.tag - b.tag)
  return blocks(
    '## Annex C: attributes of the confidentiality profile',
    `${rows.length} attributes with a row of their own, and ${PATTERN_ROWS.length} patterns (${PATTERN_ROWS.join(', ')}). X: removed. Z: emptied or given a dummy value. D: given a dummy value. U: UID replaced. Where two are given, the type of the attribute in its IOD decides. The last column names an applied option that changes the action: K kept, C cleaned.`,
    table(
      ['attribute', 'tag', 'basic profile', 'changed by option'],
      rows.map((row) => [row.name, tagText(row.tag), row.action, changesOf(row, applied)]),
    ),
  )
}

function changesOf({ options }: ProfileRow, applied: ReadonlySet<string>): string {
  return [...options]
    .filter(([code]) => applied.has(code))
    .map(([code, action]) => `${code} ${action}`)
    .join(', ')
}
