import { minutesOf } from '../rules/index.ts'

const WINDOW = /^((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)$/
const MINUTES_A_DAY = 1440

/** Two times of day; the second is not part of the window. Equal times mean the whole day. */
export interface Window {
  readonly from: string
  readonly to: string
}

/** Reads `22:00-06:00`. @returns undefined when it is not of that form. */
export function parseWindow(text: string): Window | undefined {
  const [, from, to] = WINDOW.exec(text) ?? []
  return from === undefined || to === undefined ? undefined : { from, to }
}

/** Minutes of a day on which the window is open. */
export function minutesOpen({ from, to }: Window): number {
  const minutes = minutesOf(to) - minutesOf(from)
  return minutes > 0 ? minutes : minutes + MINUTES_A_DAY
}

/**
 * How long a job still takes by the clock on the wall: the time of the studies that are left, stretched by the part of
 * the day on which nothing is done.
 * @param done studies of which the time is known, and the milliseconds they took together.
 * @returns seconds; null while nothing is known.
 */
export function secondsLeft(
  left: number,
  done: { readonly studies: number; readonly ms: number },
  window: Window,
): number | null {
  if (left === 0) return 0
  if (done.studies === 0) return null
  const working = (left * done.ms) / done.studies / 1000
  const open = minutesOpen(window) * 60
  // Less than one window: no waiting is added, since how much of this window is left is another question.
  return Math.ceil(working <= open ? working : (working * MINUTES_A_DAY * 60) / open)
}
