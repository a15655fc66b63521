import { z } from 'zod'
import { type StudyState, studyState } from '../contract/local-api.ts'

const PAGE_SIZE = 100
/** The service takes no longer search; see `studyQuery`. */
const LONGEST_SEARCH = 64

/** What the address says of a view. Unknown values are ignored: an old address still opens the worklist. */
export const viewSearch = z.object({
  state: studyState.optional().catch(undefined),
  /** Scores hidden, so that what a reader states is blind. */
  scores: z.literal('hidden').optional().catch(undefined),
})
export type ViewSearch = z.infer<typeof viewSearch>

/** What is asked of the service. The words of a search name patients and are therefore no part of the address. */
export interface WorklistFilter {
  readonly state: StudyState | undefined
  readonly words: string
}

/** The query of GET /api/studies for one page of the list. */
export function studiesPath({ state, words }: WorklistFilter, before: string | null): string {
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) })
  const search = words.trim().slice(0, LONGEST_SEARCH)
  if (state !== undefined) query.set('state', state)
  if (search !== '') query.set('search', search)
  if (before !== null) query.set('before', before)
  return `/api/studies?${query}`
}
