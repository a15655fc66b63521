import {
  DESIRED_SECTIONS,
  type DesiredDocument,
  type DesiredSection,
  type DesiredSections,
  type ReportedPart,
} from '@leadglass/sync-agent/contract'

/** Sections that are acts: done once, by their identifier, whatever other documents carry them along. */
const ACTS = ['backfill', 'command'] as const

/**
 * What a site does with each section of a document, before anything of it is applied.
 * @param before the document that was known before: an act that it carried too has its end already.
 */
export function openingParts(
  document: DesiredDocument,
  hubMayDecide: readonly DesiredSection[],
  before?: { readonly document: DesiredDocument; readonly parts: readonly ReportedPart[] },
): ReportedPart[] {
  const wanted = DESIRED_SECTIONS.filter((section) => document.sections[section] !== undefined)
  return wanted.map((section): ReportedPart => {
    const done = before === undefined ? undefined : endOfAct(section, document, before)
    if (done !== undefined) return done
    return hubMayDecide.includes(section)
      ? { section, state: 'waiting', reason: 'not-yet-applied' }
      : { section, state: 'local', reason: 'decided-at-site' }
  })
}

function endOfAct(
  section: DesiredSection,
  document: DesiredDocument,
  before: { readonly document: DesiredDocument; readonly parts: readonly ReportedPart[] },
): ReportedPart | undefined {
  const act = ACTS.find((one) => one === section)
  if (act === undefined || document.sections[act]?.id !== before.document.sections[act]?.id) return undefined
  const part = before.parts.find((one) => one.section === section)
  return part?.state === 'waiting' ? undefined : part
}

/** How far a document is, from its sections. A section that the site keeps to itself counts as rejected. */
export function stateOf(parts: readonly ReportedPart[]): 'delivered' | 'applied' | 'rejected' {
  if (parts.some(({ state }) => state === 'waiting')) return 'delivered'
  return parts.every(({ state }) => state === 'applied') ? 'applied' : 'rejected'
}

/** True when the document may not be applied any more. */
export function isExpired({ expiresAt }: Pick<DesiredDocument, 'expiresAt'>, now: number): boolean {
  return expiresAt !== null && Date.parse(expiresAt) <= now
}

/** The settings as they would stand in the file, with what the hub decides put in at the places it names. */
export function withPlaces(
  settings: Readonly<Record<string, unknown>>,
  places: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const changed: Record<string, unknown> = { ...settings }
  for (const [place, value] of Object.entries(places)) {
    const [section = '', member = ''] = place.split('.')
    changed[section] = { ...objectOf(changed[section]), [member]: value }
  }
  return changed
}

/** What a section says about settings, place by place. */
export function placesOf(section: DesiredSection, sections: DesiredSections): Readonly<Record<string, unknown>> {
  if (section === 'schedules') return sections.schedules ?? {}
  if (section === 'thresholds') return sections.thresholds ?? {}
  const profile = section === 'deidentification' ? sections.deidentification?.profile : undefined
  return profile === undefined ? {} : { 'deidentification.profile': profile }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}
