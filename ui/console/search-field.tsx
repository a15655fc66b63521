import { useEffect, useState } from 'react'
import { SEARCH_WORDS } from '../shared/session.ts'

/** A search is asked when writing pauses, not with every letter. */
const PAUSE_MS = 300

/**
 * The words of the search. They name patients, so they are kept for this tab only and stay out of the address and of
 * the browser's history.
 */
export function useSearchWords(): readonly [string, (words: string) => void] {
  const [words, setWords] = useState(() => sessionStorage.getItem(SEARCH_WORDS) ?? '')
  useEffect(() => sessionStorage.setItem(SEARCH_WORDS, words), [words])
  return [words, setWords]
}

/** The field of the search. */
export function SearchField({ words, onWords }: { readonly words: string; readonly onWords: (words: string) => void }) {
  const [written, setWritten] = useState(words)
  useEffect(() => {
    const timer = window.setTimeout(() => onWords(written.trim()), PAUSE_MS)
    return () => window.clearTimeout(timer)
  }, [written, onWords])
  return (
    <input
      className="input search"
      type="search"
      aria-label="Search"
      placeholder="Name, ID or accession  ( / )"
      maxLength={64}
      autoComplete="off"
      spellCheck={false}
      data-search
      value={written}
      onChange={(event) => setWritten(event.currentTarget.value)}
    />
  )
}
