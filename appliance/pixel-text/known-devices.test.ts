import { describe, expect, it } from 'vitest'
import { askCatalogue, type DeviceFacts } from './device-catalogue.ts'
import { CATALOGUE_VERSION, catalogueWith, KNOWN_DEVICES } from './known-devices.ts'

function facts(over: Partial<DeviceFacts>): DeviceFacts {
  return { modality: 'US', manufacturer: '', model: '', rows: 1, columns: 1, imageRegions: [], ...over }
}

describe('the devices that are known', () => {
  it('have a version, and names that are used once', () => {
    expect(CATALOGUE_VERSION).toMatch(/^\d{4}\.\d+$/)
    const names = KNOWN_DEVICES.map((entry) => entry.name)
    expect(new Set(names).size).toBe(names.length)
  })

  it.each(KNOWN_DEVICES.map((entry) => [entry.name, entry] as const))(
    '%s: its boxes lie within its pictures',
    (_, entry) => {
      if (entry.mask === 'outside-image-regions') return expect(entry.modality).toBe('US')
      expect(entry.mask.length).toBeGreaterThan(0)
      for (const { left, top, width, height } of entry.mask) {
        expect(Math.min(left, top)).toBeGreaterThanOrEqual(0)
        expect(Math.min(width, height)).toBeGreaterThan(0)
        if (entry.size !== undefined) expect(top + height).toBeLessThanOrEqual(entry.size.rows)
        if (entry.size?.columns !== undefined) expect(left + width).toBeLessThanOrEqual(entry.size.columns)
      }
    },
  )

  it('by model at every size (GE LOGIQ9), and no other modality', () => {
    const logiq = facts({ manufacturer: 'GE MEDICAL SYSTEMS', model: 'LOGIQ9', rows: 480, columns: 640 })
    expect(askCatalogue(KNOWN_DEVICES, logiq)).toMatchObject({ kind: 'known', entry: 'ge-logiq9' })
    expect(askCatalogue(KNOWN_DEVICES, { ...logiq, modality: 'CT' })).toEqual({ kind: 'unknown' })
  })

  it('by model and rows (Philips iU22)', () => {
    const philips = facts({ manufacturer: 'Philips Medical Systems', model: 'iU22', rows: 768, columns: 1024 })
    expect(askCatalogue(KNOWN_DEVICES, philips)).toMatchObject({ entry: 'philips-iu22-768' })
    expect(askCatalogue(KNOWN_DEVICES, { ...philips, rows: 700 })).toEqual({ kind: 'unknown' })
  })

  it('by manufacturer, model, rows and columns (ATL HDI 5000), with several boxes', () => {
    const atl = facts({ manufacturer: 'ATL', model: 'HDI 5000', rows: 476, columns: 640 })
    expect(askCatalogue(KNOWN_DEVICES, atl)).toMatchObject({ boxes: [{ left: 40 }, { left: 240 }] })
    expect(askCatalogue(KNOWN_DEVICES, { ...atl, columns: 641 })).toEqual({ kind: 'unknown' })
  })

  it('by manufacturer and size alone (SENO), and never another maker', () => {
    const seno = facts({ manufacturer: 'Seno Medical', rows: 1056, columns: 1920 })
    expect(askCatalogue(KNOWN_DEVICES, seno)).toMatchObject({ entry: 'seno-cine' })
    expect(askCatalogue(KNOWN_DEVICES, { ...seno, manufacturer: 'ELSE' })).toEqual({ kind: 'unknown' })
  })

  it('by the regions that an unknown one declares', () => {
    const region = { left: 10, top: 20, width: 50, height: 50 }
    const declared = facts({ manufacturer: 'NEW', model: 'X', rows: 100, columns: 100, imageRegions: [region] })
    expect(askCatalogue(KNOWN_DEVICES, declared)).toMatchObject({ entry: 'ultrasound-regions' })
  })

  it('of a site come first, and its words are words and no patterns', () => {
    const mask = [{ left: 0, top: 0, width: 5, height: 5 }]
    const own = { name: 'room-1', modality: 'US', manufacturer: 'A.C', model: 'iU22', rows: 480, mask }
    const asked = facts({ manufacturer: 'A.C. ME', model: 'iU22', rows: 480, columns: 640 })
    expect(askCatalogue(catalogueWith([own]), asked)).toMatchObject({ entry: 'site-room-1', boxes: mask })
    expect(askCatalogue(catalogueWith([own]), { ...asked, manufacturer: 'ABC' })).toMatchObject({
      entry: 'philips-iu22-480',
    })
  })
})
