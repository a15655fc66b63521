import type { DeskBridge } from '../electron/ipc.ts'

declare global {
  interface Window {
    /** There inside the console on a desk, and nowhere else. */
    readonly leadglassDesk?: DeskBridge
  }
}

/** What the console on this desk offers; `undefined` in a browser. */
export function deskBridge(): DeskBridge | undefined {
  return window.leadglassDesk
}
