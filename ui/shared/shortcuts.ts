/** What the keyboard can ask for. */
export type Command = 'next-row' | 'previous-row' | 'search' | 'verify' | 'help'

/** Keys and what they do, as the page acts on them and as `?` shows them. */
export interface Shortcut {
  readonly keys: readonly string[]
  readonly words: string
  /** `null` where the browser itself does it. */
  readonly command: Command | null
}

export const SHORTCUTS: readonly Shortcut[] = [
  { keys: ['j', 'ArrowDown'], words: 'Next row', command: 'next-row' },
  { keys: ['k', 'ArrowUp'], words: 'Previous row', command: 'previous-row' },
  { keys: ['Enter'], words: 'Open the row', command: null },
  { keys: ['/'], words: 'Search', command: 'search' },
  { keys: ['v'], words: 'Go to the verification form (commits nothing)', command: 'verify' },
  { keys: ['?'], words: 'These keys', command: 'help' },
  { keys: ['Escape'], words: 'Close; always safe', command: null },
]

/** Where the focus is when a key is pressed. */
export type Place = 'text' | 'control' | 'row' | 'page'

/** A pressed key. */
export interface KeyPress {
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
}

/**
 * The command of a key, if it is one here. Letters never act while somebody writes, keys with Ctrl, Alt or Meta belong
 * to the browser, and arrows move rows only where they would not move something else.
 */
export function commandOf(press: KeyPress, place: Place): Command | undefined {
  if (press.ctrlKey || press.metaKey || press.altKey || place === 'text') return undefined
  if (press.key.startsWith('Arrow') && place === 'control') return undefined
  return SHORTCUTS.find((shortcut) => shortcut.keys.includes(press.key))?.command ?? undefined
}

/** The row to go to: one on, never past the ends; the first when none is chosen. */
export function nextRow(current: number, count: number, step: 1 | -1): number {
  if (current < 0) return 0
  return Math.max(0, Math.min(count - 1, current + step))
}
