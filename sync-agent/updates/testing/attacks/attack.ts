import type { FakeRepository } from '../fake-repository.ts'
import type { Sighting, Site } from '../site.ts'

/** What an attack goes for; each family is one list. */
export const ATTACK_FAMILIES = [
  'approvals',
  'delegation',
  'bytes',
  'time',
  'going-back',
  'retrieval',
  'kit',
  'take-over',
  'device',
] as const
export type AttackFamily = (typeof ATTACK_FAMILIES)[number]

/** Version of every package that nobody approved. No side may ever install it. */
export const UNAPPROVED = '6.6.6'

/** One attack, as tests and the fault run carry it out. */
export interface Attack {
  /** Its name in the TUF specification 1.5.2 or in Uptane, and what exactly is done. */
  readonly name: string
  readonly family: AttackFamily
  /** The code that each side must give; `verified` where the attack must not stop what was approved. */
  readonly expected: string
  /** Carries it out on a site that has one approved release. */
  readonly run: (site: Site) => Promise<readonly Sighting[]>
}

/** What became of one attack. */
export interface AttackVerdict {
  /** Distinct codes that were given. */
  readonly seen: string
  /** The first sentence that an operator reads. */
  readonly message: string
  readonly holds: boolean
  readonly unapprovedInstalled: boolean
}

/** An attack holds when every side gives exactly the expected code, says why, and installs nothing unapproved. */
export function verdictOn(attack: Pick<Attack, 'expected'>, sightings: readonly Sighting[]): AttackVerdict {
  const codes = [...new Set(sightings.map((sighting) => sighting.code))]
  const unapprovedInstalled = sightings.some((sighting) => sighting.installs.includes(UNAPPROVED))
  const explained = sightings.every((sighting) => sighting.code === 'verified' || sighting.message.length > 20)
  return {
    seen: codes.join(', '),
    message: sightings.find((sighting) => sighting.message !== '')?.message ?? '',
    holds: codes.length === 1 && codes[0] === attack.expected && explained && !unapprovedInstalled,
    unapprovedInstalled,
  }
}

/** An attack on the published repository, which the agent reads and the appliance then reads as if copied unseen. */
export function onRepository(
  family: AttackFamily,
  name: string,
  expected: string,
  bend: (repository: FakeRepository, site: Site) => void | Promise<void>,
): Attack {
  return {
    family,
    name,
    expected,
    async run(site) {
      await bend(site.repository, site)
      return site.bothSee()
    },
  }
}
