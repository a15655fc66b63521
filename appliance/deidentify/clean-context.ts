import type { DataSet, Element } from '../imaging/dataset/index.ts'
import type { DescriptorCleaner } from './descriptors/descriptor-cleaner.ts'
import { type PatientIdentity, pseudonymOfUid, type SiteKeys } from './keys.ts'
import type { OptionSet } from './options.ts'
import type { Rules } from './table/rules.ts'
import type { TokenMatcher } from './token-matcher.ts'

/** What happened to an element. Counted per object; never with a tag or a value beside it. */
export type ActionCode =
  | 'kept'
  | 'removed'
  | 'emptied'
  | 'replaced'
  | 'cleaned'
  | 'uid-replaced'
  | 'date-shifted'
  | 'private-removed'
  | 'graphics-removed'
  | 'unlisted-removed'
  | 'invalid-removed'
  | 'identifier-emptied'

/** Tags of attributes that are not as they came, wherever they stood. */
export interface TouchedAttributes {
  readonly removed: Set<number>
  readonly changed: Set<number>
}

/** What cleaning one object needs to know. */
export interface CleaningContext {
  readonly keys: SiteKeys
  readonly patient: PatientIdentity
  readonly offsetDays: number
  readonly sopClassUid: string
  readonly identifiers: TokenMatcher
  readonly uidCache: Map<string, string>
  readonly actions: Map<ActionCode, number>
  readonly attributes: TouchedAttributes
  readonly options: OptionSet
  readonly rules: Rules
  /** Made for the object when a description is to be cleaned. */
  readonly words: () => DescriptorCleaner
  /** Content items refer to others by their position (PS3.3 C.17.3.2.5): none may be taken out. */
  readonly hasPositions: boolean
}

/** Cleans a data set within `context`; `parent` is the tag of the sequence that holds it. */
export type CleanItem = (source: DataSet, context: CleaningContext, parent: number) => DataSet

/** Instances that PS3.6 annex A itself defines: frames of reference, palettes, storage commitment and the like. */
const WELL_KNOWN_INSTANCE =
  /^1\.2\.840\.10008\.1\.(?:4\.[12]\.\d{1,2}|5\.\d{1,2}|20\.[12](?:\.1)?|40(?:\.1)?|42(?:\.1)?)$/

/** The replacement of a UID. */
export function uidFor(uid: string, context: CleaningContext): string {
  if (WELL_KNOWN_INSTANCE.test(uid)) return uid
  const known = context.uidCache.get(uid)
  if (known !== undefined) return known
  const pseudonym = pseudonymOfUid(context.keys, uid)
  context.uidCache.set(uid, pseudonym)
  return pseudonym
}

/** The element as it is, counted. */
export function kept(element: Element, context: CleaningContext): Element {
  count(context, 'kept')
  return element
}

/** Nothing, counted. */
export function gone(context: CleaningContext, code: ActionCode): undefined {
  count(context, code)
  return undefined
}

/** Counts what happened to an element. */
export function count(context: CleaningContext, code: ActionCode): void {
  context.actions.set(code, (context.actions.get(code) ?? 0) + 1)
}
