import { APPLIED_METHODS, type DeidentifyProfile } from '@leadglass/appliance/deidentify'

/** One way to de-identify that a person can choose by its name. */
export interface NamedProfile {
  readonly name: string
  readonly summary: string
  readonly profile: DeidentifyProfile
  /** Codes and meanings of CID 7050 that each object will say of itself. */
  readonly methods: readonly (readonly [code: string, meaning: string])[]
}

/** Every profile of `leadglass deid --profile`; the first is the one without the option. New ones are added here. */
export const PROFILES: readonly NamedProfile[] = [
  {
    name: 'research',
    summary: 'Basic Profile; dates moved by a number of days of each patient; sex, age, size and weight kept',
    profile: { patientIssuer: '' },
    methods: APPLIED_METHODS,
  },
]

/** The profile without `--profile`. */
export const DEFAULT_PROFILE: NamedProfile = PROFILES[0] as NamedProfile

/** The profile of that name; `undefined` where there is none. */
export function profileNamed(name: string): NamedProfile | undefined {
  return PROFILES.find((profile) => profile.name === name)
}
