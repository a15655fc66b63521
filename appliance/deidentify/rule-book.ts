import type { DataSet } from '../imaging/dataset/index.ts'
import type { CleaningContext } from './clean-context.ts'
import { DescriptorCleaner, nameWords } from './descriptors/descriptor-cleaner.ts'
import { safeWords } from './descriptors/safe-words.ts'
import { identifiersIn, type StudyIdentifiers } from './identifiers.ts'
import { contradicts, DEFAULT_OPTIONS, type OptionName, type OptionSet } from './options.ts'
import { refersByPosition } from './structured/clean-content.ts'
import { rulesFor } from './table/rules.ts'
import { TokenMatcher } from './token-matcher.ts'

/** What a site decides about the profile. It can be sent to a thread. */
export interface DeidentifyProfile {
  /** Issuer of Patient ID for objects that name none; '' where the site has one number range only. */
  readonly patientIssuer: string
  /** Options of PS3.15 E.3; `DEFAULT_OPTIONS` where not given. */
  readonly options?: readonly OptionName[]
  /** Words that descriptions may keep besides those that are known to be safe. */
  readonly safeWords?: readonly string[]
}

/** The parts of a cleaning context that follow from the profile and the object. */
export type ProfileContext = Pick<CleaningContext, 'options' | 'rules' | 'words' | 'hasPositions' | 'identifiers'>

/** A profile made ready: its rules are looked up once for all objects. */
export interface RuleBook {
  readonly options: OptionSet
  /**
   * The identifiers of an object that its de-identified form must not hold: all of them, but for what an option keeps.
   * @param all the identifiers of the object (`identifiersIn`).
   */
  mayNotStay(dataSet: DataSet, all: StudyIdentifiers): StudyIdentifiers
  /** @param mayNotStay as the method of that name gives it. */
  contextFor(dataSet: DataSet, mayNotStay: StudyIdentifiers): ProfileContext
}

/** Makes a profile ready. @throws RangeError for options that contradict each other. */
export function ruleBookOf(profile: DeidentifyProfile): RuleBook {
  const options: OptionSet = new Set(profile.options ?? DEFAULT_OPTIONS)
  if (contradicts(options)) throw new RangeError('dates are kept as they are or modified, not both (PS3.15 E.3.6)')
  const rules = rulesFor(options)
  const words = safeWords(profile.safeWords)
  const keepsContentUids = options.has('retain-uids') && options.has('clean-structured-content')
  const isKept = (tag: number): boolean =>
    rules.get(tag)?.treatment === 'keep' || (tag === CONTENT_UID && keepsContentUids)
  const keepsIdentifiers = KEEPING.some((option) => options.has(option))
  return {
    options,
    mayNotStay: (dataSet, all) => (keepsIdentifiers ? identifiersIn(dataSet, isKept) : all),
    contextFor: (dataSet, mayNotStay) => {
      const identifiers = new TokenMatcher(mayNotStay)
      let cleaner: DescriptorCleaner | undefined
      return {
        options,
        rules,
        identifiers,
        words: () => {
          cleaner ??= new DescriptorCleaner(words, identifiers, nameWords(dataSet))
          return cleaner
        },
        hasPositions: options.has('clean-structured-content') && refersByPosition(dataSet),
      }
    },
  }
}

/** The UID of a content item: table E.3.4-1 says by the concept whether it stays. */
const CONTENT_UID = 0x0040a124

/** Options that keep attributes by which the verifier would otherwise know the study. */
const KEEPING: readonly OptionName[] = ['retain-device-identity', 'retain-uids', 'retain-institution-identity']
