import type { ReactNode } from 'react'
import { CATEGORY } from './colours.ts'

/** What a state means to the eye: a shape and a colour, always beside the word. */
export type Tone = 'waiting' | 'working' | 'good' | 'attention' | 'refused' | 'neutral'

const SHAPES: Readonly<Record<Tone, { readonly colour: string; readonly shape: ReactNode }>> = {
  waiting: {
    colour: CATEGORY.grey,
    shape: <circle cx="6" cy="6" r="4.5" fill="none" stroke="currentColor" strokeWidth="1.6" />,
  },
  working: {
    colour: CATEGORY.skyBlue,
    shape: <path d="M6 1.5a4.5 4.5 0 1 1-4.5 4.5" fill="none" stroke="currentColor" strokeWidth="1.8" />,
  },
  good: {
    colour: CATEGORY.green,
    shape: <path d="M1.8 6.4 4.8 9.4 10.2 3" fill="none" stroke="currentColor" strokeWidth="1.9" />,
  },
  attention: { colour: CATEGORY.orange, shape: <path d="M6 1 11.2 10.6H.8Z" fill="currentColor" /> },
  refused: {
    colour: CATEGORY.vermilion,
    shape: <path d="M2.2 2.2 9.8 9.8M9.8 2.2 2.2 9.8" fill="none" stroke="currentColor" strokeWidth="2" />,
  },
  neutral: { colour: CATEGORY.grey, shape: <path d="M2 6h8" fill="none" stroke="currentColor" strokeWidth="2" /> },
}

/** A word with its mark; the word is the information, the mark helps the eye find it. */
export function StateMark({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  const { colour, shape } = SHAPES[tone]
  return (
    <span className="state">
      <svg width="12" height="12" viewBox="0 0 12 12" color={colour} aria-hidden="true">
        {shape}
      </svg>
      <span>{children}</span>
    </span>
  )
}
