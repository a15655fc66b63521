import { describe, expect, it } from 'vitest'
import { syncSettings } from '../settings-sync.ts'
import { SyncWindows } from './sync-windows.ts'

const at = (text: string): number => Date.parse(text)

describe('windows of the way to the hub', () => {
  const settings = syncSettings.parse({
    windows: [
      { stream: 'features', opens: '0 22 * * *', minutes: 480 },
      { stream: 'features', opens: '0 12 * * *', minutes: 30 },
      { stream: 'drift', opens: '0 3 * * 0', minutes: 60 },
    ],
    timeZone: 'Europe/Berlin',
  })
  const shut = (now: string): readonly string[] => new SyncWindows().shut(settings, at(now))

  it('open and shut by the clock of their time zone, also across midnight', () => {
    // Winter: Berlin is one hour ahead of UTC. The fourth of January 2026 is a Sunday.
    expect(shut('2026-01-05T20:59:59Z')).toEqual(['features', 'drift'])
    expect(shut('2026-01-05T21:00:00Z')).toEqual(['drift'])
    expect(shut('2026-01-06T04:59:59Z')).toEqual(['drift'])
    expect(shut('2026-01-06T05:00:00Z')).toEqual(['features', 'drift'])
    expect(shut('2026-01-06T11:29:00Z')).toEqual(['drift'])
    expect(shut('2026-01-06T11:30:00Z')).toEqual(['features', 'drift'])
    expect(shut('2026-01-04T02:30:00Z')).toEqual([])
  })

  it('answer the same however often they are asked, and at once for other settings', () => {
    const windows = new SyncWindows()
    const night = at('2026-01-05T21:00:00Z')
    expect(windows.shut(settings, night)).toEqual(['drift'])
    expect(windows.shut(settings, night)).toEqual(['drift'])
    expect(windows.shut(syncSettings.parse({}), night)).toEqual([])
  })

  it('cannot be given to the audit stream', () => {
    expect(syncSettings.safeParse({ windows: [{ stream: 'audit', opens: '0 3 * * *', minutes: 60 }] }).success).toBe(
      false,
    )
    expect(syncSettings.safeParse({ windows: [{ stream: 'drift', opens: 'at night', minutes: 60 }] }).success).toBe(
      false,
    )
  })
})
