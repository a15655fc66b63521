import {
  contradicts,
  type DeidentifyProfile,
  methodsOf,
  NAMED_PROFILES,
  type OptionName,
  PROFILE_OPTIONS,
} from '@leadglass/appliance/deidentify'
import { InstallerError } from '../errors.ts'

/** One way to de-identify that a person can choose by its name. */
export interface NamedProfile {
  readonly name: string
  readonly summary: string
  readonly profile: DeidentifyProfile
  /** Codes and meanings of CID 7050 that each object will say of itself. */
  readonly methods: readonly (readonly [code: string, meaning: string])[]
}

/** Every profile of `leadglass deid --profile`; the first is the one without the option. */
export const PROFILES: readonly NamedProfile[] = NAMED_PROFILES.map(({ name, summary, options }) => ({
  name,
  summary,
  profile: { patientIssuer: '', options },
  methods: methodsOf(options),
}))

/** The profile without `--profile`. */
export const DEFAULT_PROFILE: NamedProfile = PROFILES[0] as NamedProfile

/** Options that `--option` takes: those of the attributes. What is done to pixels is no matter of a profile. */
export const OPTION_NAMES: readonly OptionName[] = PROFILE_OPTIONS.filter(({ by }) => by === 'attributes').map(
  ({ name }) => name,
)

/** The profile of that name; `undefined` where there is none. */
export function profileNamed(name: string): NamedProfile | undefined {
  return PROFILES.find((profile) => profile.name === name)
}

/**
 * A profile with more options and more safe words; its name says which options.
 * @throws InstallerError `input-invalid` for options that contradict each other.
 */
export function extended(
  base: NamedProfile,
  more: readonly OptionName[],
  safeWords: readonly string[] = [],
): NamedProfile {
  if (more.length === 0 && safeWords.length === 0) return base
  const options = [...new Set([...(base.profile.options ?? []), ...more])]
  if (contradicts(options)) {
    throw new InstallerError('input-invalid', {
      message: `the profile ${base.name} and the options keep dates as they are and move them at once`,
      effect: 'nothing was de-identified',
      nextStep: 'start from --profile basic, or leave one of the two options out',
    })
  }
  const added = more.filter((one) => !(base.profile.options ?? []).includes(one)).sort()
  return {
    name: [base.name, ...added].join('+'),
    summary: base.summary,
    profile: { ...base.profile, options, safeWords },
    methods: methodsOf(options),
  }
}
