import type { StreamName } from '@leadglass/sync-agent/contract'
import type { SyncPolicy } from '@leadglass/sync-agent/exchange'
import { createTask, type ScheduledTask } from 'node-cron'
import type { SyncSettings } from '../settings-sync.ts'

const MINUTE_MS = 60_000

/**
 * Which streams may not be sent at an instant: those that have windows, none of which is open. A window is open for its
 * minutes after each time that its expression names, so a restart within it changes nothing.
 */
export class SyncWindows {
  readonly #tasks = new Map<string, ScheduledTask>()
  #known: { readonly minute: number; readonly key: string; readonly shut: SyncPolicy['shut'] } | undefined

  /** @param now milliseconds since 1970. */
  shut({ windows, timeZone }: Pick<SyncSettings, 'windows' | 'timeZone'>, now: number): SyncPolicy['shut'] {
    if (windows.length === 0) return []
    const minute = Math.floor(now / MINUTE_MS)
    const key = JSON.stringify([windows, timeZone])
    if (this.#known?.minute === minute && this.#known.key === key) return this.#known.shut
    const open = new Set<StreamName>()
    for (const { stream, opens, minutes } of windows) {
      if (!open.has(stream) && this.#isOpen(opens, timeZone, minutes, minute)) open.add(stream)
    }
    const shut = [...new Set(windows.map(({ stream }) => stream))].filter((stream) => !open.has(stream))
    this.#known = { minute, key, shut }
    return shut
  }

  #isOpen(expression: string, timeZone: string, minutes: number, minute: number): boolean {
    const task = this.#task(expression, timeZone)
    for (let back = 0; back < minutes; back += 1) {
      if (task.match(new Date((minute - back) * MINUTE_MS))) return true
    }
    return false
  }

  /** Never started: it is asked, it does not call. */
  #task(expression: string, timeZone: string): ScheduledTask {
    const key = `${timeZone} ${expression}`
    const known = this.#tasks.get(key) ?? createTask(expression, () => undefined, { timezone: timeZone })
    this.#tasks.set(key, known)
    return known
  }
}
