import { z } from 'zod'
import { APPLIANCE_PROFILES, type DeidentifyProfile, isSingleWord, optionsOfProfile } from './deidentify/index.ts'

/** How objects are de-identified. Taken at the start: objects of one run have one profile. */
export const deidentificationSettings = z.strictObject({
  /** What the de-identified form keeps on the appliance; what leaves it is the same under each (docs/profiles.md). */
  profile: z.enum(APPLIANCE_PROFILES).default('research'),
  /** Words that descriptions may keep besides the built-in ones, where the profile cleans descriptions. */
  safeWords: z
    .array(z.string().refine(isSingleWord, { message: 'is no single word of letters and digits' }))
    .max(5000)
    .default([]),
})

/** The profile that the settings name. No site names its issuer yet: one number range. */
export function profileOf({ profile, safeWords }: z.infer<typeof deidentificationSettings>): DeidentifyProfile {
  return { patientIssuer: '', options: optionsOfProfile(profile), safeWords }
}
