import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sharedData } from '../../../installer/testing/peers.ts'
import { readNifti } from './index.ts'
import { digitalPhantom, referenceTable } from './testing/digital-phantom.ts'

const folder = sharedData('ibsi')

describe.skipIf(folder === undefined)('the data of IBSI 1 (needs shared data ibsi)', () => {
  const file = (...path: string[]) => readFileSync(join(folder ?? '', ...path))

  it('has the phantom that lies with the tests', () => {
    const { image, mask } = digitalPhantom()
    const published = readNifti(file('ibsi_1_digital_phantom', 'nifti', 'image', 'phantom.nii.gz'))
    const publishedMask = readNifti(file('ibsi_1_digital_phantom', 'nifti', 'mask', 'mask.nii.gz'))
    expect(published.dimensions).toEqual(image.dimensions)
    expect(published.spacing).toEqual(image.spacing)
    expect([...published.values]).toEqual([...image.values])
    expect([...publishedMask.values]).toEqual([...mask])
    expect(mask.filter((inside) => inside === 1)).toHaveLength(74)
  })

  it('has the reference table that lies with the tests', () => {
    expect(file('reference_values', 'ibsi_1_dig_phantom.csv').toString('utf8')).toBe(referenceTable())
  })
})
