import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RepeatedLook } from './repeated-look.ts'

describe('a repeated look', () => {
  const told: unknown[] = []
  const logger = {
    error: (event: string, fields?: object) => void told.push([event, fields]),
    info: (event: string) => void told.push([event]),
  }
  beforeEach(() => {
    told.length = 0
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('goes on after failures, and tells a streak once and its end once', async () => {
    let full = false
    let looks = 0
    const look = (): void => {
      looks += 1
      if (full) throw Object.assign(new Error('database or disk is full: /somewhere'), { code: 'SQLITE_FULL' })
    }
    const watch = new RepeatedLook({ name: 'index', everyMs: 100, look, logger })
    await watch.start()
    full = true
    await vi.advanceTimersByTimeAsync(300)
    full = false
    await vi.advanceTimersByTimeAsync(200)
    await watch.stop()
    await vi.advanceTimersByTimeAsync(500)
    expect(looks).toBe(5)
    expect(told).toEqual([['index.look-failed', { code: 'SQLITE_FULL' }], ['index.look-recovered']])
  })

  it('never looks twice at once, and ends after the look that runs', async () => {
    let running = 0
    let most = 0
    const look = async (): Promise<void> => {
      running += 1
      most = Math.max(most, running)
      await new Promise((resolve) => setTimeout(resolve, 250))
      running -= 1
    }
    const watch = new RepeatedLook({ name: 'slow', everyMs: 100, look, logger })
    await watch.start()
    await vi.advanceTimersByTimeAsync(1_020)
    const stopped = watch.stop()
    expect(running).toBe(1)
    await vi.advanceTimersByTimeAsync(250)
    await stopped
    expect([most, running]).toEqual([1, 0])
  })

  it('fails to start when its first look does', async () => {
    const look = (): never => {
      throw new Error('no')
    }
    const watch = new RepeatedLook({ name: 'first', everyMs: 100, look, logger, atStart: true })
    await expect(watch.start()).rejects.toThrow('no')
  })
})
