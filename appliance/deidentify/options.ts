/**
 * The profile and the options of PS3.15 annex E. The clauses are those of the edition in `PROFILE_EDITION`.
 */

/** Names of the options, as a person writes them. */
export type OptionName =
  | 'clean-pixel-data'
  | 'clean-recognizable-visual-features'
  | 'clean-graphics'
  | 'clean-structured-content'
  | 'clean-descriptors'
  | 'retain-full-dates'
  | 'retain-modified-dates'
  | 'retain-patient-characteristics'
  | 'retain-device-identity'
  | 'retain-uids'
  | 'retain-safe-private'
  | 'retain-institution-identity'

/** Options that are about the pixels: code that cleans them applies these, and only then an object says so. */
export type PixelOption = 'clean-pixel-data' | 'clean-recognizable-visual-features'

/** One option of PS3.15 E.3. */
export interface ProfileOption {
  readonly name: OptionName
  /** CID 7050 (PS3.16). */
  readonly code: string
  readonly meaning: string
  readonly clause: string
  /** `pixels`: done to the pixels by other code, and claimed only for an object to which it was done. */
  readonly by: 'attributes' | 'pixels'
}

/** Every option, in the order of the codes. */
export const PROFILE_OPTIONS: readonly ProfileOption[] = [
  option('clean-pixel-data', '113101', 'Clean Pixel Data Option', 'E.3.1', 'pixels'),
  option(
    'clean-recognizable-visual-features',
    '113102',
    'Clean Recognizable Visual Features Option',
    'E.3.2',
    'pixels',
  ),
  option('clean-graphics', '113103', 'Clean Graphics Option', 'E.3.3'),
  option('clean-structured-content', '113104', 'Clean Structured Content Option', 'E.3.4'),
  option('clean-descriptors', '113105', 'Clean Descriptors Option', 'E.3.5'),
  option('retain-full-dates', '113106', 'Retain Longitudinal Temporal Information Full Dates Option', 'E.3.6'),
  option('retain-modified-dates', '113107', 'Retain Longitudinal Temporal Information Modified Dates Option', 'E.3.6'),
  option('retain-patient-characteristics', '113108', 'Retain Patient Characteristics Option', 'E.3.7'),
  option('retain-device-identity', '113109', 'Retain Device Identity Option', 'E.3.8'),
  option('retain-uids', '113110', 'Retain UIDs Option', 'E.3.9'),
  option('retain-safe-private', '113111', 'Retain Safe Private Option', 'E.3.10'),
  option('retain-institution-identity', '113112', 'Retain Institution Identity Option', 'E.3.11'),
]

/** The profile that every option adds to. */
const BASIC_PROFILE: readonly [code: string, meaning: string] = ['113100', 'Basic Application Confidentiality Profile']

/** Options that are in force together. */
export type OptionSet = ReadonlySet<OptionName>

/** The options of today's default: Modified Dates and Patient Characteristics. */
export const DEFAULT_OPTIONS: readonly OptionName[] = ['retain-modified-dates', 'retain-patient-characteristics']

/** True for options that cannot hold together: dates are kept as they are, or moved (PS3.15 E.3.6). */
export function contradicts(options: Iterable<OptionName>): boolean {
  const set = new Set(options)
  return set.has('retain-full-dates') && set.has('retain-modified-dates')
}

/**
 * Codes and meanings of CID 7050 for (0012,0064): the profile, and each option that is applied.
 * @param pixels options that other code has applied to the pixels of the object.
 */
export function methodsOf(
  options: Iterable<OptionName>,
  pixels: Iterable<PixelOption> = [],
): readonly (readonly [code: string, meaning: string])[] {
  const [applied, done] = [new Set(options), new Set<OptionName>(pixels)]
  const listed = PROFILE_OPTIONS.filter(({ name, by }) => (by === 'pixels' ? done : applied).has(name))
  return [BASIC_PROFILE, ...listed.map(({ code, meaning }) => [code, meaning] as const)]
}

/** (0028,0303) Longitudinal Temporal Information Modified (PS3.15 E.3.6). */
export function temporalMark(options: OptionSet): 'REMOVED' | 'UNMODIFIED' | 'MODIFIED' {
  if (options.has('retain-full-dates')) return 'UNMODIFIED'
  return options.has('retain-modified-dates') ? 'MODIFIED' : 'REMOVED'
}

function option(
  name: OptionName,
  code: string,
  meaning: string,
  clause: string,
  by: ProfileOption['by'] = 'attributes',
): ProfileOption {
  return { name, code, meaning, clause, by }
}
