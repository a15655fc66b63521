import { useEffect, useRef } from 'react'
import { Button } from './controls.tsx'
import { type Command, commandOf, nextRow, type Place, SHORTCUTS } from './shortcuts.ts'

const ROW_FOCUS = 'tr[data-row] a, tr[data-row] button'

/** Listens for the keys of the shortcut table, and shows the table itself. */
export function Keyboard() {
  const dialog = useRef<HTMLDialogElement>(null)
  const help = (): void => dialog.current?.showModal()
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (dialog.current?.open === true) return
      const command = commandOf(event, placeOf(document.activeElement))
      if (command !== undefined && carryOut(command, help)) event.preventDefault()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  })
  return (
    <>
      <Button small onClick={help}>
        Keys: ?
      </Button>
      <dialog ref={dialog} className="shortcuts" aria-label="Keyboard">
        <h2>Keyboard</h2>
        <dl>
          {SHORTCUTS.map(({ keys, words }) => (
            <Keys key={words} keys={keys} words={words} />
          ))}
        </dl>
        <Button onClick={() => dialog.current?.close()}>Close</Button>
      </dialog>
    </>
  )
}

function Keys({ keys, words }: { readonly keys: readonly string[]; readonly words: string }) {
  return (
    <>
      <dt>
        {keys.map((key, index) => (
          <span key={key}>
            {index > 0 && ' '}
            <kbd>{NAMES[key] ?? key}</kbd>
          </span>
        ))}
      </dt>
      <dd>{words}</dd>
    </>
  )
}

const NAMES: Readonly<Record<string, string>> = { ArrowDown: '↓', ArrowUp: '↑', Escape: 'Esc' }

function placeOf(element: Element | null): Place {
  if (element === null) return 'page'
  if (element.matches('input:not([type="radio"]), select, textarea')) return 'text'
  if (element.closest('tr[data-row]') !== null) return 'row'
  return element.matches('a, button, input, summary') ? 'control' : 'page'
}

/** @returns whether there was something to do, so that otherwise the key keeps its usual meaning. */
function carryOut(command: Command, help: () => void): boolean {
  switch (command) {
    case 'next-row':
      return moveRow(1)
    case 'previous-row':
      return moveRow(-1)
    case 'search':
      return focusFirst('[data-search]')
    case 'verify':
      return focusFirst('[data-verify] input, [data-verify] select')
    case 'help':
      help()
      return true
  }
}

/** One focus target a row: the first of its links and buttons. */
function moveRow(step: 1 | -1): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>('tr[data-row]')]
  const targets = rows.flatMap((row) => row.querySelector<HTMLElement>(ROW_FOCUS) ?? [])
  const current = targets.findIndex((target) => target.closest('tr')?.contains(document.activeElement) === true)
  const target = targets[nextRow(current, targets.length, step)]
  target?.focus()
  target?.scrollIntoView({ block: 'nearest' })
  return target !== undefined
}

function focusFirst(selector: string): boolean {
  const element = document.querySelector<HTMLElement>(selector)
  element?.focus()
  return element !== null
}
