const KEY = 'leadglass.scores-shown'
/** Pseudonyms of 32 characters: far below what a browser keeps for a page. */
const MOST = 20_000

/** The part of the browser's storage that is needed here. */
export type Shelf = Pick<Storage, 'getItem' | 'setItem'>

/**
 * Remembers for as long as the tab lives whose scores were on this screen, so that an answer is called blind only when
 * the reader cannot have seen them here. It keeps pseudonyms and nothing else.
 */
export function rememberShown(studies: readonly string[], shelf: Shelf = sessionStorage): void {
  const known = read(shelf)
  const added = studies.filter((study) => !known.has(study))
  if (added.length === 0) return
  shelf.setItem(KEY, [...known, ...added].slice(-MOST).join(' '))
}

/** Whether the scores of a study were on this screen before. */
export function wereShown(study: string, shelf: Shelf = sessionStorage): boolean {
  return read(shelf).has(study)
}

function read(shelf: Shelf): Set<string> {
  return new Set((shelf.getItem(KEY) ?? '').split(' ').filter((study) => study !== ''))
}
