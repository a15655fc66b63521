import {
  DESIRED_SECTIONS,
  type DesiredDocument,
  type DesiredSection,
  type DesiredSections,
  type ReportedDocument,
} from '@leadglass/sync-agent/contract'

/** How far a device is with a document that the hub queued for it. */
export type DesiredProgress = 'queued' | 'delivered' | 'applied' | 'rejected' | 'expired'

/** What the hub wishes and what the device says, of one section. `unknown`: the device has not spoken of it yet. */
export interface SectionDifference {
  readonly section: DesiredSection
  readonly state: 'applied' | 'waiting' | 'rejected' | 'local' | 'unknown'
  readonly reason: string | null
}

/**
 * The sections that hold for one device: those of its groups in the order of their names, then its own. A section counts
 * whole: what a device has for itself replaces the group's, member by member is never mixed.
 */
export function sectionsFor(groups: readonly DesiredSections[], own: DesiredSections | undefined): DesiredSections {
  return Object.assign({}, ...groups, own ?? {}) as DesiredSections
}

/** What became of a document when the device reports. Ends are final; `undefined` when the report says nothing new. */
export function progressFrom(
  before: DesiredProgress,
  document: { readonly version: number; readonly digest: string },
  reported: ReportedDocument['desired'],
): DesiredProgress | undefined {
  if (before !== 'queued' && before !== 'delivered') return undefined
  if (reported === null || reported.version !== document.version || reported.digest !== document.digest)
    return undefined
  return reported.state === before ? undefined : reported.state
}

/** True when nothing more can become of it and its time is over. */
export function isOverdue(progress: DesiredProgress, expiresAt: string | null, now: number): boolean {
  return (progress === 'queued' || progress === 'delivered') && expiresAt !== null && Date.parse(expiresAt) <= now
}

/** Section by section, what the device says of the document that the hub wants. */
export function differences(
  document: DesiredDocument | undefined,
  digest: string | undefined,
  reported: ReportedDocument | undefined,
): SectionDifference[] {
  if (document === undefined) return []
  const isKnown = reported?.desired?.version === document.version && reported.desired.digest === digest
  const wanted = DESIRED_SECTIONS.filter((section) => document.sections[section] !== undefined)
  return wanted.map((section): SectionDifference => {
    const part = isKnown ? reported.desired?.parts.find((one) => one.section === section) : undefined
    if (part === undefined) return { section, state: 'unknown', reason: null }
    if (section === 'assignments' && part.state === 'applied') return assignmentDifference(document, reported)
    return { section, state: part.state, reason: part.reason }
  })
}

/** A release that was applied and is not the one that scores now was changed at the site since. */
function assignmentDifference(document: DesiredDocument, reported: ReportedDocument | undefined): SectionDifference {
  const running = new Set(reported?.models.map(({ model }) => model.digest))
  const stands = (document.sections.assignments ?? []).every(({ digest }) => running.has(digest))
  return { section: 'assignments', state: stands ? 'applied' : 'rejected', reason: stands ? null : 'changed-at-site' }
}
