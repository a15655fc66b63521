import { DEFAULT_OPTIONS, type OptionName } from './options.ts'

/** A set of options with a name. */
export interface ProfileByName {
  readonly name: string
  readonly summary: string
  readonly options: readonly OptionName[]
}

const CHARACTERISTICS = 'retain-patient-characteristics'
const RESEARCH = DEFAULT_OPTIONS

/** Every named profile; the first is the default. All of them begin with the Basic Profile (PS3.15 annex E). */
export const NAMED_PROFILES = [
  {
    name: 'research',
    summary: 'dates moved by a number of days of each patient; sex, age, size and weight kept',
    options: RESEARCH,
  },
  { name: 'basic', summary: 'the Basic Profile alone: no dates, no characteristics of patients', options: [] },
  {
    name: 'longitudinal-full',
    summary: 'as research, with dates and times as they are',
    options: ['retain-full-dates', CHARACTERISTICS],
  },
  {
    name: 'keep-device',
    summary: 'as research, with the identity of devices',
    options: [...RESEARCH, 'retain-device-identity'],
  },
  { name: 'keep-uids', summary: 'as research, with the original UIDs', options: [...RESEARCH, 'retain-uids'] },
  {
    name: 'keep-institution',
    summary: 'as research, with the identity of institutions',
    options: [...RESEARCH, 'retain-institution-identity'],
  },
  {
    name: 'descriptors',
    summary: 'as research, with those words of descriptions that are known to be safe',
    options: [...RESEARCH, 'clean-descriptors'],
  },
  {
    name: 'reports',
    summary: 'as descriptors, and structured reports and annotations are cleaned instead of held',
    options: [...RESEARCH, 'clean-descriptors', 'clean-structured-content', 'clean-graphics'],
  },
] as const satisfies readonly ProfileByName[]

/** Name of a profile of `NAMED_PROFILES`. */
export type ProfileName = (typeof NAMED_PROFILES)[number]['name']

/**
 * Profiles that an appliance may run under: those whose objects stay on it. None keeps private attributes, and none
 * changes what may leave (`acquisition.ts`).
 */
export const APPLIANCE_PROFILES = [
  'research',
  'basic',
  'longitudinal-full',
  'keep-device',
  'keep-uids',
  'keep-institution',
  'descriptors',
] as const satisfies readonly ProfileName[]

/** The options of a named profile. */
export function optionsOfProfile(name: ProfileName): readonly OptionName[] {
  return NAMED_PROFILES.find((one) => one.name === name)?.options ?? DEFAULT_OPTIONS
}
